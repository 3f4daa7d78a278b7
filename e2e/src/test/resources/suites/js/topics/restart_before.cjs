'use strict';
// Makes what must live through a restart of the server, and writes down what restart_after needs.
const fs = require('node:fs');
const sdk = require('e2b');
const { assert, topic, until } = require('../harness.cjs');
const { scenario } = topic('restart_before', sdk);

const saved = {};
const COUNTER = 'i=0; while :; do i=$((i+1)); echo $i; echo $i > /tmp/count; sleep 0.02; done';

async function counting(sandbox) {
  const command = await sandbox.commands.run(COUNTER, { background: true, timeoutMs: 0 });
  await until('output', () => command.stdout.includes('3\n'));
  await command.disconnect();
  return command.pid;
}

function save() {
  fs.writeFileSync(process.env.SKERRY_E2E_STATE, JSON.stringify(saved));
}

scenario('a-running-sandbox', async () => {
  const options = { timeoutMs: 900000, metadata: { role: 'running' }, envs: { KEPT: 'env' } };
  const sandbox = await sdk.Sandbox.create(options);
  await sandbox.files.write('/home/user/kept', 'kept');
  const pid = await counting(sandbox);
  const open = 'exec 3> /home/user/open; while [ ! -e /tmp/stop ]; do echo line >&3; sleep 0.05; done; echo closed >&3';
  const writer = await sandbox.commands.run(open, { background: true, timeoutMs: 0 });
  const reader = await sandbox.commands.run('read x; echo "got $x"', { background: true, stdin: true, timeoutMs: 0 });
  const server = 'python3 -m http.server 18081 --bind 127.0.0.1';
  await sandbox.commands.run(server, { background: true, timeoutMs: 0 });
  const { endAt, startedAt } = await sandbox.getInfo();
  const { sandboxId, envdAccessToken } = sandbox;
  saved.running = { sandboxId, envdAccessToken, pid, writer: writer.pid, reader: reader.pid, endAt, startedAt };
  save();
});

scenario('a-paused-sandbox', async () => {
  const sandbox = await sdk.Sandbox.create({ timeoutMs: 900000, metadata: { role: 'paused' } });
  const pid = await counting(sandbox);
  await sandbox.pause();
  saved.paused = { sandboxId: sandbox.sandboxId, pid };
  save();
});

scenario('a-sandbox-whose-time-is-short', async () => {
  const sandbox = await sdk.Sandbox.create({ timeoutMs: 5000 });
  assert.equal(await sandbox.isRunning(), true);
  saved.short = { sandboxId: sandbox.sandboxId };
  save();
});
