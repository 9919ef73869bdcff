/** Archives that are read by parts: over HTTP, from blobs and from disks, and what servers do to them. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { compress, decompress, DeepCompError, fromArray, inspect, openArchive, preview } from '../../pkg/dist/index.js';

const [TIMES, ROWS, COLUMNS] = [480, 181, 360];
const PLANE = ROWS * COLUMNS;
const folder = mkdtempSync(join(tmpdir(), 'deepcomp-ranges-'));
const file = join(folder, 'series.dca');

/** A series of some megabytes in many chunks, what it decodes to, and a server that has it. */
let [bytes, whole, server, address] = [];

/** What the server does, and what it was asked. */
const answer = { ranges: true, exposed: true, etag: '"1"', status: 0, delay: 0, wrong: 0, spare: 0, bytes: undefined };
const usual = { ...answer };
const seen = { requests: 0, bytes: 0, most: 0, now: 0, aborted: 0, headers: [] };

before(async () => {
  let state = 1;
  const noise = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  const values = Float32Array.from({ length: TIMES * PLANE }, (_, i) => 280 + 20 * Math.sin(i / 7000) + noise() / 10);
  const original = await fromArray(values, { name: 't', shape: [TIMES, ROWS, COLUMNS], dimensions: ['time', 'lat', 'lon'], attributes: { units: 'K' } });
  ({ bytes } = await compress(original, { abs: 0.01, level: 'fast' }));
  original.free();
  assert.ok(bytes.length > 4e6, `${bytes.length} bytes`);
  const decoded = await decompress(bytes);
  whole = decoded.values('t');
  writeFileSync(file, bytes);
  server = createServer(respond).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  address = `http://127.0.0.1:${server.address().port}/series.dca`;
});

after(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

async function respond(request, response) {
  seen.requests++;
  seen.headers.push(request.headers);
  seen.most = Math.max(seen.most, ++seen.now);
  response.on('close', () => (seen.now--, response.writableFinished || seen.aborted++));
  const all = answer.bytes ?? bytes;
  if (answer.status) return response.writeHead(answer.status).end('no');
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
  const validators = answer.etag && { etag: answer.etag };
  if (answer.delay) await new Promise((resolve) => setTimeout(resolve, answer.delay).unref());
  if (first === undefined || !answer.ranges) {
    response.writeHead(200, { 'content-length': all.length, ...validators });
    if (request.method === 'HEAD') return response.end();
    seen.bytes += all.length;
    return response.end(all);
  }
  if (Number(first) >= all.length) return response.writeHead(416, { 'content-range': `bytes */${all.length}` }).end();
  const end = Math.min(Number(last) + 1, all.length);
  const range = answer.exposed && { 'content-range': `bytes ${Number(first) + answer.wrong}-${end - 1}/${all.length}` };
  response.writeHead(206, { ...validators, ...range });
  const part = Buffer.concat([all.subarray(Number(first), end), Buffer.alloc(answer.spare)]);
  seen.bytes += part.length;
  response.end(part);
}

/** What `work` comes to while the server behaves so. */
async function served(behaviour, work) {
  Object.assign(answer, usual, behaviour);
  Object.assign(seen, { requests: 0, bytes: 0, most: 0, now: 0, aborted: 0, headers: [] });
  try {
    return await work();
  } finally {
    Object.assign(answer, usual);
  }
}

const same = (part, values, what) => assert.ok(Buffer.from(part.buffer).equals(Buffer.from(Float32Array.from(values).buffer)), what);
const is = (code, more = {}) => (error) => {
  assert.ok(error instanceof DeepCompError && error.code === code, `${error.code}: ${error.message}`);
  for (const [key, value] of Object.entries(more)) assert.deepEqual(error[key], value);
  return true;
};

test('a plane is read without the others, from wherever the archive is', async () => {
  for (const source of [address, new URL(address), new Request(address, { headers: { 'x-key': 'mine' } }), new Blob([bytes]), pathToFileURL(file), bytes, bytes.slice().buffer]) {
    await served({}, async () => {
      const archive = await openArchive(source);
      const remote = !(source instanceof Uint8Array || source instanceof ArrayBuffer);
      const index = archive.bytesRead;
      assert.ok(remote ? index > 0 && index < 60_000 : index === 0, `${index} bytes to open it`);
      assert.deepEqual([archive.length, archive.wholeDownload, archive.variables[0].name], [bytes.length, false, 't']);
      assert.deepEqual(archive.files[0].dimensions, [{ name: 'time', length: TIMES }, { name: 'lat', length: ROWS }, { name: 'lon', length: COLUMNS }]);
      const plane = await archive.read({ ranges: { time: [100, 101] } });
      assert.deepEqual([plane.variables[0].shape, plane.variables[0].dimensions, plane.variables[0].units], [[1, ROWS, COLUMNS], ['time', 'lat', 'lon'], 'K']);
      same(plane.values('t'), whole.subarray(100 * PLANE, 101 * PLANE));
      assert.ok(archive.bytesRead < bytes.length / 10, `${archive.bytesRead} of ${bytes.length}`);
      if (seen.requests > 0) assert.ok(archive.bytesRead === seen.bytes && seen.requests <= 4, `${archive.bytesRead} of ${seen.bytes} in ${seen.requests} requests`);
      if (source instanceof Request) assert.ok(seen.headers.every((headers) => headers['x-key'] === 'mine'));
    });
  }
});

test('the README reads a part', async () => {
  const code = /```js\n([^]*?openArchive[^]*?)```/.exec(readFileSync(new URL('../../pkg/README.md', import.meta.url), 'utf8').split('## Archives by parts')[1])[1];
  const script = code.replace("'deepcomp'", JSON.stringify(new URL('../../pkg/dist/index.js', import.meta.url).href)).replace(/'https:[^']*'/, JSON.stringify(address)).replace(/^const part/m, 'export const part');
  writeFileSync(join(folder, 'readme.mjs'), script);
  const { part } = await served({}, () => import(pathToFileURL(join(folder, 'readme.mjs'))));
  assert.deepEqual(part.variables[0].shape, [10, 15, COLUMNS]);
});

test('ranges of several dimensions and several ranges of one come one behind the other', async () => {
  const archive = await openArchive(new Blob([bytes]));
  const lists = { time: [[3, 5], [150, 151]], lat: [[0, 2], [90, 93]], lon: [[350, 360]] };
  const part = await archive.read({ variables: ['t'], ranges: lists });
  const indices = (list) => list.flatMap(([first, end]) => Array.from({ length: end - first }, (_, i) => first + i));
  const expected = indices(lists.time).flatMap((t) => indices(lists.lat).flatMap((y) => indices(lists.lon).map((x) => whole[(t * ROWS + y) * COLUMNS + x])));
  assert.deepEqual(part.variables[0].shape, [3, 5, 10]);
  same(part.values('t'), expected);
  const none = await archive.read({ ranges: { time: [] } });
  assert.deepEqual(none.variables[0].shape, [0, ROWS, COLUMNS]);
  for (const [options, code] of [
    [{ ranges: { depth: [0, 1] } }, 'invalid-argument'],
    [{ ranges: { time: [0, TIMES + 1] } }, 'invalid-argument'],
    [{ ranges: { time: [0.5, 1] } }, 'invalid-argument'],
    [{ ranges: { time: [-1, 1] } }, 'invalid-argument'],
    [{ variable: 'u' }, 'no-such-variable'],
    [{ variables: [1] }, 'no-such-variable'],
    [{ file: 1 }, 'invalid-argument'],
    [{ file: 'other' }, 'invalid-argument'],
  ]) await assert.rejects(archive.read(options), is(code), JSON.stringify(options));
});

test('all of an archive is read in few requests, several at once, as what decompress gives', async () => {
  await served({ delay: 20 }, async () => {
    let last;
    const decoded = await decompress(address, { onProgress: (progress) => (last = progress) });
    same(decoded.values('t'), whole);
    assert.equal(last.doneBytes, last.totalBytes);
    assert.ok(seen.bytes >= bytes.length - 1000 && seen.bytes < bytes.length * 1.05, `${seen.bytes} of ${bytes.length}`);
    assert.ok(seen.requests <= 3 + Math.ceil(bytes.length / 2 ** 21), `${seen.requests} requests`);
    assert.ok(seen.most > 1 && seen.most <= 4, `${seen.most} at once`);
  });
});

test('inspect and preview fetch little', async () => {
  await served({}, async () => {
    const { files } = await inspect(address);
    assert.deepEqual([files[0].variables[0].shape, files[0].variables[0].maxAbsError <= 0.01], [[TIMES, ROWS, COLUMNS], true]);
    assert.ok(seen.bytes < 60_000 && seen.requests === 2, `${seen.bytes} bytes in ${seen.requests} requests`);
  });
  const original = await fromArray(whole.slice(0, PLANE), { name: 't', shape: [ROWS, COLUMNS] });
  const based = await compress(original, { rel: 0.1, base: 'always', level: 'best' });
  const expected = await preview(based.bytes, 0);
  assert.equal(expected.width, COLUMNS);
  await served({ bytes: based.bytes }, async () => assert.deepEqual(await preview(address, 't'), expected));
  assert.equal(await preview(new Blob([bytes]), 0), undefined);
});

test('of a server that gives no ranges all is taken once, and it is said', async () => {
  await served({ ranges: false }, async () => {
    const archive = await openArchive(address);
    assert.ok(archive.wholeDownload);
    const plane = await archive.read({ ranges: { time: [7, 8] } });
    same(plane.values('t'), whole.subarray(7 * PLANE, 8 * PLANE));
    assert.deepEqual([seen.requests, archive.bytesRead], [1, bytes.length]);
  });
});

test('of a server that stops to give ranges it is taken whole from then on', async () => {
  await served({}, async () => {
    const archive = await openArchive(address);
    Object.assign(answer, { ranges: false, delay: 20 });
    const decoded = await archive.read();
    same(decoded.values('t'), whole);
    assert.ok(archive.wholeDownload && seen.requests <= 2 + 4, `${seen.requests} requests`);
  });
});

test('where a page may not see how much there is of it, it is asked for', async () => {
  await served({ exposed: false }, async () => {
    const archive = await openArchive(address);
    const plane = await archive.read({ ranges: { time: [7, 8] } });
    same(plane.values('t'), whole.subarray(7 * PLANE, 8 * PLANE));
    assert.ok(!archive.wholeDownload && seen.bytes < bytes.length / 10);
  });
});

test('an archive that changes meanwhile is an error and never a mixture', async () => {
  const longer = Buffer.concat([bytes, Buffer.alloc(9)]);
  for (const later of [{ etag: '"2"' }, { etag: '' }, { bytes: longer }, { bytes: bytes.subarray(0, 20_000) }, { ranges: false, etag: '"2"' }, { ranges: false, bytes: longer }]) {
    await served({}, async () => {
      const archive = await openArchive(address);
      Object.assign(answer, later);
      await assert.rejects(archive.read({ ranges: { time: [TIMES - 1, TIMES] } }), is('changed', { url: address }), JSON.stringify(later).slice(0, 40));
    });
  }
  // A server that calls it by no name still says how long it is, and chunks have checksums.
  await served({ etag: '' }, async () => {
    const archive = await openArchive(address);
    Object.assign(answer, { bytes: Buffer.from(bytes).fill(7, 24, bytes.length - 40_000) });
    await assert.rejects(archive.read({ ranges: { time: [7, 8] } }), (error) => ['checksum-mismatch', 'corrupt'].includes(error.code));
  });
  const copy = join(folder, 'copy.dca');
  writeFileSync(copy, bytes);
  const archive = await openArchive(pathToFileURL(copy));
  utimesSync(copy, 1, 1);
  await assert.rejects(archive.read(), is('changed', { url: pathToFileURL(copy).href }));
});

test('what cannot be had says address and status', async () => {
  for (const status of [403, 404, 500, 503]) {
    await served({ status }, () => assert.rejects(inspect(address), (error) => is('unreadable', { status, url: address })(error) && error.message.includes(address) && error.message.includes(String(status))));
  }
  await served({}, async () => {
    const archive = await openArchive(address);
    answer.status = 410;
    await assert.rejects(archive.read(), is('unreadable', { status: 410 }));
    answer.status = 0;
    const plane = await archive.read({ ranges: { time: [7, 8] } });
    same(plane.values('t'), whole.subarray(7 * PLANE, 8 * PLANE), 'it is there again');
  });
  await assert.rejects(inspect('http://127.0.0.1:1/none.dca'), is('unreadable', { url: 'http://127.0.0.1:1/none.dca', status: undefined }));
  await assert.rejects(inspect(pathToFileURL(join(folder, 'none.dca'))), is('unreadable'));
  await assert.rejects(inspect('series.dca'), is('invalid-argument'));
  await assert.rejects(inspect(undefined), is('invalid-argument'));
  await served({ wrong: 1 }, () => assert.rejects(inspect(address), is('unreadable')));
  await served({ spare: 5 }, () => assert.rejects(inspect(address), is('limit-exceeded')));
});

test('what is no archive is told by a few bytes, whatever its length', async () => {
  await served({ bytes: new Uint8Array(5e6).fill(65) }, async () => {
    await assert.rejects(inspect(address), is('not-an-archive'));
    assert.ok(seen.bytes < 20_000);
  });
  await served({ bytes: new Uint8Array() }, () => assert.rejects(inspect(address), is('not-an-archive')));
  await served({ bytes: bytes.subarray(0, -1000) }, () => assert.rejects(inspect(address), is('truncated')));
  // A trailer that says that the index is nearly all there is.
  const huge = Buffer.alloc(2 ** 29);
  huge.set(bytes.subarray(0, 24));
  huge.set(bytes.subarray(-12), huge.length - 12);
  huge.writeBigUInt64LE(24n, huge.length - 12);
  await assert.rejects(inspect(new Blob([huge])), is('limit-exceeded'));
});

test('a signal ends what is on its way at once', async () => {
  for (const [when, work] of [
    ['opening', (signal) => openArchive(address, { signal })],
    ['reading', async (signal) => (await openArchive(address)).read({ signal })],
    ['decompress', (signal) => decompress(address, { signal })],
  ]) {
    await served({}, async () => {
      const controller = new AbortController();
      const start = performance.now();
      const reading = when === 'reading' ? openArchive(address).then((archive) => ((answer.delay = 20_000), archive.read({ signal: controller.signal }))) : ((answer.delay = 20_000), work(controller.signal));
      setTimeout(() => controller.abort(), 300);
      await assert.rejects(reading, is('cancelled'), when);
      assert.ok(performance.now() - start < 5000, when);
    });
  }
  await served({}, async () => {
    await assert.rejects(openArchive(address, { signal: AbortSignal.abort() }), is('cancelled'));
    await assert.rejects(decompress(new Blob([bytes]), { signal: AbortSignal.abort() }), is('cancelled'));
    assert.equal(seen.requests, 0);
  });
});

test('a file in an archive is found by its name, and damage by its checksum', async () => {
  const archive = await openArchive(pathToFileURL(file));
  const plane = await archive.read({ file: archive.files[0].name, variable: 't', ranges: { time: [7, 8] } });
  same(plane.values('t'), whole.subarray(7 * PLANE, 8 * PLANE));
  const damaged = readFileSync(file);
  damaged[damaged.length >> 1] ^= 1;
  const opened = await openArchive(new Blob([damaged]));
  await assert.rejects(opened.read(), is('checksum-mismatch'));
  const first = await opened.read({ ranges: { time: [0, 1] } });
  same(first.values('t'), whole.subarray(0, PLANE), 'what is not damaged is read');
});
