'use strict';
const crypto = require('node:crypto');
const sdk = require('e2b');
const { assert, rejects, topic, until } = require('../harness.cjs');
const { scenario } = topic('commands', sdk);

scenario('stdout-and-stderr', async (t) => {
  const result = await (await t.shared()).commands.run('echo out; echo err >&2');
  assert.equal(result.stdout, 'out\n');
  assert.equal(result.stderr, 'err\n');
  assert.equal(result.exitCode, 0);
  assert.ok(!result.error);
});

scenario('exit-code', async (t) => {
  const { commands } = await t.shared();
  const error = await rejects(commands.run('echo out; echo err >&2; exit 7'), sdk.CommandExitError, /exit status 7/);
  assert.equal(error.exitCode, 7);
  assert.equal(error.error, 'exit status 7');
  assert.equal(error.stdout, 'out\n');
  assert.equal(error.stderr, 'err\n');
});

scenario('ended-by-a-signal', async (t) => {
  const { commands } = await t.shared();
  const error = await rejects(commands.run('kill -9 $$'), sdk.CommandExitError, /signal: killed/);
  assert.equal(error.exitCode, -1);
});

scenario('not-found', async (t) => {
  const { commands } = await t.shared();
  const error = await rejects(commands.run('no-such-command'), sdk.CommandExitError);
  assert.equal(error.exitCode, 127);
  assert.match(error.stderr, /no-such-command: command not found/);
});

scenario('environment', async (t) => {
  const sandbox = await t.create({ envs: { BOTH: 'create', ONLY: 'create' } });
  const { stdout } = await sandbox.commands.run('echo $BOTH $ONLY $MORE', { envs: { BOTH: 'run', MORE: 'é"$x' } });
  assert.equal(stdout, 'run create é"$x\n');
  assert.equal((await sandbox.commands.run('echo $BOTH')).stdout, 'create\n');
  const { stdout: all } = await sandbox.commands.run('env');
  for (const name of ['PATH', 'HOME', 'USER']) assert.match(all, new RegExp(`^${name}=.`, 'm'));
  assert.doesNotMatch(all, /e2b_[0-9a-f]{20}/);
});

scenario('working-folder', async (t) => {
  const { commands } = await t.shared();
  assert.equal((await commands.run('pwd')).stdout, '/home/user\n');
  assert.equal((await commands.run('pwd', { cwd: '/tmp' })).stdout, '/tmp\n');
  await rejects(commands.run('pwd', { cwd: '/nowhere' }), sdk.InvalidArgumentError, /'\/nowhere' does not exist/);
});

scenario('users', async (t) => {
  const { commands } = await t.shared();
  assert.equal((await commands.run('whoami; echo $HOME')).stdout, 'user\n/home/user\n');
  assert.equal((await commands.run('whoami; echo $HOME', { user: 'user' })).stdout, 'user\n/home/user\n');
  assert.equal((await commands.run('id -u; echo $HOME; pwd', { user: 'root' })).stdout, '0\n/root\n/root\n');
  await rejects(commands.run('true', { user: 'nobody-here' }), sdk.AuthenticationError, /nobody-here/);
});

scenario('login-shell', async (t) => {
  const { commands } = await t.shared();
  assert.equal((await commands.run('shopt -q login_shell && echo login; echo $0')).stdout, 'login\n/bin/bash\n');
});

scenario('time-limit', async (t) => {
  const { commands } = await t.shared();
  const started = Date.now();
  await rejects(commands.run('sleep 61.5', { timeoutMs: 1500 }), sdk.TimeoutError, /timeoutMs/);
  assert.ok(Date.now() - started < 10000);
  await until('the process to be killed', async () => {
    const { stdout } = await commands.run('pgrep -f "sleep 61[.]5" || true');
    return stdout === '';
  });
});

scenario('without-time-limit', async (t) => {
  const { commands } = await t.shared();
  assert.equal((await commands.run('sleep 2; echo done', { timeoutMs: 0 })).stdout, 'done\n');
});

scenario('no-stdin', async (t) => {
  assert.equal((await (await t.shared()).commands.run('cat; echo end')).stdout, 'end\n');
});

scenario('callbacks', async (t) => {
  const { commands } = await t.shared();
  const out = [];
  const err = [];
  let early = false;
  const command = await commands.run('echo one; echo bad >&2; until [ -e /tmp/go ]; do sleep 0.05; done; echo two', {
    background: true,
    onStdout: (data) => out.push(data),
    onStderr: (data) => err.push(data),
  });
  await until('the first line', () => out.join('') === 'one\n' && err.join('') === 'bad\n');
  early = command.exitCode === undefined;
  await (await t.shared()).files.write('/tmp/go', '');
  const result = await command.wait();
  assert.ok(early, 'output came only at the end');
  assert.equal(out.join(''), 'one\ntwo\n');
  assert.equal(result.stdout, 'one\ntwo\n');
});

scenario('large-output', async (t) => {
  const { commands } = await t.shared();
  const script = 'python3 -c "import sys\nfor i in range(1000000): sys.stdout.write(\'%07d\\n\' % i)"';
  const { stdout } = await commands.run(script);
  const expected = crypto.createHash('sha256');
  for (let i = 0; i < 1000000; i++) expected.update(`${String(i).padStart(7, '0')}\n`);
  assert.equal(stdout.length, 8000000);
  assert.equal(crypto.createHash('sha256').update(stdout).digest('hex'), expected.digest('hex'));
}, 120);

scenario('utf-8-across-chunks', async (t) => {
  const { commands } = await t.shared();
  const word = 'žluťoučký kůň 🏝️ ';
  const { stdout } = await commands.run(`python3 -c "print('${word}' * 20000, end='')"`);
  assert.equal(stdout, word.repeat(20000));
});

scenario('one-long-line', async (t) => {
  const { commands } = await t.shared();
  const { stdout } = await commands.run('head -c 5000000 /dev/zero | tr "\\0" x');
  assert.equal(stdout.length, 5000000);
});

scenario('many-at-once', async (t) => {
  const { commands } = await t.shared();
  const results = await Promise.all(
    Array.from({ length: 24 }, (_, i) => commands.run(`sleep 0.2; echo ${i}`).then((result) => result.stdout)),
  );
  assert.deepEqual(results, Array.from({ length: 24 }, (_, i) => `${i}\n`));
});

scenario('quotes-and-newlines', async (t) => {
  const { commands } = await t.shared();
  const { stdout } = await commands.run('cat <<\'END\'\n$HOME "x" \\n\n\tü\nEND');
  assert.equal(stdout, '$HOME "x" \\n\n\tü\n');
});

scenario('children-that-outlive-the-shell', async (t) => {
  const { commands } = await t.shared();
  const { stdout } = await commands.run('setsid sleep 301 >/dev/null 2>&1 & echo started');
  assert.equal(stdout, 'started\n');
  await commands.run('pkill -f "sleep 301"');
});
