'use strict';
const crypto = require('node:crypto');
const sdk = require('e2b');
const { assert, rejects, topic } = require('../harness.cjs');
const { scenario } = topic('uploads', sdk);

const TEXT = 'a line that can be compressed\n'.repeat(20000);
const sha256 = (bytes) => crypto.createHash('sha256').update(bytes).digest('hex');

function streamOf(...chunks) {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk));
      controller.close();
    },
  });
}

scenario('blob-and-stream', async (t) => {
  const { files } = await t.shared();
  await files.write('/tmp/blob', new Blob(['one', ' and ', 'two']));
  assert.equal(await files.read('/tmp/blob'), 'one and two');
  await files.write('/tmp/stream', streamOf('three', ' and ', 'four'));
  assert.equal(await files.read('/tmp/stream'), 'three and four');
});

scenario('several-files', async (t) => {
  const { files } = await t.shared();
  const written = await files.write([
    { path: '/tmp/several/a', data: 'A' },
    { path: '/tmp/several/b/c', data: new Blob(['C']) },
    { path: 'several-relative', data: Uint8Array.from([68]).buffer },
  ]);
  assert.deepEqual(
    written.map(({ path }) => path),
    ['/tmp/several/a', '/tmp/several/b/c', '/home/user/several-relative'],
  );
  assert.equal(await files.read('/tmp/several/a'), 'A');
  assert.equal(await files.read('/tmp/several/b/c'), 'C');
  assert.equal(await files.read('several-relative'), 'D');
  assert.deepEqual(await files.write([]), []);
  assert.equal((await files.writeFiles([{ path: '/tmp/several/d', data: 'D' }])).length, 1);
});

scenario('same-file-twice', async (t) => {
  const { files } = await t.shared();
  const twice = [
    { path: '/tmp/twice', data: '1' },
    { path: '/tmp/twice', data: '2' },
  ];
  await rejects(files.write(twice), sdk.InvalidArgumentError);
});

scenario('octet-stream', async (t) => {
  const { files } = await t.shared();
  const info = await files.write('/tmp/octets', TEXT, { useOctetStream: true });
  assert.equal(info.path, '/tmp/octets');
  assert.equal(await files.read('/tmp/octets'), TEXT);
});

scenario('gzip', async (t) => {
  const { files } = await t.shared();
  await files.write('/tmp/gzip', TEXT, { gzip: true });
  assert.equal((await files.getInfo('/tmp/gzip')).size, TEXT.length);
  assert.equal(await files.read('/tmp/gzip'), TEXT);
  assert.equal(await files.read('/tmp/gzip', { gzip: true }), TEXT);
  const bytes = await files.read('/tmp/gzip', { gzip: true, format: 'bytes' });
  assert.equal(sha256(bytes), sha256(TEXT));
});

scenario('metadata', async (t) => {
  const { files } = await t.shared();
  const metadata = { author: 'somebody', 'x-purpose': 'a b; c' };
  const info = await files.write('/tmp/with-metadata', 'x', { metadata });
  assert.deepEqual(info.metadata, metadata);
  assert.deepEqual((await files.getInfo('/tmp/with-metadata')).metadata, metadata);
  const listed = (await files.list('/tmp')).find(({ name }) => name === 'with-metadata');
  assert.deepEqual(listed.metadata, metadata);
  await files.write('/tmp/with-metadata', 'y', { metadata: { other: '1' }, useOctetStream: true });
  assert.deepEqual((await files.getInfo('/tmp/with-metadata')).metadata, { other: '1' });
  await files.write('/tmp/with-metadata', 'z');
  assert.equal((await files.getInfo('/tmp/with-metadata')).metadata, undefined);
  await rejects(files.write('/tmp/x', 'x', { metadata: { 'no good': '1' } }), sdk.InvalidArgumentError);
});

scenario('large-file-both-ways', async (t) => {
  const { files, commands } = await t.shared();
  const chunk = crypto.randomBytes(1 << 20);
  const count = 24;
  const hash = crypto.createHash('sha256');
  let sent = 0;
  const source = new ReadableStream({
    pull(controller) {
      if (sent === count) return controller.close();
      sent += 1;
      hash.update(chunk);
      return controller.enqueue(new Uint8Array(chunk));
    },
  });
  await files.write('/home/user/large', source);
  const expected = hash.digest('hex');
  assert.match((await commands.run('sha256sum large')).stdout, new RegExp(`^${expected}`));
  const back = crypto.createHash('sha256');
  let size = 0;
  for await (const part of await files.read('/home/user/large', { format: 'stream' })) {
    back.update(part);
    size += part.length;
  }
  assert.equal(size, count << 20);
  assert.equal(back.digest('hex'), expected);
  await files.remove('/home/user/large');
}, 180);

scenario('a-reader-that-leaves', async (t) => {
  const { files, commands } = await t.shared();
  await commands.run('head -c 20000000 /dev/zero > zeros');
  for (let i = 0; i < 5; i++) {
    const reader = (await files.read('/home/user/zeros', { format: 'stream' })).getReader();
    await reader.read();
    await reader.cancel();
  }
  assert.equal((await files.read('/home/user/zeros', { format: 'bytes' })).length, 20000000);
});

scenario('many-at-once', async (t) => {
  const { files } = await t.shared();
  const names = Array.from({ length: 40 }, (_, i) => `/tmp/many/${i}`);
  await Promise.all(names.map((name) => files.write(name, name)));
  assert.deepEqual(await Promise.all(names.map((name) => files.read(name))), names);
});
