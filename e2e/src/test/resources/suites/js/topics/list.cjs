'use strict';
const sdk = require('e2b');
const { RUN, assert, rejects, topic } = require('../harness.cjs');
const { scenario } = topic('list', sdk);
const { Sandbox } = sdk;

async function everything(options) {
  const paginator = Sandbox.list(options);
  const found = [];
  while (paginator.hasNext) found.push(...(await paginator.nextItems()));
  return found;
}

const ids = (sandboxes) => sandboxes.map((sandbox) => sandbox.sandboxId);

scenario('running-ones', async (t) => {
  const sandbox = await t.create({ metadata: { a: '1' } });
  const found = (await everything()).find((one) => one.sandboxId === sandbox.sandboxId);
  const { templateId, name, startedAt, endAt, cpuCount, memoryMB, envdVersion } = await sandbox.getInfo();
  assert.equal(found.state, 'running');
  assert.deepEqual(found.metadata, { a: '1' });
  assert.deepEqual(
    { ...found, metadata: 0, volumeMounts: 0, state: 0 },
    {
      sandboxId: sandbox.sandboxId,
      templateId,
      name,
      startedAt,
      endAt,
      cpuCount,
      memoryMB,
      envdVersion,
      metadata: 0,
      volumeMounts: 0,
      state: 0,
    },
  );
});

scenario('by-metadata', async (t) => {
  const odd = { [`${RUN} a&b`]: 'c=d %25 + ü' };
  const plain = await t.create({ metadata: { run: `${RUN}m`, n: '1' } });
  await t.create({ metadata: { run: `${RUN}m`, n: '2' } });
  const strange = await t.create({ metadata: odd });
  assert.deepEqual(ids(await everything({ query: { metadata: { run: `${RUN}m`, n: '1' } } })), [plain.sandboxId]);
  assert.equal((await everything({ query: { metadata: { run: `${RUN}m` } } })).length, 2);
  assert.deepEqual(ids(await everything({ query: { metadata: odd } })), [strange.sandboxId]);
  assert.deepEqual(await everything({ query: { metadata: { run: `${RUN}none` } } }), []);
});

scenario('by-state', async (t) => {
  const metadata = { run: `${RUN}s` };
  const running = await t.create({ metadata });
  const paused = await t.create({ metadata });
  await paused.pause();
  const of = (...state) => everything({ query: { metadata, state } });
  assert.deepEqual(ids(await of('running')), [running.sandboxId]);
  const found = await of('paused');
  assert.deepEqual(ids(found), [paused.sandboxId]);
  assert.equal(found[0].state, 'paused');
  assert.deepEqual(new Set(ids(await of('running', 'paused'))), new Set([running.sandboxId, paused.sandboxId]));
  assert.equal((await everything({ query: { metadata } })).length, 2);
});

scenario('by-template', async (t) => {
  const metadata = { run: `${RUN}t` };
  const base = await t.create('base', { metadata });
  const other = await t.create('code-interpreter-v1', { metadata });
  const of = async (template) => ids(await everything({ query: { metadata, template } }));
  assert.deepEqual(await of('code-interpreter-v1'), [other.sandboxId]);
  // The second name is another name of the first's template.
  assert.ok((await of('base')).includes(base.sandboxId));
  assert.ok((await of((await base.getInfo()).templateId)).includes(base.sandboxId));
  assert.deepEqual(await of('no-such-template'), []);
});

scenario('by-start', async (t) => {
  const metadata = { run: `${RUN}b` };
  const first = await t.create({ metadata });
  const second = await t.create({ metadata });
  const { startedAt } = await second.getInfo();
  assert.ok((await first.getInfo()).startedAt < startedAt);
  assert.deepEqual(ids(await everything({ query: { metadata, startedAfter: startedAt } })), [second.sandboxId]);
  const later = new Date(startedAt.getTime() + 60000);
  assert.deepEqual(await everything({ query: { metadata, startedAfter: later } }), []);
});

scenario('order', async (t) => {
  const metadata = { run: `${RUN}o` };
  const made = [];
  for (let i = 0; i < 3; i++) made.push((await t.create({ metadata })).sandboxId);
  assert.deepEqual(ids(await everything({ query: { metadata }, order: 'asc' })), made);
  assert.deepEqual(ids(await everything({ query: { metadata }, order: 'desc' })), made.toReversed());
  assert.deepEqual(ids(await everything({ query: { metadata } })), made.toReversed());
});

scenario('pages', async (t) => {
  const metadata = { run: `${RUN}p` };
  const made = [];
  for (let i = 0; i < 5; i++) made.push((await t.create({ metadata })).sandboxId);
  const paginator = Sandbox.list({ query: { metadata }, limit: 2, order: 'asc' });
  const sizes = [];
  const found = [];
  while (paginator.hasNext) {
    const page = await paginator.nextItems();
    sizes.push(page.length);
    found.push(...ids(page));
  }
  assert.deepEqual(found, made);
  assert.deepEqual(sizes.filter((size) => size > 0), [2, 2, 1]);
  await rejects(paginator.nextItems(), Error, /No more items/);
  const first = Sandbox.list({ query: { metadata }, limit: 3, order: 'asc' });
  await first.nextItems();
  const rest = Sandbox.list({ query: { metadata }, limit: 3, order: 'asc', nextToken: first.nextToken });
  assert.deepEqual(ids(await rest.nextItems()), made.slice(3));
});

scenario('pages-while-sandboxes-end', async (t) => {
  const metadata = { run: `${RUN}e` };
  const made = [];
  for (let i = 0; i < 4; i++) made.push((await t.create({ metadata })).sandboxId);
  const paginator = Sandbox.list({ query: { metadata }, limit: 2, order: 'asc' });
  assert.deepEqual(ids(await paginator.nextItems()), made.slice(0, 2));
  await Sandbox.kill(made[1]);
  await t.create({ metadata });
  const rest = [];
  while (paginator.hasNext) rest.push(...ids(await paginator.nextItems()));
  assert.deepEqual(rest.slice(0, 2), made.slice(2), 'one was skipped or came twice');
});

scenario('bad-parameters', async () => {
  await rejects(Sandbox.list({ limit: 0 }).nextItems(), sdk.SandboxError, /400/);
  await rejects(Sandbox.list({ limit: 101 }).nextItems(), sdk.SandboxError, /400/);
  await rejects(Sandbox.list({ nextToken: 'nonsense' }).nextItems(), sdk.SandboxError, /400/);
  await rejects(Sandbox.list({ query: { state: ['sleeping'] } }).nextItems(), sdk.SandboxError, /400/);
});
