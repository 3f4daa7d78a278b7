'use strict';
const crypto = require('node:crypto');
const sdk = require('e2b');
const { assert, rejects, topic } = require('../harness.cjs');
const { scenario } = topic('files', sdk);

const ODD = '/home/user/ä ö/naïve & co #1 100%.txt';

async function collect(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

scenario('write-and-read-text', async (t) => {
  const { files } = await t.shared();
  const info = await files.write('/home/user/a.txt', 'Grüße, 世界\n');
  assert.deepEqual({ ...info, metadata: undefined }, {
    name: 'a.txt',
    type: 'file',
    path: '/home/user/a.txt',
    metadata: undefined,
  });
  assert.equal(await files.read('/home/user/a.txt'), 'Grüße, 世界\n');
  await files.write('/home/user/a.txt', 'shorter');
  assert.equal(await files.read('/home/user/a.txt', { format: 'text' }), 'shorter');
});

scenario('every-format', async (t) => {
  const { files } = await t.shared();
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
  await files.write('/tmp/bytes', bytes.buffer);
  assert.deepEqual(await files.read('/tmp/bytes', { format: 'bytes' }), bytes);
  const blob = await files.read('/tmp/bytes', { format: 'blob' });
  assert.deepEqual(new Uint8Array(await blob.arrayBuffer()), bytes);
  const stream = await files.read('/tmp/bytes', { format: 'stream' });
  assert.deepEqual(new Uint8Array(await collect(stream)), bytes);
});

scenario('empty', async (t) => {
  const { files } = await t.shared();
  await files.write('/tmp/empty', '');
  assert.equal(await files.read('/tmp/empty'), '');
  assert.equal((await files.read('/tmp/empty', { format: 'bytes' })).length, 0);
  assert.equal((await files.read('/tmp/empty', { format: 'blob' })).size, 0);
  assert.equal((await collect(await files.read('/tmp/empty', { format: 'stream' }))).length, 0);
  assert.equal((await files.getInfo('/tmp/empty')).size, 0);
});

scenario('odd-names', async (t) => {
  const { files, commands } = await t.shared();
  assert.equal((await files.write(ODD, 'odd')).path, ODD);
  assert.equal(await files.read(ODD), 'odd');
  assert.equal((await files.getInfo(ODD)).name, 'naïve & co #1 100%.txt');
  assert.equal((await commands.run(`cat '${ODD}'`)).stdout, 'odd');
});

scenario('relative-to-the-home', async (t) => {
  const { files } = await t.shared();
  assert.equal((await files.write('rel/b.txt', 'b')).path, '/home/user/rel/b.txt');
  assert.equal(await files.read('rel/b.txt'), 'b');
  assert.equal(await files.read('~/rel/b.txt'), 'b');
  assert.equal((await files.write('c.txt', 'c', { user: 'root' })).path, '/root/c.txt');
});

scenario('owner-and-parents', async (t) => {
  const { files, commands } = await t.shared();
  await files.write('/home/user/deep/er/x', 'x');
  const { stdout } = await commands.run('stat -c "%U %G" deep deep/er deep/er/x');
  assert.equal(stdout, 'user user\nuser user\nuser user\n');
  await files.write('/home/user/of-root', 'x', { user: 'root' });
  assert.equal((await commands.run('stat -c %U of-root')).stdout, 'root\n');
});

scenario('unknown-user', async (t) => {
  const { files } = await t.shared();
  await rejects(files.read('/etc/hostname', { user: 'nobody-here' }), sdk.AuthenticationError);
  await rejects(files.write('/tmp/x', 'x', { user: 'nobody-here' }), sdk.AuthenticationError);
  await rejects(files.list('/tmp', { user: 'nobody-here' }), sdk.AuthenticationError);
});

scenario('read-errors', async (t) => {
  const { files } = await t.shared();
  for (const format of ['text', 'bytes', 'blob', 'stream']) {
    await rejects(files.read('/tmp/none', { format }), sdk.FileNotFoundError, /none/);
  }
  await rejects(files.read('/tmp'), sdk.InvalidArgumentError, /directory/);
});

scenario('write-errors', async (t) => {
  const { files } = await t.shared();
  await rejects(files.write('/tmp', 'x'), sdk.InvalidArgumentError, /directory/);
  await files.write('/tmp/plain', 'x');
  await rejects(files.write('/tmp/plain/below', 'x'), Error);
  await rejects(files.write('/proc/version', 'x'), Error);
});

scenario('exists', async (t) => {
  const { files } = await t.shared();
  await files.write('/tmp/there', '');
  assert.equal(await files.exists('/tmp/there'), true);
  assert.equal(await files.exists('/tmp'), true);
  assert.equal(await files.exists('/tmp/none/there'), false);
});

scenario('info', async (t) => {
  const { files, commands } = await t.shared();
  await files.write('/home/user/info.txt', 'twelve bytes');
  await commands.run('chmod 640 info.txt; ln -sf info.txt link; mkdir -p folder');
  const info = await files.getInfo('/home/user/info.txt');
  assert.equal(info.name, 'info.txt');
  assert.equal(info.type, sdk.FileType.FILE);
  assert.equal(info.path, '/home/user/info.txt');
  assert.equal(info.size, 12);
  assert.equal(info.mode, 0o640);
  assert.equal(info.permissions, '-rw-r-----');
  assert.equal(info.owner, 'user');
  assert.equal(info.group, 'user');
  assert.ok(Math.abs(info.modifiedTime - Date.now()) < 60000);
  const link = await files.getInfo('/home/user/link');
  assert.match(link.symlinkTarget, /info\.txt$/);
  const folder = await files.getInfo('/home/user/folder');
  assert.equal(folder.type, sdk.FileType.DIR);
  assert.match(folder.permissions, /^d/);
  await rejects(files.getInfo('/home/user/none'), sdk.FileNotFoundError);
});

scenario('list', async (t) => {
  const { files, commands } = await t.shared();
  await commands.run('mkdir -p tree/a/b && touch tree/1 tree/a/2 tree/a/b/3');
  const names = async (options) => (await files.list('/home/user/tree', options)).map((entry) => entry.path).sort();
  const below = (...paths) => paths.map((path) => `/home/user/tree/${path}`).sort();
  assert.deepEqual(await names(), below('1', 'a'));
  assert.deepEqual(await names({ depth: 1 }), below('1', 'a'));
  assert.deepEqual(await names({ depth: 2 }), below('1', 'a', 'a/2', 'a/b'));
  assert.deepEqual(await names({ depth: 9 }), below('1', 'a', 'a/2', 'a/b', 'a/b/3'));
  const entry = (await files.list('/home/user/tree')).find(({ name }) => name === 'a');
  assert.equal(entry.type, 'dir');
  assert.equal(entry.owner, 'user');
});

scenario('list-errors', async (t) => {
  const { files } = await t.shared();
  await rejects(files.list('/home/none'), sdk.FileNotFoundError);
  await files.write('/tmp/plain', 'x');
  await rejects(files.list('/tmp/plain'), sdk.InvalidArgumentError, /not a directory/);
  await rejects(files.list('/tmp', { depth: 0 }), sdk.InvalidArgumentError);
});

scenario('list-of-a-large-folder', async (t) => {
  const { files, commands } = await t.shared();
  await commands.run('mkdir many && cd many && seq 1 3000 | xargs touch');
  assert.equal((await files.list('/home/user/many')).length, 3000);
});

scenario('make-dir', async (t) => {
  const { files } = await t.shared();
  assert.equal(await files.makeDir('/home/user/new/deep'), true);
  assert.equal(await files.makeDir('/home/user/new/deep'), false);
  assert.equal((await files.getInfo('/home/user/new')).owner, 'user');
  await files.write('/tmp/plain', 'x');
  await rejects(files.makeDir('/tmp/plain'), sdk.InvalidArgumentError);
});

scenario('rename', async (t) => {
  const { files } = await t.shared();
  await files.write('/home/user/old.txt', 'moved');
  const info = await files.rename('/home/user/old.txt', '/home/user/other/new.txt');
  assert.equal(info.path, '/home/user/other/new.txt');
  assert.equal(info.name, 'new.txt');
  assert.equal(await files.read('/home/user/other/new.txt'), 'moved');
  assert.equal(await files.exists('/home/user/old.txt'), false);
  await files.makeDir('/home/user/folder1');
  await files.rename('/home/user/folder1', '/home/user/folder2');
  assert.equal((await files.getInfo('/home/user/folder2')).type, 'dir');
  await rejects(files.rename('/home/user/none', '/home/user/x'), sdk.FileNotFoundError);
});

scenario('remove', async (t) => {
  const { files } = await t.shared();
  await files.write('/home/user/gone/a/b', 'x');
  await files.remove('/home/user/gone/a/b');
  assert.equal(await files.exists('/home/user/gone/a/b'), false);
  await files.remove('/home/user/gone');
  assert.equal(await files.exists('/home/user/gone'), false);
  await files.remove('/home/user/gone');
});

scenario('what-a-command-wrote', async (t) => {
  const { files, commands } = await t.shared();
  await commands.run('head -c 3000000 /dev/urandom > random && sha256sum random > sum');
  const bytes = await files.read('/home/user/random', { format: 'bytes' });
  const sum = crypto.createHash('sha256').update(bytes).digest('hex');
  assert.ok((await files.read('/home/user/sum')).startsWith(sum));
});

scenario('read-through-a-link', async (t) => {
  const { files, commands } = await t.shared();
  await commands.run('echo target > target; ln -sf target pointer');
  assert.equal(await files.read('/home/user/pointer'), 'target\n');
});

scenario('no-space', async (t) => {
  const sandbox = await t.create();
  const block = Buffer.alloc(1 << 20);
  await sandbox.commands.run('dd if=/dev/zero of=/home/user/fill bs=1M 2>/dev/null || true', { timeoutMs: 0 });
  await rejects(sandbox.files.write('/home/user/more', new Blob([block])), sdk.NotEnoughSpaceError);
  await sandbox.files.remove('/home/user/fill');
  await sandbox.files.write('/home/user/more', new Blob([block]));
}, 180);
