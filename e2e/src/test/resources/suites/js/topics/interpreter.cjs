'use strict';
const sdk = require('@e2b/code-interpreter');
const { assert, rejects, topic, until } = require('../harness.cjs');
const { scenario } = topic('interpreter', sdk);

scenario('state-is-kept', async (t) => {
  const sandbox = await t.shared();
  await sandbox.runCode('x = 1');
  const execution = await sandbox.runCode('x += 1; x');
  assert.equal(execution.text, '2');
  assert.equal(execution.error, undefined);
  assert.deepEqual(execution.logs, { stdout: [], stderr: [] });
  await sandbox.runCode('def twice(n):\n    return 2 * n\n');
  assert.equal((await sandbox.runCode('twice(21)')).text, '42');
});

scenario('strings-come-without-quotes', async (t) => {
  const sandbox = await t.shared();
  assert.equal((await sandbox.runCode('"plain"')).text, 'plain');
  assert.equal((await sandbox.runCode('["in", "a", "list"]')).text, "['in', 'a', 'list']");
});

scenario('execution-count', async (t) => {
  const sandbox = await t.create();
  const first = await sandbox.runCode('1');
  const second = await sandbox.runCode('2');
  assert.ok(first.executionCount >= 1);
  assert.equal(second.executionCount, first.executionCount + 1);
});

scenario('stdout-and-stderr', async (t) => {
  const sandbox = await t.shared();
  const out = [];
  const err = [];
  const execution = await sandbox.runCode('import sys\nprint("out")\nprint("err", file=sys.stderr)\n"value"', {
    onStdout: (message) => void out.push(message),
    onStderr: (message) => void err.push(message),
  });
  assert.equal(execution.logs.stdout.join(''), 'out\n');
  assert.equal(execution.logs.stderr.join(''), 'err\n');
  assert.equal(execution.text, 'value');
  assert.equal(out.map(({ line }) => line).join(''), 'out\n');
  assert.equal(err.map(({ line }) => line).join(''), 'err\n');
  assert.equal(out[0].error, false);
  assert.equal(err[0].error, true);
});

scenario('output-as-it-happens', async (t) => {
  const sandbox = await t.shared();
  const times = [];
  await sandbox.runCode('import time\nfor i in range(3):\n    print(i, flush=True)\n    time.sleep(0.7)', {
    onStdout: () => void times.push(Date.now()),
  });
  assert.ok(times.at(-1) - times[0] > 900, 'the lines came together');
});

scenario('output-of-subprocesses', async (t) => {
  const sandbox = await t.shared();
  const { logs } = await sandbox.runCode('import os\n_ = os.system("echo from below")');
  assert.equal(logs.stdout.join(''), 'from below\n');
});

scenario('error', async (t) => {
  const sandbox = await t.shared();
  let told;
  const execution = await sandbox.runCode('def broken():\n    return 1 / 0\nbroken()', {
    onError: (error) => void (told = error),
  });
  assert.equal(execution.error.name, 'ZeroDivisionError');
  assert.equal(execution.error.value, 'division by zero');
  assert.match(execution.error.traceback, /broken/);
  assert.match(execution.error.traceback, /ZeroDivisionError/);
  assert.equal(told.name, 'ZeroDivisionError');
  assert.equal((await sandbox.runCode('1 + 1')).text, '2');
});

scenario('syntax-error', async (t) => {
  const { error } = await (await t.shared()).runCode('if True print(1)');
  assert.equal(error.name, 'SyntaxError');
});

scenario('exit-does-not-break-it', async (t) => {
  const sandbox = await t.create();
  await sandbox.runCode('import os; os._exit(3)').catch(() => undefined);
  await until('a new interpreter', async () => (await sandbox.runCode('6 * 7').catch(() => ({}))).text === '42', 30);
});

scenario('environment-of-a-run', async (t) => {
  const sandbox = await t.create({ envs: { OF_SANDBOX: 's' } });
  const code = 'import os\n(os.environ.get("OF_SANDBOX"), os.environ.get("OF_RUN"))';
  assert.equal((await sandbox.runCode(code, { envs: { OF_RUN: 'r' } })).text, "('s', 'r')");
  assert.equal((await sandbox.runCode(code)).text, "('s', None)");
});

scenario('working-folder-and-files', async (t) => {
  const sandbox = await t.shared();
  await sandbox.files.write('/home/user/data.csv', 'a,b\n1,2\n');
  assert.equal((await sandbox.runCode('open("data.csv").read()')).text, 'a,b\\n1,2\\n');
  await sandbox.runCode('with open("made.txt", "w") as f: _ = f.write("made")');
  assert.equal(await sandbox.files.read('/home/user/made.txt'), 'made');
});

scenario('time-limit', async (t) => {
  const sandbox = await t.create();
  const started = Date.now();
  await rejects(sandbox.runCode('while True: pass', { timeoutMs: 1500 }), sdk.TimeoutError, /timeoutMs/);
  assert.ok(Date.now() - started < 10000);
  await until('an answer', async () => (await sandbox.runCode('"free"')).text === 'free', 40);
});

scenario('javascript', async (t) => {
  const sandbox = await t.shared();
  const run = (code) => sandbox.runCode(code, { language: 'javascript' });
  await run('const base = 40; function add(n) { return base + n }');
  assert.equal((await run('add(2)')).text, '42');
  assert.equal((await run('console.log("out"); console.error("err")')).logs.stdout.join(''), 'out\n');
  const { error } = await run('throw new TypeError("no good")');
  assert.equal(error.name, 'TypeError');
  assert.match(error.value, /no good/);
  assert.equal((await run('await Promise.resolve(7)')).text, '7');
});

scenario('typescript', async (t) => {
  const sandbox = await t.shared();
  const code = 'interface Point { x: number }\nconst point: Point = { x: 41 };\npoint.x + 1';
  assert.equal((await sandbox.runCode(code, { language: 'typescript' })).text, '42');
});

scenario('bash', async (t) => {
  const sandbox = await t.shared();
  const run = (code) => sandbox.runCode(code, { language: 'bash' });
  await run('word=kept; cd /tmp');
  assert.equal((await run('echo "$word $PWD"; echo bad >&2')).logs.stdout.join(''), 'kept /tmp\n');
});

scenario('unknown-language', async (t) => {
  const sandbox = await t.shared();
  const failure = await sandbox.runCode('1', { language: 'klingon' }).then(
    (execution) => execution.error || new Error('accepted'),
    (error) => error,
  );
  assert.doesNotMatch(String(failure.message), /^accepted$/);
});

scenario('contexts', async (t) => {
  const sandbox = await t.shared();
  const one = await sandbox.createCodeContext({ cwd: '/tmp' });
  const other = await sandbox.createCodeContext({ language: 'javascript' });
  assert.equal(one.language, 'python');
  assert.equal(one.cwd, '/tmp');
  assert.equal(other.language, 'javascript');
  await sandbox.runCode('x = "one"', { context: one });
  assert.equal((await sandbox.runCode('import os; (x, os.getcwd())', { context: one })).text, "('one', '/tmp')");
  assert.equal((await sandbox.runCode('x', { context: other })).error.name, 'ReferenceError');
  const ids = (await sandbox.listCodeContexts()).map(({ id }) => id);
  assert.ok(ids.includes(one.id) && ids.includes(other.id));
  await sandbox.restartCodeContext(one);
  assert.equal((await sandbox.runCode('x', { context: one })).error.name, 'NameError');
  await sandbox.removeCodeContext(one);
  await sandbox.removeCodeContext(other.id);
  const left = (await sandbox.listCodeContexts()).map(({ id }) => id);
  assert.ok(!left.includes(one.id) && !left.includes(other.id));
  await rejects(sandbox.runCode('1', { context: one }), sdk.NotFoundError);
}, 120);

scenario('missing-context', async (t) => {
  const sandbox = await t.shared();
  await rejects(sandbox.removeCodeContext('none'), sdk.NotFoundError);
  await rejects(sandbox.restartCodeContext('none'), sdk.NotFoundError);
});

scenario('context-and-language', async (t) => {
  const sandbox = await t.shared();
  const context = await sandbox.createCodeContext();
  await rejects(sandbox.runCode('1', { context, language: 'bash' }), sdk.InvalidArgumentError);
  await sandbox.removeCodeContext(context);
});

scenario('contexts-run-at-the-same-time', async (t) => {
  const sandbox = await t.shared();
  const contexts = await Promise.all([sandbox.createCodeContext(), sandbox.createCodeContext()]);
  const started = Date.now();
  const code = 'import time; time.sleep(2); "done"';
  const results = await Promise.all(contexts.map((context) => sandbox.runCode(code, { context })));
  assert.deepEqual(results.map(({ text }) => text), ['done', 'done']);
  assert.ok(Date.now() - started < 3800, 'one waited for the other');
  for (const context of contexts) await sandbox.removeCodeContext(context);
});

scenario('state-survives-a-pause', async (t) => {
  const sandbox = await t.create();
  await sandbox.runCode('kept = "yes"');
  await sandbox.pause();
  const resumed = await sdk.Sandbox.connect(sandbox.sandboxId);
  assert.equal((await resumed.runCode('kept')).text, 'yes');
});

scenario('dead-sandbox', async (t) => {
  const sandbox = await t.create();
  await sandbox.kill();
  await rejects(sandbox.runCode('1'), sdk.TimeoutError);
});

scenario('killed-in-the-middle', async (t) => {
  const sandbox = await t.create();
  let begun = false;
  const run = sandbox.runCode('print("begun", flush=True)\nimport time; time.sleep(60)', {
    onStdout: () => void (begun = true),
  });
  const ended = rejects(run, sdk.TimeoutError);
  await until('output', () => begun);
  await sandbox.kill();
  await ended;
});

scenario('large-output', async (t) => {
  const sandbox = await t.shared();
  const { logs } = await sandbox.runCode('for i in range(200000): print("é%06d" % i)');
  const text = logs.stdout.join('');
  assert.equal(text.length, 200000 * 8);
  assert.ok(text.startsWith('é000000\n') && text.endsWith('é199999\n'));
});

scenario('same-origin-needs-the-token', async (t) => {
  const sandbox = await t.shared();
  const response = await fetch(`${process.env.SKERRY_E2E_HTTP}/execute`, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      'E2b-Sandbox-Id': sandbox.sandboxId,
      'E2b-Sandbox-Port': '49999',
    },
    body: JSON.stringify({ code: '1' }),
  });
  assert.equal(response.status, 401);
});
