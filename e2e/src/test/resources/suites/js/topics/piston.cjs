'use strict';
// The clients of Piston's API, unchanged: only the base URL is ours. SKERRY_E2E_PISTON is the address without a key.
const { NodePistonClient } = require('piston-api-client');
const WebSocket = require('ws');
const { assert, topic, until } = require('../harness.cjs');
const { scenario } = topic('piston', {});

const OWN = process.env.SKERRY_E2E_PISTON;
const KEY = process.env.E2B_API_KEY;
const KEYED = `${process.env.SKERRY_E2E_HTTP}/k/${KEY}`;

/** An ES module. */
const simple = async (server = KEYED) => (await import(require.resolve('piston-client'))).default({ server });
const typed = (server = KEYED) => new NodePistonClient({ server });

async function run(language, content, more = {}) {
  const { success, data, error } = await typed().execute({ language, version: '*', files: [{ content }], ...more });
  assert.ok(success, String(error));
  assert.ok(data.run, JSON.stringify(data));
  return data;
}

/** Sends messages, after the first only when the last of `after` has been heard; all that was heard, and the close. */
function connect(base, init, reactions = {}) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${base.replace('http', 'ws')}/api/v2/connect`);
    const heard = [];
    const pending = { ...reactions };
    const text = (stream) => heard.filter((m) => m.stream === stream).map((m) => m.data).join('');
    socket.on('open', () => init && socket.send(JSON.stringify({ type: 'init', ...init })));
    socket.on('message', (data) => {
      heard.push(JSON.parse(data));
      for (const wanted of Object.keys(pending)) {
        if (text('stdout').includes(wanted)) {
          pending[wanted].forEach((message) => socket.send(JSON.stringify(message)));
          delete pending[wanted];
        }
      }
    });
    socket.on('close', (code, reason) => {
      const exit = (stage) => heard.find((m) => m.type === 'exit' && m.stage === stage);
      resolve({ heard, code, reason: String(reason), text, exit });
    });
    socket.on('error', reject);
  });
}

const python = (content, more = {}) => ({ language: 'python', version: '3.x', files: [{ content }], ...more });

scenario('simple-client', async () => {
  const client = await simple();
  const runtimes = await client.runtimes();
  assert.ok(Array.isArray(runtimes), JSON.stringify(runtimes));
  assert.ok(runtimes.some((r) => r.language === 'python' && /^3\.\d+\.\d+$/.test(r.version)));
  const short = await client.execute('python', 'import sys; print(sys.argv[1:])');
  assert.equal(short.run.stdout, "['1', '2', '3']\n");
  assert.equal(short.language, 'python');
  const long = await client.execute('python', {
    files: [{ name: 'a.py', content: 'import b; print(b.x, input())' }, { name: 'b.py', content: 'x = 7' }],
    stdin: 'in',
    args: [],
    runTimeout: 2000,
  });
  assert.equal(long.run.stdout, '7 in\n');
  assert.equal(long.run.code, 0);
});

scenario('typed-client', async () => {
  const client = typed();
  const { success, data: runtimes } = await client.runtimes();
  assert.ok(success);
  for (const { language, version, aliases } of runtimes) {
    assert.equal(typeof language, 'string');
    assert.match(version, /^\d+\.\d+\.\d+/);
    assert.ok(Array.isArray(aliases));
  }
  const data = await run('py', 'print("hello", end="")');
  assert.equal(data.run.stdout, 'hello');
  assert.equal(data.language, 'python');
  assert.deepEqual(Object.keys(data.run).slice(0, 10), [
    'stdout', 'stderr', 'output', 'code', 'signal', 'message', 'status', 'cpu_time', 'wall_time', 'memory',
  ]);
  assert.ok(data.run.memory > 100000 && data.run.wall_time > 0);
  assert.equal(data.sandbox.isolation, 'container');
  assert.ok(['cold', 'warm', 'prestarted'].includes(data.sandbox.start));
});

scenario('a-wrong-key', async () => {
  const wrong = `${process.env.SKERRY_E2E_HTTP}/k/e2b_${'0'.repeat(40)}`;
  assert.equal((await (await simple(wrong)).runtimes()).message, 'the API key is not valid');
  assert.equal((await typed(wrong).runtimes()).data.message, 'the API key is not valid');
});

scenario('compile-and-run', async () => {
  const good = await run('c', '#include <stdio.h>\nint main(int c, char **v) { printf("%s %d", v[1], getchar()); }', {
    args: ['one'], stdin: '',
  });
  assert.equal(good.compile.code, 0);
  assert.equal(good.run.stdout, 'one 10');
  const bad = await run('c', 'int main( {');
  assert.equal(bad.compile.code, 1);
  assert.match(bad.compile.stderr, /error/);
  assert.deepEqual(bad.run, bad.compile);
});

scenario('ends', async () => {
  const exited = (await run('python', 'import sys; sys.exit(7)')).run;
  assert.deepEqual([exited.code, exited.signal, exited.status], [7, null, 'RE']);
  assert.equal(exited.message, 'Exited with error status 7');
  const signalled = (await run('c', '#include <signal.h>\nint main() { raise(SIGSEGV); }')).run;
  assert.deepEqual([signalled.code, signalled.signal, signalled.status], [null, 'SIGSEGV', 'SG']);
  const late = (await run('python', 'print(1, flush=True)\nimport time\ntime.sleep(9)', { run_timeout: 400 })).run;
  assert.deepEqual([late.code, late.signal, late.status, late.stdout], [null, 'SIGKILL', 'TO', '1\n']);
  assert.equal(late.message, 'Time limit exceeded (wall clock)');
  const busy = (await run('python', 'while True: pass', { run_cpu_time: 300 })).run;
  assert.deepEqual([busy.code, busy.signal, busy.status], [null, 'SIGKILL', 'TO']);
  assert.equal(busy.message, 'Time limit exceeded');
});

scenario('memory', async () => {
  const { run: full } = await run('python', 'x = "a" * 400_000_000; print(len(x))', { run_memory_limit: 60_000_000 });
  assert.deepEqual([full.code, full.signal, full.status, full.stdout], [137, null, 'RE', '']);
  assert.equal(full.message, 'Exited with error status 137');
  assert.equal(full.reason, 'out_of_memory');
  const { run: fits } = await run('python', 'x = "a" * 400_000_000; print(len(x))', { run_memory_limit: -1 });
  assert.equal(fits.stdout, '400000000\n');
  assert.ok(fits.memory > 400_000_000);
});

scenario('output-is-cut-at-the-limit', async () => {
  const { run: much } = await run('python', 'print("x" * 5000, end="")');
  assert.equal(much.stdout.length, 5000);
  // Of one byte each: this client takes the pieces of an answer for text one by one.
  const { run: flood } = await run('python', 'import sys\nwhile True: sys.stdout.write("x" * 1000)');
  assert.deepEqual([flood.code, flood.signal, flood.status], [null, 'SIGKILL', 'OL']);
  assert.equal(flood.message, 'stdout length exceeded');
  assert.equal(flood.stdout.length, 65536);
  assert.equal(flood.truncated, true);
  const { run: noise } = await run('python', 'import sys\nwhile True: sys.stderr.write("e" * 1000)');
  assert.deepEqual([noise.status, noise.stderr.length], ['EL', 65536]);
});

scenario('output-is-interleaved', async () => {
  const lines = [...Array(6).keys()].map((i) => `print(${i}, file=sys.std${i % 2 ? 'err' : 'out'}, flush=True)`);
  const { run: both } = await run('python', `import sys, time\n${lines.join('; time.sleep(0.05)\n')}`);
  assert.equal(both.output, '0\n1\n2\n3\n4\n5\n');
});

scenario('where-a-program-runs', async () => {
  const look = 'import os, sys\nprint(os.getcwd(), sys.argv, *(os.environ[n] for n in ("HOME", "PISTON_LANGUAGE")))';
  const { run: there } = await run('py', '', { args: ['a'], files: [{ name: 'x/look.py', content: look }] });
  assert.equal(there.stdout, "/box ['/box/x/look.py', 'a'] /tmp python\n");
});

scenario('no-network-and-nothing-of-the-last-job', async () => {
  const look = 'import os, socket\nprint(os.path.exists("/tmp/left"))\nopen("/tmp/left", "w")\n'
    + 's = socket.socket()\ns.settimeout(1)\n'
    + 'print(s.connect_ex(("127.0.0.1", 22)) != 0, s.connect_ex(("1.1.1.1", 53)) != 0)';
  for (let i = 0; i < 2; i += 1) assert.equal((await run('python', look)).run.stdout, 'False\nTrue True\n');
});

scenario('limits-and-their-refusals', async () => {
  const { data } = await typed().execute(python('', { run_timeout: 3001 }));
  assert.equal(data.message, 'run_timeout cannot exceed the configured limit of 3000');
  assert.equal((await typed().execute({ language: 'cobol', version: '1', files: [] })).data.message,
    'cobol-1 runtime is unknown');
});

scenario('socket-input-and-end', async () => {
  const program = 'import sys\nprint("name?", flush=True)\nprint("hi", input(), flush=True)\n'
    + 'print(len(sys.stdin.read()))';
  const { code, reason, heard, text, exit } = await connect(KEYED, python(program), {
    'name?': [{ type: 'data', stream: 'stdin', data: 'Ann\n' }],
    'hi Ann': [{ type: 'data', stream: 'stdin', data: 'more' }, { type: 'eof' }],
  });
  assert.deepEqual([code, reason], [4999, 'Job Completed']);
  assert.equal(text('stdout'), 'name?\nhi Ann\n4\n');
  assert.deepEqual([heard[0].type, heard[0].language], ['runtime', 'python']);
  assert.deepEqual(heard[1], { type: 'stage', stage: 'run' });
  assert.deepEqual([exit('run').code, exit('run').signal, exit('run').status], [0, null, null]);
  assert.ok(exit('run').wall_time > 0);
});

scenario('socket-signals', async () => {
  // Not print: the signal may come while the program is still in the print before, and Python refuses that.
  const program = 'import os, signal, sys, time\n'
    + 'signal.signal(signal.SIGTERM, lambda *_: (os.write(1, b"caught\\n"), sys.exit(5)))\n'
    + 'print("ready", flush=True)\ntime.sleep(9)';
  const { text, exit } = await connect(KEYED, python(program), { ready: [{ type: 'signal', signal: 'SIGTERM' }] });
  assert.equal(text('stdout'), 'ready\ncaught\n');
  assert.equal(exit('run').code, 5);
  const killed = await connect(KEYED, python('print("ready", flush=True)\nimport time\ntime.sleep(9)'), {
    ready: [{ type: 'signal', signal: 'SIGINT' }, { type: 'signal', signal: 'SIGKILL' }],
  });
  assert.equal(killed.code, 4999);
  assert.ok(['SIGINT', 'SIGKILL'].includes(killed.exit('run').signal), JSON.stringify(killed.exit('run')));
});

scenario('socket-compile', async () => {
  const good = await connect(KEYED, { language: 'c', version: '*', files: [{ content: 'int main() { return 3; }' }] });
  assert.deepEqual(good.heard.filter((m) => m.type === 'stage').map((m) => m.stage), ['compile', 'run']);
  assert.deepEqual([good.exit('compile').code, good.exit('run').code, good.code], [0, 3, 4999]);
  const bad = await connect(KEYED, { language: 'c', version: '*', files: [{ content: 'int main( {' }] });
  assert.deepEqual([bad.exit('compile').code, bad.exit('run'), bad.code], [1, undefined, 4999]);
  assert.match(bad.text('stderr'), /error/);
});

scenario('socket-more-than-an-answer-holds', async () => {
  const { text, code } = await connect(KEYED, python('print("x" * 300_000)'));
  assert.equal(text('stdout').length, 300_001);
  assert.equal(code, 4999);
});

scenario('socket-closes', async () => {
  const silent = await connect(KEYED);
  assert.deepEqual([silent.code, silent.reason], [4001, 'Initialization Timeout']);
  const wrong = await connect(KEYED, { language: 'python' });
  assert.deepEqual([wrong.code, wrong.heard[0].message], [4002, 'version is required as a string']);
});

scenario('a-client-that-leaves-ends-its-job', async () => {
  const before = await metric('skerry_http_requests_active');
  const socket = new WebSocket(`${KEYED.replace('http', 'ws')}/api/v2/connect`);
  const ready = new Promise((resolve, reject) => {
    socket.on('message', (data) => String(data).includes('ready') && resolve());
    socket.on('error', reject);
  });
  socket.on('open', () => socket.send(JSON.stringify({
    type: 'init', ...python('print("ready", flush=True)\nimport time\ntime.sleep(2.9)'),
  })));
  await ready;
  socket.terminate();
  await until('the job to end', async () => (await metric('skerry_http_requests_active')) <= before, 2);
});

async function metric(name) {
  const answer = await fetch(`${process.env.SKERRY_E2E_HTTP}/metrics`, { headers: { 'X-API-Key': KEY } });
  return Number((await answer.text()).match(new RegExp(`^${name} (\\S+)$`, 'm'))[1]);
}

scenario('without-a-key', async () => {
  const shut = await typed(process.env.SKERRY_E2E_HTTP).runtimes();
  assert.equal(shut.data.message, 'the request has no API key');
  const data = (await typed(OWN).execute(python('print(1)'))).data;
  assert.equal(data.run.stdout, '1\n');
  const { text } = await connect(OWN, python('print(2)'));
  assert.equal(text('stdout'), '2\n');
});
