'use strict';
// Finds what restart_before made, and ends it.
const fs = require('node:fs');
const sdk = require('e2b');
const { assert, rejects, topic, until } = require('../harness.cjs');
const { scenario } = topic('restart_after', sdk);
const { Sandbox } = sdk;

const saved = () => JSON.parse(fs.readFileSync(process.env.SKERRY_E2E_STATE, 'utf8'));
const count = async (sandbox) => Number(await sandbox.files.read('/tmp/count'));

scenario('all-are-listed', async () => {
  const { running, paused } = saved();
  const states = new Map();
  const paginator = Sandbox.list({ query: { state: ['running', 'paused'] } });
  while (paginator.hasNext) {
    for (const { sandboxId, state } of await paginator.nextItems()) states.set(sandboxId, state);
  }
  assert.equal(states.get(running.sandboxId), 'running');
  assert.equal(states.get(paused.sandboxId), 'paused');
});

scenario('what-is-known-of-it-is-the-same', async () => {
  const { running } = saved();
  const info = await Sandbox.getInfo(running.sandboxId);
  assert.deepEqual(info.metadata, { role: 'running' });
  assert.equal(info.startedAt.toISOString(), running.startedAt);
  assert.equal(info.endAt.toISOString(), running.endAt);
});

scenario('an-old-token-is-good', async () => {
  const { running } = saved();
  const { envdVersion, sandboxDomain } = await Sandbox.getInfo(running.sandboxId);
  const sandbox = new Sandbox({ ...running, envdVersion, sandboxDomain });
  assert.equal((await sandbox.commands.run('echo $KEPT; cat kept')).stdout, 'env\nkept');
});

scenario('processes-went-on', async () => {
  const { running } = saved();
  const sandbox = await Sandbox.connect(running.sandboxId);
  const pids = (await sandbox.commands.list()).map(({ pid }) => pid);
  const expected = [running.pid, running.writer, running.reader];
  for (const pid of expected) assert.ok(pids.includes(pid), `${pid} is not listed`);
  const before = await count(sandbox);
  await until('the count to go on', async () => (await count(sandbox)) > before);
});

scenario('a-command-can-be-connected-to', async () => {
  const { running } = saved();
  const sandbox = await Sandbox.connect(running.sandboxId);
  const command = await sandbox.commands.connect(running.pid, { timeoutMs: 0 });
  await until('output', () => command.stdout.split('\n').length > 5);
  assert.equal(await command.kill(), true);
  await rejects(command.wait(), sdk.CommandExitError, /signal: killed/);
});

scenario('stdin-is-still-open', async () => {
  const { running } = saved();
  const sandbox = await Sandbox.connect(running.sandboxId);
  const command = await sandbox.commands.connect(running.reader);
  await command.sendStdin('a line\n');
  assert.equal((await command.wait()).stdout, 'got a line\n');
});

scenario('open-files-are-still-open', async () => {
  const { running } = saved();
  const sandbox = await Sandbox.connect(running.sandboxId);
  await sandbox.files.write('/tmp/stop', '');
  await until('the last line', async () => (await sandbox.files.read('/home/user/open')).endsWith('line\nclosed\n'));
});

scenario('its-ports-answer', async () => {
  const { running } = saved();
  const headers = { 'E2b-Sandbox-Id': running.sandboxId, 'E2b-Sandbox-Port': '18081' };
  const response = await fetch(`${process.env.SKERRY_E2E_HTTP}/`, { headers });
  assert.equal(response.status, 200);
  assert.match(await response.text(), /Directory listing/);
});

scenario('a-paused-one-resumes', async () => {
  const { paused } = saved();
  assert.equal((await Sandbox.getInfo(paused.sandboxId)).state, 'paused');
  const sandbox = await Sandbox.connect(paused.sandboxId);
  assert.ok((await sandbox.commands.list()).some(({ pid }) => pid === paused.pid));
  const before = await count(sandbox);
  await until('the count to go on', async () => (await count(sandbox)) > before);
  assert.equal(await sandbox.kill(), true);
});

scenario('a-deadline-that-came-meanwhile', async () => {
  const { short } = saved();
  const gone = () => Sandbox.getInfo(short.sandboxId).then(
    () => false,
    (error) => error instanceof sdk.SandboxNotFoundError,
  );
  await until('its end', gone, 15);
});

scenario('it-can-be-killed', async () => {
  const { running } = saved();
  assert.equal(await Sandbox.kill(running.sandboxId), true);
  await rejects(Sandbox.getInfo(running.sandboxId), sdk.SandboxNotFoundError);
});
