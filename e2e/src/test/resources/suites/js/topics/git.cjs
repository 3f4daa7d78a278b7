'use strict';
const sdk = require('e2b');
const { assert, rejects, topic } = require('../harness.cjs');
const { scenario } = topic('git', sdk);

let number = 0;
const AUTHOR = { authorName: 'A', authorEmail: 'a@example.org' };

/** A repository with one commit. */
async function repository(t) {
  const { git, files, commands } = await t.shared();
  number += 1;
  const path = `/home/user/repo${number}`;
  await git.init(path, { initialBranch: 'main' });
  await files.write(`${path}/a.txt`, 'one\n');
  await git.add(path);
  await git.commit(path, 'first', AUTHOR);
  return { git, files, commands, path };
}

scenario('init-add-commit-status', async (t) => {
  const { git, files, path } = await repository(t);
  const clean = await git.status(path);
  assert.equal(clean.currentBranch, 'main');
  assert.equal(clean.isClean, true);
  await files.write(`${path}/a.txt`, 'two\n');
  await files.write(`${path}/new.txt`, 'new\n');
  const dirty = await git.status(path);
  assert.equal(dirty.hasChanges, true);
  assert.equal(dirty.hasUntracked, true);
  assert.deepEqual(dirty.fileStatus.map(({ name, status }) => [name, status]).sort(), [
    ['a.txt', 'modified'],
    ['new.txt', 'untracked'],
  ]);
  await git.add(path, { files: ['a.txt'] });
  assert.equal((await git.status(path)).hasStaged, true);
  await git.commit(path, 'second', AUTHOR);
  await git.commit(path, 'nothing', { ...AUTHOR, allowEmpty: true });
});

scenario('branches', async (t) => {
  const { git, path } = await repository(t);
  await git.createBranch(path, 'topic');
  assert.deepEqual(await git.branches(path), { branches: ['main', 'topic'], currentBranch: 'topic' });
  await git.checkoutBranch(path, 'main');
  await git.deleteBranch(path, 'topic');
  await git.createBranch(path, 'other');
  await git.commit(path, 'only there', { ...AUTHOR, allowEmpty: true });
  await git.checkoutBranch(path, 'main');
  await rejects(git.deleteBranch(path, 'other'), sdk.CommandExitError);
  await git.deleteBranch(path, 'other', { force: true });
  assert.deepEqual((await git.branches(path)).branches, ['main']);
});

scenario('reset-and-restore', async (t) => {
  const { git, files, path } = await repository(t);
  await files.write(`${path}/a.txt`, 'changed\n');
  await git.restore(path, { paths: ['a.txt'] });
  assert.equal(await files.read(`${path}/a.txt`), 'one\n');
  await files.write(`${path}/a.txt`, 'changed\n');
  await git.add(path);
  await git.reset(path, { paths: ['a.txt'] });
  assert.equal((await git.status(path)).hasStaged, false);
  await git.reset(path, { mode: 'hard', target: 'HEAD' });
  assert.equal(await files.read(`${path}/a.txt`), 'one\n');
});

scenario('clone-push-pull', async (t) => {
  const { git, files, commands, path } = await repository(t);
  const bare = `${path}.git`;
  await git.init(bare, { bare: true, initialBranch: 'main' });
  await git.remoteAdd(path, 'origin', bare);
  assert.equal(await git.remoteGet(path, 'origin'), bare);
  assert.equal(await git.remoteGet(path, 'none'), undefined);
  await git.push(path, { remote: 'origin', branch: 'main' });
  const copy = `${path}-copy`;
  await git.clone(`file://${bare}`, { path: copy, branch: 'main', depth: 1 });
  assert.equal(await files.read(`${copy}/a.txt`), 'one\n');
  await files.write(`${copy}/b.txt`, 'b\n');
  await git.add(copy);
  await git.commit(copy, 'from the copy', AUTHOR);
  await git.push(copy);
  await git.pull(path);
  assert.equal(await files.read(`${path}/b.txt`), 'b\n');
  assert.match((await commands.run(`git -C ${path} log --format=%s`)).stdout, /from the copy\nfirst\n/);
});

scenario('no-upstream', async (t) => {
  const { git, path } = await repository(t);
  await rejects(git.pull(path), sdk.GitUpstreamError);
});

scenario('remote-overwrite', async (t) => {
  const { git, path } = await repository(t);
  await git.remoteAdd(path, 'origin', '/one');
  await rejects(git.remoteAdd(path, 'origin', '/two'), sdk.CommandExitError);
  await git.remoteAdd(path, 'origin', '/two', { overwrite: true });
  assert.equal(await git.remoteGet(path, 'origin'), '/two');
});

scenario('config-and-user', async (t) => {
  const { git, path } = await repository(t);
  await git.configureUser('Me', 'me@example.org');
  assert.equal(await git.getConfig('user.name'), 'Me');
  await git.setConfig('user.name', 'Local', { scope: 'local', path });
  assert.equal(await git.getConfig('user.name', { scope: 'local', path }), 'Local');
  assert.equal(await git.getConfig('no.such'), undefined);
});

scenario('stored-credentials', async (t) => {
  const { git, commands } = await t.shared();
  await git.dangerouslyAuthenticate({ username: 'u', password: 'p', host: 'example.org' });
  assert.match((await commands.run('cat ~/.git-credentials')).stdout, /https:\/\/u:p@example\.org/);
});

scenario('clone-of-nothing', async (t) => {
  const { git } = await t.shared();
  await rejects(git.clone('file:///nowhere/repository'), sdk.CommandExitError);
});
