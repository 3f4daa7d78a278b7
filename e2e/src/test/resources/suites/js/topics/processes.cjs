'use strict';
const sdk = require('e2b');
const { assert, rejects, topic, until } = require('../harness.cjs');
const { scenario } = topic('processes', sdk);

const find = async (sandbox, pid) => (await sandbox.commands.list()).find((process) => process.pid === pid);

scenario('background', async (t) => {
  const sandbox = await t.shared();
  const command = await sandbox.commands.run('sleep 0.5; echo done', { background: true });
  assert.ok(command.pid > 0);
  assert.equal(command.exitCode, undefined);
  const result = await command.wait();
  assert.equal(result.stdout, 'done\n');
  assert.equal(command.exitCode, 0);
  assert.equal(command.stdout, 'done\n');
  assert.equal(command.stderr, '');
});

scenario('list', async (t) => {
  const sandbox = await t.shared();
  const command = await sandbox.commands.run('sleep 60', { background: true, cwd: '/tmp', envs: { A: 'b' } });
  const found = await find(sandbox, command.pid);
  assert.equal(found.cmd, '/bin/bash');
  assert.deepEqual(found.args, ['-l', '-c', 'sleep 60']);
  assert.equal(found.envs.A, 'b');
  assert.equal(found.cwd, '/tmp');
  assert.equal(await command.kill(), true);
  await until('its end', async () => !(await find(sandbox, command.pid)));
});

scenario('kill', async (t) => {
  const sandbox = await t.shared();
  const command = await sandbox.commands.run('sleep 60', { background: true });
  assert.equal(await command.kill(), true);
  const error = await rejects(command.wait(), sdk.CommandExitError, /signal: killed/);
  assert.equal(error.exitCode, -1);
  assert.equal(await sandbox.commands.kill(command.pid), false);
  assert.equal(await sandbox.commands.kill(999999), false);
});

scenario('stdin', async (t) => {
  const sandbox = await t.shared();
  const command = await sandbox.commands.run('while read line; do echo "got $line"; done; echo end', {
    background: true,
    stdin: true,
  });
  await sandbox.commands.sendStdin(command.pid, 'one\n');
  await until('an answer', () => command.stdout === 'got one\n');
  await command.sendStdin('two\n');
  await command.closeStdin();
  assert.equal((await command.wait()).stdout, 'got one\ngot two\nend\n');
});

scenario('stdin-bytes', async (t) => {
  const sandbox = await t.shared();
  const command = await sandbox.commands.run('sha256sum | cut -d " " -f 1', { background: true, stdin: true });
  const bytes = Uint8Array.from({ length: 300000 }, (_, i) => (i * 7) % 256);
  for (let i = 0; i < bytes.length; i += 100000) {
    await sandbox.commands.sendStdin(command.pid, bytes.subarray(i, i + 100000));
  }
  await sandbox.commands.closeStdin(command.pid);
  const expected = require('node:crypto').createHash('sha256').update(bytes).digest('hex');
  assert.equal((await command.wait()).stdout.trim(), expected);
});

scenario('stdin-of-a-missing-one', async (t) => {
  const { commands } = await t.shared();
  await rejects(commands.sendStdin(999999, 'x'), sdk.NotFoundError, /999999/);
  await rejects(commands.closeStdin(999999), sdk.NotFoundError, /999999/);
});

scenario('connect', async (t) => {
  const sandbox = await t.shared();
  const loop = 'i=0; while [ ! -e /tmp/stop ]; do i=$((i+1)); echo $i; sleep 0.05; done; echo stopped';
  const command = await sandbox.commands.run(loop, { background: true, timeoutMs: 0 });
  await until('output', () => command.stdout.includes('3\n'));
  await command.disconnect();
  const lines = [];
  const again = await sandbox.commands.connect(command.pid, { onStdout: (data) => lines.push(data) });
  assert.equal(again.pid, command.pid);
  await until('more output', () => lines.join('').length > 8);
  assert.doesNotMatch(lines.join(''), /^1\n/, 'old output came again');
  await sandbox.files.write('/tmp/stop', '');
  const result = await again.wait();
  assert.match(result.stdout, /stopped\n$/);
});

scenario('connect-twice', async (t) => {
  const sandbox = await t.shared();
  const command = await sandbox.commands.run('read x; echo "$x"', { background: true, stdin: true });
  const other = await sandbox.commands.connect(command.pid);
  await other.sendStdin('for both\n');
  assert.equal((await command.wait()).stdout, 'for both\n');
  assert.equal((await other.wait()).stdout, 'for both\n');
});

scenario('connect-to-a-missing-one', async (t) => {
  const { commands } = await t.shared();
  await rejects(commands.connect(999999), sdk.NotFoundError, /999999/);
});

scenario('connect-to-one-that-ended', async (t) => {
  const { commands } = await t.shared();
  const command = await commands.run('exit 3', { background: true });
  await rejects(command.wait(), sdk.CommandExitError);
  const late = await commands.connect(command.pid);
  const error = await rejects(late.wait(), sdk.CommandExitError, /exit status 3/);
  assert.equal(error.exitCode, 3);
});

scenario('a-client-that-leaves-kills-nothing', async (t) => {
  const sandbox = await t.shared();
  const command = await sandbox.commands.run('sleep 1; echo alive > /tmp/alive', { background: true });
  await command.disconnect();
  await until('the file', () => sandbox.files.exists('/tmp/alive'));
});

scenario('time-limit-of-connect-kills-nothing', async (t) => {
  const sandbox = await t.shared();
  const command = await sandbox.commands.run('sleep 30', { background: true, timeoutMs: 0 });
  const other = await sandbox.commands.connect(command.pid, { timeoutMs: 500 });
  await rejects(other.wait(), sdk.TimeoutError);
  assert.ok(await find(sandbox, command.pid), 'the process was killed');
  await command.kill();
  await rejects(command.wait(), sdk.CommandExitError);
});

scenario('a-server-is-left-running', async (t) => {
  const sandbox = await t.shared();
  const server = 'python3 -m http.server 18080 --bind 127.0.0.1';
  const command = await sandbox.commands.run(server, { background: true, timeoutMs: 0 });
  const fetched = await sandbox.commands.run('curl -sS --retry 20 --retry-connrefused --retry-delay 1 127.0.0.1:18080');
  assert.match(fetched.stdout, /Directory listing/);
  await command.kill();
});
