'use strict';
// What docs/COMPATIBILITY.md calls 'not yet' is refused in words, and harms nothing.
const sdk = require('e2b');
const { assert, topic } = require('../harness.cjs');
const { scenario } = topic('notyet', sdk);
const { Sandbox } = sdk;

const CONNECTION = /terminated|fetch failed|socket|ECONN|timed out/i;

/** An answer of the server that is an error; not a connection that broke, and not a fault of its own. */
async function refused(promise) {
  let value;
  try {
    value = await promise;
  } catch (error) {
    assert.doesNotMatch(String(error.message), CONNECTION);
    assert.doesNotMatch(String(error.message), /\b50[0234]\b/);
    assert.ok(String(error.message).length > 10, `no reason given: ${error}`);
    return;
  }
  throw new Error(`accepted: ${JSON.stringify(value)}`);
}

scenario('snapshots', async (t) => {
  const sandbox = await t.create();
  await refused(sandbox.createSnapshot());
  assert.equal((await sandbox.commands.run('echo alive')).stdout, 'alive\n');
});

scenario('fork', async (t) => {
  const sandbox = await t.create();
  await refused(sandbox.fork());
  assert.equal((await sandbox.commands.run('echo alive')).stdout, 'alive\n');
});

scenario('network-rules', async (t) => {
  await refused(Sandbox.create({ network: { allowOut: ['1.1.1.1'] } }));
  await refused(Sandbox.create({ network: { denyOut: ['0.0.0.0/0'], allowOut: ['example.org'] } }));
  const sandbox = await t.create();
  await refused(sandbox.updateNetwork({ allowOut: ['1.1.1.1'] }));
});

scenario('volumes', async () => {
  await refused(sdk.Volume.create('some-volume'));
  await refused(Sandbox.create({ volumeMounts: { '/data': 'some-volume' } }));
});

scenario('secrets', async () => {
  await refused(sdk.Secret.create('some-secret', 'value'));
});

scenario('template-builds', async () => {
  await refused(sdk.Template.build(sdk.Template().fromTemplate('base').runCmd('true'), 'some-name'));
  await refused(sdk.Template.assignTags('base', 'v1'));
});
