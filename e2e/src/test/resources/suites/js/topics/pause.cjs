'use strict';
const sdk = require('e2b');
const { assert, rejects, sleep, topic, until } = require('../harness.cjs');
const { scenario } = topic('pause', sdk);
const { Sandbox } = sdk;

const knowsReboot = Number(require('e2b/package.json').version.split('.')[1]) >= 51;
const MISSING = '0nosuchsandbox00000000000';

/** Counts in a file; the pid of the process that does. */
async function startCounter(sandbox) {
  const script = 'i=0; while :; do i=$((i+1)); echo $i > /tmp/count; sleep 0.02; done';
  const { pid } = await sandbox.commands.run(script, { background: true, timeoutMs: 0 });
  await until('a count', async () => (await sandbox.files.exists('/tmp/count')) && (await count(sandbox)) > 2);
  return pid;
}

const count = async (sandbox) => Number(await sandbox.files.read('/tmp/count'));
const pids = async (sandbox) => (await sandbox.commands.list()).map((process) => process.pid);
const stateOf = async (sandbox) => (await sandbox.getInfo()).state;

scenario('pause-and-connect', async (t) => {
  const sandbox = await t.create();
  await sandbox.files.write('/home/user/kept', 'kept');
  const pid = await startCounter(sandbox);
  assert.equal(await sandbox.pause(), true);
  assert.equal(await stateOf(sandbox), 'paused');
  assert.equal(await sandbox.isRunning(), false);
  const resumed = await Sandbox.connect(sandbox.sandboxId);
  assert.equal(resumed.sandboxId, sandbox.sandboxId);
  assert.equal(await stateOf(resumed), 'running');
  assert.equal(await resumed.files.read('/home/user/kept'), 'kept');
  assert.ok((await pids(resumed)).includes(pid), 'the process has gone');
  const before = await count(resumed);
  await until('the count to go on', async () => (await count(resumed)) > before);
});

scenario('nothing-runs-while-paused', async (t) => {
  const sandbox = await t.create();
  await startCounter(sandbox);
  const before = await count(sandbox);
  await sandbox.pause();
  await sleep(1500);
  await sandbox.connect();
  assert.ok((await count(sandbox)) - before < 40, 'it went on counting');
});

scenario('pause-twice', async (t) => {
  const sandbox = await t.create();
  assert.equal(await sandbox.pause(), true);
  assert.equal(await sandbox.pause(), false);
  assert.equal(await Sandbox.pause(sandbox.sandboxId), false);
});

scenario('beta-pause', async (t) => {
  const sandbox = await t.create();
  assert.equal(await sandbox.betaPause(), true);
  assert.equal(await stateOf(sandbox), 'paused');
  assert.equal(await Sandbox.betaPause(sandbox.sandboxId), false);
});

scenario('pause-of-a-missing-one', async () => {
  await rejects(Sandbox.pause(MISSING), sdk.SandboxNotFoundError);
});

scenario('same-access-token-after-resume', async (t) => {
  const sandbox = await t.create();
  await sandbox.pause();
  await Sandbox.connect(sandbox.sandboxId);
  assert.equal((await sandbox.commands.run('echo old handle')).stdout, 'old handle\n');
});

scenario('kill-of-a-paused-one', async (t) => {
  const sandbox = await t.create();
  await sandbox.pause();
  assert.equal(await sandbox.kill(), true);
  await rejects(sandbox.getInfo(), sdk.SandboxNotFoundError);
  await rejects(Sandbox.connect(sandbox.sandboxId), sdk.SandboxNotFoundError);
});

scenario('pause-again-after-resume', async (t) => {
  const sandbox = await t.create();
  for (let i = 0; i < 3; i++) {
    assert.equal(await sandbox.pause(), true);
    await sandbox.connect();
    assert.equal((await sandbox.commands.run(`echo ${i}`)).stdout, `${i}\n`);
  }
});

scenario('resume-sets-the-lifetime', async (t) => {
  const sandbox = await t.create({ timeoutMs: 60000 });
  await sandbox.pause();
  await Sandbox.connect(sandbox.sandboxId, { timeoutMs: 240000 });
  const left = ((await sandbox.getInfo()).endAt - Date.now()) / 1000;
  assert.ok(Math.abs(left - 240) < 6, `${left} s are left`);
});

scenario('many-resume-at-once', async (t) => {
  const sandbox = await t.create();
  await sandbox.pause();
  const all = await Promise.all(Array.from({ length: 6 }, () => Sandbox.connect(sandbox.sandboxId)));
  const outputs = await Promise.all(all.map(async (one) => (await one.commands.run('echo up')).stdout));
  assert.deepEqual(new Set(outputs), new Set(['up\n']));
});

scenario('file-system-only', async (t) => {
  const sandbox = await t.create();
  await sandbox.files.write('/home/user/kept', 'kept');
  const pid = await startCounter(sandbox);
  assert.equal(await sandbox.pause({ keepMemory: false }), true);
  await sandbox.connect();
  assert.equal(await sandbox.files.read('/home/user/kept'), 'kept');
  assert.ok(!(await pids(sandbox)).includes(pid), 'the process is still there');
});

scenario('reboot-on-resume', async (t) => {
  const sandbox = await t.create();
  await sandbox.files.write('/home/user/kept', 'kept');
  const pid = await startCounter(sandbox);
  await sandbox.pause();
  await Sandbox.connect(sandbox.sandboxId, { onResume: 'reboot' });
  assert.equal(await sandbox.files.read('/home/user/kept'), 'kept');
  // Clients of before 2.51 do not know the option, and wake it as it was.
  assert.deepEqual(await pids(sandbox), knowsReboot ? [] : [pid]);
});

scenario('paused-by-its-deadline', async (t) => {
  const sandbox = await t.create({ timeoutMs: 2000, lifecycle: { onTimeout: 'pause' } });
  assert.deepEqual((await sandbox.getInfo()).lifecycle, { onTimeout: 'pause', autoResume: false });
  const pid = await startCounter(sandbox);
  await until('the pause', async () => (await stateOf(sandbox)) === 'paused', 10);
  assert.equal(await sandbox.isRunning(), false);
  await sandbox.connect();
  assert.ok((await pids(sandbox)).includes(pid));
});

scenario('resumed-by-a-call', async (t) => {
  const lifecycle = { onTimeout: 'pause', autoResume: true };
  const sandbox = await t.create({ timeoutMs: 2000, lifecycle });
  assert.deepEqual((await sandbox.getInfo()).lifecycle, lifecycle);
  await until('the pause', async () => (await stateOf(sandbox)) === 'paused', 10);
  assert.equal((await sandbox.commands.run('echo awake')).stdout, 'awake\n');
  assert.equal(await stateOf(sandbox), 'running');
});

scenario('killed-while-pausing', async (t) => {
  const sandbox = await t.create();
  const [paused, killed] = await Promise.allSettled([sandbox.pause(), sandbox.kill()]);
  assert.equal(killed.status, 'fulfilled');
  assert.ok(['fulfilled', 'rejected'].includes(paused.status));
  await until('its end', async () => !(await sandbox.isRunning()), 10);
  await rejects(sandbox.getInfo(), sdk.SandboxNotFoundError);
});
