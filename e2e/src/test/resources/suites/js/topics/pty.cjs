'use strict';
const sdk = require('e2b');
const { assert, rejects, topic, until } = require('../harness.cjs');
const { scenario } = topic('pty', sdk);

const bytes = (text) => new TextEncoder().encode(text);

async function open(sandbox, options = {}) {
  const decoder = new TextDecoder();
  const screen = { text: '' };
  const onData = (data) => {
    screen.text += decoder.decode(data, { stream: true });
  };
  const handle = await sandbox.pty.create({ cols: 100, rows: 30, onData, ...options });
  const type = (text) => sandbox.pty.sendInput(handle.pid, bytes(text));
  const see = (what) => until(() => `${what} in ${JSON.stringify(screen.text)}`, () => what.test(screen.text));
  return { handle, screen, type, see };
}

scenario('input-and-output', async (t) => {
  const { handle, type, see } = await open(await t.shared());
  assert.ok(handle.pid > 0);
  await type('echo sum=$((40 + 2))\n');
  await see(/sum=42/);
  await type('exit\n');
  assert.equal((await handle.wait()).exitCode, 0);
});

scenario('size-and-resize', async (t) => {
  const sandbox = await t.shared();
  const { handle, type, see } = await open(sandbox, { cols: 91, rows: 17 });
  await type('stty size\n');
  await see(/17 91/);
  await sandbox.pty.resize(handle.pid, { cols: 133, rows: 44 });
  await type('stty size\n');
  await see(/44 133/);
  await handle.kill();
});

scenario('environment-folder-and-user', async (t) => {
  const options = { envs: { MINE: 'here' }, cwd: '/tmp', user: 'root' };
  const { handle, type, see } = await open(await t.shared(), options);
  await type('echo "<$MINE> <$TERM> <$LANG> <$PWD> <$(id -u)>"\n');
  await see(/<here> <xterm-256color> <C.UTF-8> <\/tmp> <0>/);
  await handle.kill();
});

scenario('exit-code', async (t) => {
  const { handle, type } = await open(await t.shared());
  await type('exit 5\n');
  const error = await rejects(handle.wait(), sdk.CommandExitError);
  assert.equal(error.exitCode, 5);
});

scenario('kill', async (t) => {
  const sandbox = await t.shared();
  const { handle, see } = await open(sandbox);
  await see(/[$#] /);
  assert.equal(await sandbox.pty.kill(handle.pid), true);
  await rejects(handle.wait(), sdk.CommandExitError, /signal: killed/);
  assert.equal(await sandbox.pty.kill(handle.pid), false);
});

scenario('connect', async (t) => {
  const sandbox = await t.shared();
  const { handle, type, see } = await open(sandbox, { timeoutMs: 0 });
  await type('word=kept\n');
  await see(/word=kept/);
  await handle.disconnect();
  let text = '';
  const onData = (data) => {
    text += new TextDecoder().decode(data);
  };
  const again = await sandbox.pty.connect(handle.pid, { onData });
  assert.equal(again.pid, handle.pid);
  await type('echo "[$word]"\n');
  await until('the answer', () => text.includes('[kept]'));
  await type('exit\n');
  await again.wait();
});

scenario('control-c', async (t) => {
  const { handle, type, see } = await open(await t.shared());
  await see(/[$#] /);
  await type('sleep 60\n');
  await see(/sleep 60/);
  await type('\x03');
  await type('echo after=$((1 + 1))\n');
  await see(/after=2/);
  await handle.kill();
});

scenario('missing-one', async (t) => {
  const { pty } = await t.shared();
  await rejects(pty.sendInput(999999, bytes('x')), sdk.NotFoundError);
  await rejects(pty.resize(999999, { cols: 80, rows: 24 }), sdk.NotFoundError);
  await rejects(pty.connect(999999, { onData: () => undefined }), sdk.NotFoundError);
  assert.equal(await pty.kill(999999), false);
});

scenario('much-output', async (t) => {
  const { handle, screen, type } = await open(await t.shared());
  await type('seq 1 50000; exit\n');
  await handle.wait();
  assert.match(screen.text, /\r\n50000\r\n/);
  assert.match(screen.text, /\r\n25000\r\n/);
});
