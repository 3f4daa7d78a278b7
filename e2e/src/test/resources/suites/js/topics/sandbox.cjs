'use strict';
const sdk = require('e2b');
const { PASS, RUN, assert, rejects, sleep, topic, until } = require('../harness.cjs');
const { scenario } = topic('sandbox', sdk);
const { Sandbox } = sdk;

const MISSING = '0nosuchsandbox00000000000';
const secondsLeft = async (id) => ((await Sandbox.getInfo(id)).endAt.getTime() - Date.now()) / 1000;
const isNear = (value, expected) => assert.ok(Math.abs(value - expected) < 6, `${value} is not near ${expected}`);

scenario('create-and-kill', async (t) => {
  const sandbox = await t.create();
  assert.match(sandbox.sandboxId, /^[a-z0-9]+$/);
  assert.equal(await sandbox.isRunning(), true);
  assert.equal(await sandbox.kill(), true);
  assert.equal(await sandbox.isRunning(), false);
  assert.equal(await sandbox.kill(), false);
});

scenario('default-template-and-lifetime', async (t) => {
  const sandbox = await t.create();
  const info = await sandbox.getInfo();
  assert.equal(info.name, 'base');
  isNear((info.endAt - info.startedAt) / 1000, 300);
});

scenario('template-metadata-environment-and-lifetime', async (t) => {
  const metadata = { run: RUN, 'key with spaces': 'ü & = %' };
  const sandbox = await t.create('base', { timeoutMs: 120000, metadata, envs: { FROM_CREATE: 'a "b" $c' } });
  const info = await sandbox.getInfo();
  assert.deepEqual(info.metadata, metadata);
  isNear((info.endAt - info.startedAt) / 1000, 120);
  assert.equal((await sandbox.commands.run('printf %s "$FROM_CREATE"')).stdout, 'a "b" $c');
});

scenario('template-by-id', async (t) => {
  const first = await t.create();
  const { templateId } = await first.getInfo();
  const second = await t.create(templateId);
  assert.equal((await second.getInfo()).templateId, templateId);
});

scenario('code-interpreter-template-exists', async (t) => {
  const sandbox = await t.create('code-interpreter-v1');
  assert.equal(await sandbox.isRunning(), true);
});

scenario('unknown-template', async () => {
  const error = await rejects(Sandbox.create('no-such-template'), sdk.SandboxError, /404.*no-such-template.*not found/);
  if (error.statusCode !== undefined) assert.equal(error.statusCode, 404);
});

scenario('lifetime-out-of-bounds', async () => {
  await rejects(Sandbox.create({ timeoutMs: 0 }), sdk.SandboxError, /400.*greater than 0/);
  await rejects(Sandbox.create({ timeoutMs: 3600000 * 10000 }), sdk.SandboxError, /400.*cannot be greater than/);
});

scenario('info', async (t) => {
  const sandbox = await t.create();
  const info = await Sandbox.getInfo(sandbox.sandboxId);
  assert.equal(info.sandboxId, sandbox.sandboxId);
  assert.equal(info.state, 'running');
  assert.ok(info.cpuCount >= 1 && Number.isInteger(info.cpuCount));
  assert.ok(info.memoryMB >= 64 && Number.isInteger(info.memoryMB));
  assert.match(info.envdVersion, /^\d+\.\d+\.\d+$/);
  assert.ok(Math.abs(info.startedAt - Date.now()) < 30000);
  assert.deepEqual(info.lifecycle, { onTimeout: 'kill', autoResume: false });
  assert.deepEqual(info.volumeMounts, []);
  assert.deepEqual(await Sandbox.getFullInfo(sandbox.sandboxId), info);
});

scenario('no-network-yet', async (t) => {
  for (const allowInternetAccess of [true, false]) {
    const sandbox = await t.create({ allowInternetAccess });
    assert.equal((await sandbox.getInfo()).allowInternetAccess, false);
    const interfaces = await sandbox.commands.run('ls /sys/class/net 2>/dev/null || tail -n +3 /proc/net/dev');
    assert.match(interfaces.stdout.trim(), /^lo\b[^\n]*$/);
  }
});

scenario('missing-sandbox', async () => {
  await rejects(Sandbox.getInfo(MISSING), sdk.SandboxNotFoundError);
  await rejects(Sandbox.connect(MISSING), sdk.SandboxNotFoundError);
  await rejects(Sandbox.setTimeout(MISSING, 60000), sdk.NotFoundError);
  await rejects(Sandbox.getMetrics(MISSING), sdk.NotFoundError);
  assert.equal(await Sandbox.kill(MISSING), false);
});

scenario('connect', async (t) => {
  const sandbox = await t.create({ envs: { KEPT: 'yes' } });
  await sandbox.files.write('/tmp/shared', 'one');
  const again = await Sandbox.connect(sandbox.sandboxId);
  assert.equal(again.sandboxId, sandbox.sandboxId);
  assert.equal(await again.files.read('/tmp/shared'), 'one');
  assert.equal((await again.commands.run('echo $KEPT')).stdout, 'yes\n');
  assert.equal(await sandbox.connect(), sandbox);
});

scenario('connect-never-shortens', async (t) => {
  const sandbox = await t.create({ timeoutMs: 600000 });
  await Sandbox.connect(sandbox.sandboxId, { timeoutMs: 30000 });
  isNear(await secondsLeft(sandbox.sandboxId), 600);
  await Sandbox.connect(sandbox.sandboxId, { timeoutMs: 1200000 });
  isNear(await secondsLeft(sandbox.sandboxId), 1200);
});

scenario('set-timeout', async (t) => {
  const sandbox = await t.create({ timeoutMs: 60000 });
  await sandbox.setTimeout(500000);
  isNear(await secondsLeft(sandbox.sandboxId), 500);
  await Sandbox.setTimeout(sandbox.sandboxId, 90000);
  isNear(await secondsLeft(sandbox.sandboxId), 90);
});

scenario('expires', async (t) => {
  const sandbox = await t.create({ timeoutMs: 2000 });
  const { endAt } = await sandbox.getInfo();
  await until('its end', async () => !(await sandbox.isRunning()), 10);
  const late = Date.now() - endAt.getTime();
  assert.ok(late > -300 && late < 2000, `ended ${late} ms after its deadline`);
  await rejects(sandbox.getInfo(), sdk.SandboxNotFoundError);
});

scenario('timeout-zero-ends-it', async (t) => {
  const sandbox = await t.create();
  await sandbox.setTimeout(0);
  await until('its end', async () => !(await sandbox.isRunning()), 5);
});

scenario('killed-in-the-middle-of-a-command', async (t) => {
  const sandbox = await t.create();
  const command = await sandbox.commands.run('echo here; sleep 60', { background: true, timeoutMs: 0 });
  await until('output', () => command.stdout === 'here\n');
  const ended = rejects(command.wait(), sdk.TimeoutError, /killed or reached its end of life/);
  await sandbox.kill();
  await ended;
});

scenario('calls-to-a-dead-one', async (t) => {
  const sandbox = await t.create();
  await sandbox.kill();
  await rejects(sandbox.commands.run('true'), sdk.SandboxNotFoundError);
  await rejects(sandbox.commands.list(), sdk.TimeoutError);
  await rejects(sandbox.files.read('/etc/hostname'), sdk.TimeoutError);
  await rejects(sandbox.files.exists('/etc'), sdk.TimeoutError);
  await rejects(sandbox.setTimeout(60000), sdk.NotFoundError);
});

scenario('wrong-api-key', async (t) => {
  const apiKey = `e2b_${'0'.repeat(40)}`;
  await rejects(Sandbox.create({ apiKey }), sdk.AuthenticationError);
  await rejects(Sandbox.list({ apiKey }).nextItems(), sdk.AuthenticationError);
  const sandbox = await t.create();
  await rejects(Sandbox.kill(sandbox.sandboxId, { apiKey }), sdk.AuthenticationError);
  assert.equal(await sandbox.isRunning(), true);
});

scenario('wrong-access-token', async (t) => {
  const { sandboxId, sandboxDomain } = await t.create();
  const other = await t.create();
  const { envdVersion } = await other.getInfo();
  for (const envdAccessToken of ['nonsense', other.envdAccessToken, undefined]) {
    const intruder = new Sandbox({ sandboxId, sandboxDomain, envdVersion, envdAccessToken });
    await rejects(intruder.files.read('/etc/hostname'), sdk.AuthenticationError);
    await rejects(intruder.files.write('/tmp/x', 'x'), sdk.AuthenticationError);
    await rejects(intruder.commands.run('true'), sdk.AuthenticationError);
    await rejects(intruder.files.list('/'), sdk.AuthenticationError);
  }
});

scenario('metrics', async (t) => {
  const sandbox = await t.create();
  const start = new Date(Date.now() - 60000);
  const metrics = await until('metrics', async () => {
    const found = await sandbox.getMetrics();
    return found.length > 0 && found;
  }, 20);
  const { timestamp, cpuCount, cpuUsedPct, memUsed, memTotal, memCache, diskUsed, diskTotal } = metrics.at(-1);
  assert.ok(timestamp instanceof Date && Math.abs(timestamp - Date.now()) < 60000);
  assert.ok(cpuCount >= 1 && cpuUsedPct >= 0);
  assert.ok(memTotal >= memUsed && memUsed > 0 && memCache >= 0);
  assert.ok(diskTotal >= diskUsed && diskTotal > 0);
  const bounded = await Sandbox.getMetrics(sandbox.sandboxId, { start, end: new Date() });
  assert.ok(bounded.length > 0);
  const early = await sandbox.getMetrics({ start: new Date(0), end: new Date(1000000000000) });
  assert.deepEqual(early, []);
});

scenario('bound-client', async (t) => {
  const client = new sdk.E2B({ apiKey: process.env.E2B_API_KEY, requestTimeoutMs: 30000 });
  const sandbox = await client.Sandbox.create();
  t.track(sandbox.sandboxId);
  assert.equal((await sandbox.commands.run('echo bound')).stdout, 'bound\n');
});

scenario('many-at-once', async (t) => {
  const sandboxes = await Promise.all(Array.from({ length: 8 }, () => t.create()));
  assert.equal(new Set(sandboxes.map((sandbox) => sandbox.sandboxId)).size, 8);
  const names = await Promise.all(
    sandboxes.map(async (sandbox, i) => {
      await sandbox.files.write('/tmp/mine', String(i));
      return sandbox.files.read('/tmp/mine');
    }),
  );
  assert.deepEqual(names, ['0', '1', '2', '3', '4', '5', '6', '7']);
}, 120);

scenario('what-the-template-has', async (t) => {
  const sandbox = await t.shared();
  for (const tool of ['python', 'python3', 'bash', 'git', 'curl', 'sudo']) {
    await sandbox.commands.run(`command -v ${tool}`);
  }
  assert.equal((await sandbox.commands.run('pwd; whoami; echo $HOME')).stdout, '/home/user\nuser\n/home/user\n');
  assert.match((await sandbox.commands.run('locale charmap')).stdout, /UTF-8/);
});

scenario('sudo', async (t) => {
  const sandbox = await t.shared();
  assert.equal((await sandbox.commands.run('sudo -n id -u')).stdout, '0\n');
});

scenario('domain-of-the-answer', async (t) => {
  const sandbox = await t.shared();
  assert.equal(sandbox.sandboxDomain, process.env.E2B_DOMAIN);
  assert.ok(['http', 'tls', 'pasted'].includes(PASS));
  await sleep(0);
});
