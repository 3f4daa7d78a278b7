'use strict';
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const sdk = require('e2b');
const { RUN, assert, topic, until } = require('../harness.cjs');
const { scenario } = topic('cli', sdk);

const COMMAND = [process.execPath, process.env.SKERRY_E2E_CLI];
const quote = (word) => `'${word.replaceAll("'", "'\\''")}'`;

function start(words, options = {}) {
  const { tty = false, env = {}, cwd } = options;
  const all = [...COMMAND, ...words];
  const [program, ...rest] = tty ? ['script', '-qefc', all.map(quote).join(' '), '/dev/null'] : all;
  const child = spawn(program, rest, { env: { ...process.env, NO_COLOR: '1', TERM: 'xterm', ...env }, cwd });
  const run = { child, stdout: '', stderr: '' };
  child.stdout.on('data', (data) => (run.stdout += data));
  child.stderr.on('data', (data) => (run.stderr += data));
  child.stdin.on('error', () => undefined);
  run.ended = new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  return run;
}

/** Runs it to the end, with this input. */
async function e2b(words, options = {}) {
  const run = start(words, options);
  run.child.stdin.end(options.input || '');
  const timer = setTimeout(() => run.child.kill('SIGKILL'), 50000);
  const code = await run.ended;
  clearTimeout(timer);
  return { code, stdout: run.stdout, stderr: run.stderr };
}

/** The same, expecting this exit code. */
async function expects(code, words, options) {
  const result = await e2b(words, options);
  assert.equal(result.code, code, `${words.join(' ')}\n${result.stdout}\n${result.stderr}`);
  return result;
}

const succeeds = (words, options) => expects(0, words, options);

async function create(t, ...options) {
  const { stdout } = await succeeds(['sandbox', 'create', ...options, '--detach']);
  const id = stdout.trim().split('\n').at(-1);
  t.track(id);
  assert.match(id, /^[a-z0-9]+$/);
  return id;
}

scenario('sandbox-create', async (t) => {
  const id = await create(t);
  assert.equal((await sdk.Sandbox.getInfo(id)).name, 'base');
});

scenario('sandbox-create-with-options', async (t) => {
  const lifecycle = ['--lifecycle.ontimeout', 'pause', '--lifecycle.autoresume'];
  const id = await create(t, 'code-interpreter-v1', '--timeout', '240', ...lifecycle);
  const info = await sdk.Sandbox.getInfo(id);
  assert.deepEqual(info.lifecycle, { onTimeout: 'pause', autoResume: true });
  assert.ok(Math.abs((info.endAt - info.startedAt) / 1000 - 240) < 6);
});

scenario('sandbox-create-with-a-terminal', async (t) => {
  const run = start(['sandbox', 'create', 'base'], { tty: true });
  await until(() => `a prompt in ${run.stdout}`, () => /[$#] /.test(run.stdout), 30);
  run.child.stdin.write('echo sum=$((40 + 2)); exit\n');
  assert.equal(await run.ended, 0, run.stdout);
  assert.match(run.stdout, /sum=42/);
  const id = /sandbox ID ([a-z0-9]+)/.exec(run.stdout.replaceAll(/\x1b\[[0-9;]*m/g, ''))[1];
  t.track(id);
  const gone = () => sdk.Sandbox.getInfo(id).then(() => false, () => true);
  await until('its end, a second later', gone, 10);
});

scenario('sandbox-connect', async (t) => {
  const sandbox = await t.create();
  const run = start(['sandbox', 'connect', sandbox.sandboxId], { tty: true });
  await until(() => `a prompt in ${run.stdout}`, () => /[$#] /.test(run.stdout), 30);
  run.child.stdin.write('echo $((6 * 7)) > answer; exit\n');
  assert.equal(await run.ended, 0, run.stdout);
  assert.equal(await sandbox.files.read('/home/user/answer'), '42\n');
});

scenario('sandbox-list', async (t) => {
  const metadata = { run: `${RUN}cli` };
  const sandbox = await t.create({ metadata });
  const paused = await t.create({ metadata });
  await paused.pause();
  const list = async (...options) => {
    const { stdout } = await succeeds(['sandbox', 'list', '-m', `run=${metadata.run}`, '-f', 'json', ...options]);
    return JSON.parse(stdout).map(({ sandboxId }) => sandboxId);
  };
  assert.deepEqual(await list(), [sandbox.sandboxId]);
  assert.deepEqual(await list('-s', 'paused'), [paused.sandboxId]);
  assert.deepEqual(await list('-s', 'running,paused', '-o', 'asc'), [sandbox.sandboxId, paused.sandboxId]);
  assert.deepEqual(await list('-s', 'running,paused', '-l', '1'), [paused.sandboxId]);
  assert.deepEqual(await list('-t', 'no-such-template'), []);
  assert.deepEqual(await list('--started-after', '2001-01-01T00:00:00Z'), [sandbox.sandboxId]);
  assert.match((await succeeds(['sandbox', 'list'])).stdout, new RegExp(sandbox.sandboxId));
});

scenario('sandbox-info', async (t) => {
  const sandbox = await t.create({ metadata: { a: 'b' } });
  const { stdout } = await succeeds(['sandbox', 'info', sandbox.sandboxId, '-f', 'json']);
  const info = JSON.parse(stdout);
  assert.equal(info.sandboxId, sandbox.sandboxId);
  assert.equal(info.state, 'running');
  assert.deepEqual(info.metadata, { a: 'b' });
  assert.match((await succeeds(['sandbox', 'info', sandbox.sandboxId])).stdout, /State: running/);
  assert.match((await expects(1, ['sandbox', 'info', 'nosuchsandbox'])).stderr, /wasn't found/);
});

scenario('sandbox-exec', async (t) => {
  const { sandboxId } = await t.shared();
  const exec = (code, words, options) => expects(code, ['sandbox', 'exec', ...words], options);
  assert.equal((await exec(0, [sandboxId, 'echo', 'two words'])).stdout, 'two words\n');
  assert.equal((await exec(5, [sandboxId, 'echo bad >&2; exit 5'])).stderr.split('\n')[0], 'bad');
  const options = ['-u', 'root', '-c', '/tmp', '-e', 'A=b c'];
  assert.equal((await exec(0, [...options, sandboxId, 'id -u; pwd; echo $A'])).stdout, '0\n/tmp\nb c\n');
});

scenario('sandbox-exec-with-input', async (t) => {
  const { sandboxId } = await t.shared();
  const input = 'a line\n'.repeat(30000);
  const { stdout } = await succeeds(['sandbox', 'exec', sandboxId, 'wc', '-c'], { input });
  assert.equal(stdout.trim(), String(input.length));
});

scenario('sandbox-exec-in-the-background', async (t) => {
  const sandbox = await t.shared();
  const words = ['sandbox', 'exec', '-b', sandbox.sandboxId, 'sleep 1; echo done > background'];
  assert.match((await succeeds(words)).stderr, /^\d+\n/);
  await until('the file', () => sandbox.files.exists('/home/user/background'));
});

scenario('sandbox-pause-and-resume', async (t) => {
  const sandbox = await t.create();
  assert.match((await succeeds(['sandbox', 'pause', sandbox.sandboxId])).stdout, /has been paused/);
  assert.match((await succeeds(['sandbox', 'pause', sandbox.sandboxId])).stdout, /already paused/);
  assert.match((await succeeds(['sandbox', 'resume', sandbox.sandboxId])).stdout, /has been resumed/);
  assert.equal(await sandbox.isRunning(), true);
  assert.match((await expects(1, ['sandbox', 'pause', 'nosuchsandbox'])).stderr, /wasn't found/);
  assert.match((await expects(1, ['sandbox', 'resume', 'nosuchsandbox'])).stderr, /wasn't found/);
});

scenario('sandbox-metrics', async (t) => {
  const sandbox = await t.create();
  await until('metrics', async () => (await sandbox.getMetrics()).length > 0, 20);
  const { stdout } = await succeeds(['sandbox', 'metrics', sandbox.sandboxId, '--format', 'json']);
  const line = JSON.parse(stdout.trim().split('\n').at(-1));
  assert.ok(line.memTotal > 0 && line.cpuCount >= 1);
  assert.match((await succeeds(['sandbox', 'metrics', sandbox.sandboxId])).stdout, /Memory.*MiB/);
});

scenario('sandbox-logs', async (t) => {
  const sandbox = await t.create();
  await sandbox.commands.run('echo logged');
  const { stdout } = await succeeds(['sandbox', 'logs', sandbox.sandboxId, '--level', 'DEBUG', '--format', 'json']);
  for (const line of stdout.split('\n').filter((text) => text.trim() !== '')) {
    assert.ok(!Number.isNaN(Date.parse(JSON.parse(line).timestamp)), line);
  }
  assert.match((await succeeds(['sandbox', 'logs', sandbox.sandboxId])).stdout, /Logs for sandbox/);
  assert.match((await expects(1, ['sandbox', 'logs', 'nosuchsandbox'])).stderr, /404|not found|doesn't exist/i);
});

scenario('sandbox-logs-follow', async (t) => {
  const sandbox = await t.create();
  const run = start(['sandbox', 'logs', '--follow', sandbox.sandboxId]);
  run.child.stdin.end();
  await until('its heading', () => run.stdout.includes('Logs for sandbox'), 30);
  await sandbox.kill();
  assert.equal(await run.ended, 0, run.stderr);
  assert.match(run.stdout, /Stopped printing logs/);
});

scenario('sandbox-kill', async (t) => {
  const metadata = { run: `${RUN}kill` };
  const [one, two, three] = [await t.create(), await t.create({ metadata }), await t.create({ metadata })];
  assert.match((await succeeds(['sandbox', 'kill', one.sandboxId])).stdout, /has been killed/);
  assert.match((await succeeds(['sandbox', 'kill', one.sandboxId])).stderr, /wasn't found/);
  const all = await succeeds(['sandbox', 'kill', '--all', '-m', `run=${metadata.run}`]);
  assert.match(all.stdout, /Killed 2 running sandboxes/);
  assert.deepEqual([await two.isRunning(), await three.isRunning()], [false, false]);
});

scenario('template-list', async () => {
  const { stdout } = await succeeds(['template', 'list', '-f', 'json']);
  const names = JSON.parse(stdout).flatMap(({ aliases }) => aliases);
  assert.ok(names.includes('base') && names.includes('code-interpreter-v1'), names.join());
  assert.match((await succeeds(['template', 'list'])).stdout, /base/);
});

scenario('template-built-in-cannot-be-changed', async (t) => {
  assert.notEqual((await e2b(['template', 'delete', 'base', '-y'])).code, 0);
  assert.equal((await t.create()).sandboxId.length > 0, true);
});

scenario('template-create-not-yet', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'skerry-e2e-template-'));
  try {
    fs.writeFileSync(path.join(folder, 'e2b.Dockerfile'), 'FROM debian:12\nRUN true\n');
    const result = await e2b(['template', 'create', 'some-name', '-p', folder]);
    assert.notEqual(result.code, 0, result.stdout);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});

scenario('snapshots-not-yet', async (t) => {
  const sandbox = await t.create();
  assert.notEqual((await e2b(['sandbox', 'snapshot', 'create', sandbox.sandboxId])).code, 0);
  assert.equal(await sandbox.isRunning(), true);
});

scenario('wrong-key', async () => {
  const env = { E2B_API_KEY: `e2b_${'0'.repeat(40)}` };
  const { stderr } = await expects(1, ['sandbox', 'list'], { env });
  assert.match(stderr, /Unauthorized|401|AuthenticationError/);
});
