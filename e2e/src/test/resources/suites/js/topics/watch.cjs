'use strict';
const sdk = require('e2b');
const { assert, rejects, sleep, topic, until } = require('../harness.cjs');
const { scenario } = topic('watch', sdk);

let number = 0;

/** Watches a new folder; the events come to a list. */
async function watch(sandbox, options) {
  number += 1;
  const folder = `/home/user/watched${number}`;
  await sandbox.files.makeDir(folder);
  const events = [];
  const handle = await sandbox.files.watchDir(folder, (event) => void events.push(event), options);
  const see = (type, name) =>
    until(
      () => `${type} of ${name} in ${JSON.stringify(events.map((event) => [event.type, event.name]))}`,
      () => events.find((event) => event.type === type && event.name === name),
    );
  return { folder, events, handle, see };
}

scenario('every-kind-of-event', async (t) => {
  const sandbox = await t.shared();
  const { folder, handle, see } = await watch(sandbox);
  await sandbox.files.write(`${folder}/a`, 'one');
  await see(sdk.FilesystemEventType.CREATE, 'a');
  await see(sdk.FilesystemEventType.WRITE, 'a');
  await sandbox.commands.run(`chmod 600 ${folder}/a`);
  await see(sdk.FilesystemEventType.CHMOD, 'a');
  await sandbox.files.rename(`${folder}/a`, `${folder}/b`);
  await see(sdk.FilesystemEventType.RENAME, 'a');
  await see(sdk.FilesystemEventType.CREATE, 'b');
  await sandbox.files.remove(`${folder}/b`);
  await see(sdk.FilesystemEventType.REMOVE, 'b');
  await handle.stop();
});

scenario('not-recursive', async (t) => {
  const sandbox = await t.shared();
  const { folder, events, handle, see } = await watch(sandbox);
  await sandbox.commands.run(`mkdir ${folder}/below && touch ${folder}/below/x && touch ${folder}/last`);
  await see('create', 'last');
  assert.ok(!events.some(({ name }) => name.includes('x')));
  await handle.stop();
});

scenario('recursive', async (t) => {
  const sandbox = await t.shared();
  const { folder, handle, see } = await watch(sandbox, { recursive: true });
  await sandbox.files.makeDir(`${folder}/new`);
  await see('create', 'new');
  await sandbox.files.write(`${folder}/new/x`, 'x');
  await see('create', 'new/x');
  await sandbox.commands.run(`mkdir -p ${folder}/p/q && sleep 0.5 && echo y > ${folder}/p/q/y`);
  await see('write', 'p/q/y');
  await handle.stop();
});

scenario('entries', async (t) => {
  const sandbox = await t.shared();
  const { folder, handle, see } = await watch(sandbox, { includeEntry: true });
  await sandbox.files.write(`${folder}/a`, 'four');
  const { entry } = await see('write', 'a');
  assert.equal(entry.path, `${folder}/a`);
  assert.equal(entry.type, 'file');
  assert.equal(entry.owner, 'user');
  await sandbox.files.remove(`${folder}/a`);
  assert.equal((await see('remove', 'a')).entry, undefined);
  await handle.stop();
});

scenario('without-entries', async (t) => {
  const sandbox = await t.shared();
  const { folder, handle, see } = await watch(sandbox);
  await sandbox.files.write(`${folder}/a`, 'x');
  assert.equal((await see('create', 'a')).entry, undefined);
  await handle.stop();
});

scenario('stop', async (t) => {
  const sandbox = await t.shared();
  let ended = 0;
  const { folder, events, handle, see } = await watch(sandbox, { onExit: () => void (ended += 1) });
  await sandbox.files.write(`${folder}/a`, 'x');
  await see('create', 'a');
  await handle.stop();
  await until('onExit', () => ended === 1);
  const before = events.length;
  await sandbox.files.write(`${folder}/b`, 'x');
  await sleep(300);
  assert.equal(events.length, before);
});

scenario('time-limit', async (t) => {
  const sandbox = await t.shared();
  let error;
  await watch(sandbox, { timeoutMs: 800, onExit: (reason) => void (error = reason) });
  await until('its end', () => error);
  assert.ok(error instanceof sdk.TimeoutError, String(error));
});

scenario('errors', async (t) => {
  const { files } = await t.shared();
  const nothing = () => undefined;
  await rejects(files.watchDir('/home/none', nothing), sdk.FileNotFoundError);
  await files.write('/tmp/plain', 'x');
  await rejects(files.watchDir('/tmp/plain', nothing), sdk.InvalidArgumentError, /not a directory/);
});

scenario('many-watchers-and-events', async (t) => {
  const sandbox = await t.shared();
  const all = await Promise.all([watch(sandbox), watch(sandbox), watch(sandbox)]);
  for (const { folder } of all) await sandbox.commands.run(`cd ${folder} && seq 1 200 | xargs touch`);
  for (const { see, handle } of all) {
    await see('create', '1');
    await see('create', '200');
    await handle.stop();
  }
});

scenario('ends-with-the-sandbox', async (t) => {
  const sandbox = await t.create();
  let error;
  await watch(sandbox, { timeoutMs: 0, onExit: (reason) => void (error = reason || new Error('none')) });
  await sandbox.kill();
  await until('its end', () => error);
  assert.ok(error instanceof sdk.TimeoutError, String(error));
});
