'use strict';
const crypto = require('node:crypto');
const fs = require('node:fs');
const http2 = require('node:http2');
const path = require('node:path');
const tls = require('node:tls');
const sdk = require('e2b');
const { PASS, assert, topic, until } = require('../harness.cjs');
const { scenario } = topic('urls', sdk);

const PROGRAM = fs.readFileSync(path.join(__dirname, '../guest/echo_server.py'), 'utf8');
const PORT = 18000;
let started;

/** The shared sandbox, with a server on a port of its loopback. */
async function served(t) {
  const sandbox = await t.shared();
  if (started === undefined) {
    started = serve(sandbox);
  }
  await started;
  return sandbox;
}

async function serve(sandbox) {
  await sandbox.files.write('/home/user/echo.py', PROGRAM);
  await sandbox.commands.run(`python3 echo.py ${PORT}`, { background: true, timeoutMs: 0 });
  const url = `https://${sandbox.getHost(PORT)}/hello?a=b%20c`;
  await until('the server in the sandbox', async () => (await fetch(url, { headers: header(sandbox) })).status === 200);
}

const header = (sandbox) =>
  sandbox.trafficAccessToken ? { 'E2B-Traffic-Access-Token': sandbox.trafficAccessToken } : {};

scenario('host-of-a-port', async (t) => {
  const sandbox = await t.shared();
  assert.equal(sandbox.getHost(3000), `3000-${sandbox.sandboxId}.${process.env.E2B_DOMAIN}`);
});

scenario('http-server', async (t) => {
  const sandbox = await t.create();
  await sandbox.files.write('/home/user/www/index.html', '<p>hello</p>');
  const server = 'python3 -m http.server 8000 --bind 127.0.0.1 --directory /home/user/www';
  await sandbox.commands.run(server, { background: true, timeoutMs: 0 });
  const url = `https://${sandbox.getHost(8000)}/`;
  const response = await until('the server', async () => {
    const answer = await fetch(url);
    return answer.status === 200 && answer;
  });
  assert.equal(await response.text(), '<p>hello</p>');
});

scenario('path-and-query-as-they-are', async (t) => {
  const sandbox = await served(t);
  const response = await fetch(`https://${sandbox.getHost(PORT)}/hello?a=b%20c`);
  assert.equal(await response.text(), 'hello from inside');
  assert.equal((await fetch(`https://${sandbox.getHost(PORT)}/none`)).status, 404);
});

scenario('headers', async (t) => {
  const sandbox = await served(t);
  const response = await fetch(`https://${sandbox.getHost(PORT)}/headers`, { headers: { 'X-Mine': 'kept' } });
  const seen = await response.json();
  assert.equal(seen['x-mine'], 'kept');
  assert.ok(seen.host.length > 0);
  for (const name of ['x-access-token', 'x-api-key', 'authorization']) assert.equal(seen[name], undefined);
});

scenario('large-body', async (t) => {
  const sandbox = await served(t);
  const body = crypto.randomBytes(8 << 20);
  const expected = `${crypto.createHash('sha256').update(body).digest('hex')} ${body.length}`;
  const url = `https://${sandbox.getHost(PORT)}/`;
  assert.equal(await (await fetch(url, { method: 'POST', body })).text(), expected);
  const chunked = new Blob([body]).stream();
  assert.equal(await (await fetch(url, { method: 'POST', body: chunked, duplex: 'half' })).text(), expected);
});

scenario('events-as-they-happen', async (t) => {
  const sandbox = await served(t);
  const response = await fetch(`https://${sandbox.getHost(PORT)}/events`);
  const times = [];
  let text = '';
  for await (const chunk of response.body) {
    times.push(Date.now());
    text += Buffer.from(chunk).toString();
  }
  assert.equal(text, 'data: 0\n\ndata: 1\n\ndata: 2\n\n');
  assert.ok(times.at(-1) - times[0] > 1500, 'the events came together');
});

scenario('http-2', async (t) => {
  const sandbox = await served(t);
  const session = http2.connect(`https://${sandbox.getHost(PORT)}`);
  try {
    const answers = await Promise.all(
      Array.from(
        { length: 10 },
        () =>
          new Promise((resolve, reject) => {
            session.on('error', reject);
            const request = session.request({ ':path': '/hello?a=b%20c' });
            let text = '';
            request.setEncoding('utf8');
            request.on('data', (data) => (text += data));
            request.on('end', () => resolve(text));
            request.on('error', reject);
          }),
      ),
    );
    assert.deepEqual(new Set(answers), new Set(['hello from inside']));
    assert.equal(session.alpnProtocol, 'h2');
  } finally {
    session.destroy();
  }
});

function frame(text) {
  const mask = Buffer.from([1, 2, 3, 4]);
  const data = Buffer.from(text).map((byte, i) => byte ^ mask[i % 4]);
  return Buffer.concat([Buffer.from([0x81, 0x80 | data.length]), mask, data]);
}

scenario('websocket', async (t) => {
  const sandbox = await served(t);
  const [host, port] = sandbox.getHost(PORT).split(':');
  const socket = tls.connect({ host, port: Number(port || 443), servername: host, ALPNProtocols: ['http/1.1'] });
  let received = Buffer.alloc(0);
  socket.on('data', (data) => (received = Buffer.concat([received, data])));
  const failed = new Promise((_, reject) => socket.on('error', reject));
  const see = (text) => Promise.race([failed, until(text, () => received.includes(text))]);
  try {
    await Promise.race([failed, new Promise((resolve) => socket.once('secureConnect', resolve))]);
    socket.write(
      `GET /socket HTTP/1.1\r\nHost: ${sandbox.getHost(PORT)}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
    );
    await see('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
    socket.write(frame('one'));
    await see('again one');
    socket.write(frame('two'));
    await see('again two');
  } finally {
    socket.destroy();
  }
});

scenario('shared-origin-with-headers', async (t) => {
  const sandbox = await served(t);
  const url = `${process.env.SKERRY_E2E_HTTP}/hello?a=b%20c`;
  const id = { 'E2b-Sandbox-Id': sandbox.sandboxId };
  const port = { 'E2b-Sandbox-Port': String(PORT) };
  assert.equal(await (await fetch(url, { headers: { ...id, ...port } })).text(), 'hello from inside');
  assert.equal((await fetch(url, { headers: id })).status, 400);
  assert.equal((await fetch(url, { headers: port })).status, 400);
  for (const bad of ['0', '65536', '-1', '1e3', '08000', 'http']) {
    assert.equal((await fetch(url, { headers: { ...id, 'E2b-Sandbox-Port': bad } })).status, 400, bad);
  }
});

scenario('closed-port', async (t) => {
  const sandbox = await t.shared();
  const response = await fetch(`https://${sandbox.getHost(18999)}/`);
  assert.equal(response.status, 502);
  const body = await response.json();
  assert.match(body.message, /port is not open/);
  assert.equal(body.code, 502);
});

scenario('sandbox-that-is-not-there', async (t) => {
  const sandbox = await t.create();
  const hosts = [`8000-0nosuchsandbox00000000000.${process.env.E2B_DOMAIN}`, sandbox.getHost(8000)];
  await sandbox.kill();
  for (const host of hosts) {
    const response = await fetch(`https://${host}/`);
    assert.equal(response.status, 502);
    assert.match((await response.json()).message, /was not found/);
  }
});

scenario('paused-sandbox', async (t) => {
  const sandbox = await t.create();
  await sandbox.pause();
  assert.equal((await fetch(`https://${sandbox.getHost(8000)}/`)).status, 502);
});

scenario('private-traffic', async (t) => {
  const sandbox = await t.create({ network: { allowPublicTraffic: false } });
  assert.ok(sandbox.trafficAccessToken.length > 20);
  await serve(sandbox);
  const url = `https://${sandbox.getHost(PORT)}/hello?a=b%20c`;
  assert.equal((await fetch(url)).status, 403);
  assert.equal((await fetch(url, { headers: { 'E2B-Traffic-Access-Token': 'wrong' } })).status, 403);
  const seen = await fetch(`https://${sandbox.getHost(PORT)}/headers`, { headers: header(sandbox) });
  assert.equal(seen.status, 200);
  assert.equal((await seen.json())['e2b-traffic-access-token'], undefined, 'the token went inside');
});

scenario('internal-routes-are-closed', async (t) => {
  const { sandboxId, envdAccessToken } = await t.shared();
  const headers = { 'E2b-Sandbox-Id': sandboxId, 'E2b-Sandbox-Port': '49983', 'X-Access-Token': envdAccessToken };
  for (const route of ['/init', '/freeze', '/unfreeze', '/collapse', '/fsfreeze', '/fsthaw']) {
    const response = await fetch(`${process.env.SKERRY_E2E_HTTP}${route}`, { method: 'POST', headers, body: '{}' });
    assert.equal(response.status, 404, route);
  }
});

/** Signed URLs have no id of a sandbox in them but the host's name. */
const signedStatus = (good) => (PASS === 'http' ? 404 : good);

scenario('signed-download', async (t) => {
  const sandbox = await t.shared();
  await sandbox.files.write('/home/user/signed & odd.txt', 'signed');
  const url = await sandbox.downloadUrl('/home/user/signed & odd.txt', { useSignatureExpiration: 60 });
  const response = await fetch(url);
  assert.equal(response.status, signedStatus(200));
  if (PASS !== 'http') assert.equal(await response.text(), 'signed');
  const relative = await fetch(await sandbox.downloadUrl('signed & odd.txt', { user: 'user' }));
  assert.equal(relative.status, signedStatus(200));
});

scenario('signed-download-refused', async (t) => {
  const sandbox = await t.shared();
  await sandbox.files.write('/home/user/signed.txt', 'signed');
  const good = new URL(await sandbox.downloadUrl('/home/user/signed.txt'));
  const without = new URL(good);
  without.searchParams.delete('signature');
  const other = new URL(good);
  other.searchParams.set('path', '/etc/passwd');
  const expired = new URL(await sandbox.downloadUrl('/home/user/signed.txt', { useSignatureExpiration: -10 }));
  for (const [url, message] of [
    [without, /missing signature query parameter/],
    [other, /invalid signature/],
    [expired, /signature is already expired/],
  ]) {
    const response = await fetch(url);
    assert.equal(response.status, signedStatus(401), String(message));
    if (PASS === 'http') continue;
    const body = await response.json();
    assert.match(body.message, message);
    assert.deepEqual(Object.keys(body).sort(), ['code', 'message']);
  }
});

scenario('signed-upload', async (t) => {
  const sandbox = await t.shared();
  const url = await sandbox.uploadUrl('/home/user/uploaded.txt', { useSignatureExpiration: 60 });
  const form = new FormData();
  form.append('file', 'a part without a name');
  const response = await fetch(url, { method: 'POST', body: form });
  assert.equal(response.status, signedStatus(200));
  if (PASS === 'http') return;
  assert.deepEqual(await response.json(), [{ name: 'uploaded.txt', path: '/home/user/uploaded.txt', type: 'file' }]);
  assert.equal(await sandbox.files.read('/home/user/uploaded.txt'), 'a part without a name');
  const named = new FormData();
  named.append('file', new Blob(['named']), '/home/user/by-its-name.txt');
  assert.equal((await fetch(await sandbox.uploadUrl(), { method: 'POST', body: named })).status, 200);
  assert.equal(await sandbox.files.read('/home/user/by-its-name.txt'), 'named');
  const reading = new URL(await sandbox.downloadUrl('/home/user/uploaded.txt'));
  const wrong = await fetch(reading, { method: 'POST', body: form });
  assert.equal(wrong.status, 401, 'a signature for reading let somebody write');
});

scenario('part-of-a-file', async (t) => {
  const sandbox = await t.shared();
  if (PASS === 'http') return;
  await sandbox.files.write('/home/user/range', '0123456789');
  const url = await sandbox.downloadUrl('/home/user/range');
  const response = await fetch(url, { headers: { Range: 'bytes=2-4' } });
  assert.equal(response.status, 206);
  assert.equal(response.headers.get('content-range'), 'bytes 2-4/10');
  assert.equal(await response.text(), '234');
  assert.equal((await fetch(url, { headers: { Range: 'bytes=50-' } })).status, 416);
});
