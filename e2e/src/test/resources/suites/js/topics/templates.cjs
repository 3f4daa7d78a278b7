'use strict';
const sdk = require('e2b');
const { assert, topic } = require('../harness.cjs');
const { scenario } = topic('templates', sdk);
const { Template } = sdk;

scenario('exists', async () => {
  assert.equal(await Template.exists('base'), true);
  assert.equal(await Template.exists('code-interpreter-v1'), true);
  assert.equal(await Template.exists('no-such-template'), false);
  assert.equal(await Template.aliasExists('base'), true);
});

scenario('by-name-and-tag', async (t) => {
  const sandbox = await t.create('base:default');
  assert.equal((await sandbox.getInfo()).name, 'base');
});
