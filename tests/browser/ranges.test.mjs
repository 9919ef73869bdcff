/** Archives that a page of another origin reads by parts, in a real Chromium. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { ROOT, ensureChromium } from '../../scripts/tools.mjs';
import { ARGUMENTS } from './page.mjs';

const [TIMES, ROWS, COLUMNS] = [240, 181, 360];
const TYPES = { '.js': 'text/javascript', '.wasm': 'application/wasm', '.html': 'text/html' };
const PAGE = `<!doctype html><script type="importmap">{ "imports": {
  "deepcomp": "/dist/index.js", "#wasm": "/wasm/deepcomp.js", "#wasm-formats": "/wasm-formats/deepcomp_formats.js" } }</script>`;

/** What the server of the archive lets pages see, and what it was asked. */
const answer = { exposed: 'Content-Range, ETag', ranges: true };
const seen = { methods: [], bytes: 0 };
let [files, archives, browser, page, bytes] = [];

async function listening(respond) {
  const server = createServer(respond).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return server;
}

const addressOf = (server) => `http://127.0.0.1:${server.address().port}`;

before(async () => {
  files = await listening((request, response) => {
    if (request.url === '/') return response.writeHead(200, { 'content-type': TYPES['.html'] }).end(PAGE);
    const path = join(ROOT, 'pkg', decodeURIComponent(request.url));
    try {
      response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream' }).end(readFileSync(path));
    } catch {
      response.destroy();
    }
  });
  archives = await listening((request, response) => {
    seen.methods.push(request.method);
    const headers = { 'access-control-allow-origin': '*', 'access-control-expose-headers': answer.exposed, etag: '"1"' };
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
    if (request.method === 'HEAD' || first === undefined || !answer.ranges) {
      response.writeHead(200, { ...headers, 'content-length': bytes.length });
      return response.end(request.method === 'HEAD' ? undefined : bytes);
    }
    const part = bytes.subarray(Number(first), Number(last) + 1);
    seen.bytes += part.length;
    response.writeHead(206, { ...headers, 'content-range': `bytes ${first}-${Number(first) + part.length - 1}/${bytes.length}` }).end(part);
  });
  browser = await chromium.launch({ executablePath: ensureChromium(), args: ARGUMENTS });
  page = await browser.newPage();
  await page.goto(addressOf(files));
  const made = await page.evaluate(async ([times, rows, columns]) => {
    const deepcomp = await import('deepcomp');
    // Workers have no import map.
    await deepcomp.load(undefined, { workers: false });
    const values = Float32Array.from({ length: times * rows * columns }, (_, i) => 280 + 20 * Math.sin(i / 700) + Math.sin((i * i) % 977) / 10);
    const { bytes } = await deepcomp.compress(await deepcomp.fromArray(values, { name: 't', shape: [times, rows, columns], dimensions: ['time', 'lat', 'lon'] }), { abs: 0.01, level: 'fast' });
    const plane = 230 * rows * columns;
    globalThis.expected = (await deepcomp.decompress(bytes)).values('t').slice(plane, plane + rows * columns);
    globalThis.blob = new Blob([bytes]);
    return new Promise((resolve) => {
      const reader = new FileReader();
      reader.onload = () => resolve(reader.result.split(',')[1]);
      reader.readAsDataURL(globalThis.blob);
    });
  }, [TIMES, ROWS, COLUMNS]);
  bytes = Buffer.from(made, 'base64');
});

after(async () => {
  await browser?.close();
  for (const server of [files, archives]) {
    server?.closeAllConnections();
    server?.close();
  }
});

/** What a page finds that reads a plane of an archive at an address, or of a blob. */
const read = (address) => {
  Object.assign(seen, { methods: [], bytes: 0 });
  return page.evaluate(async (address) => {
    const { openArchive } = await import('deepcomp');
    const archive = await openArchive(address ?? globalThis.blob);
    const opened = archive.bytesRead;
    const values = (await archive.read({ ranges: { time: [230, 231] } })).values('t');
    const { bytesRead, length, wholeDownload } = archive;
    return { opened, bytesRead, length, wholeDownload, same: values.length === expected.length && values.every((value, i) => value === expected[i]) };
  }, address);
};

test('a page of another origin reads a plane in few requests, without a word to the server before', async () => {
  const found = await read(`${addressOf(archives)}/series.dca`);
  assert.ok(found.same && !found.wholeDownload && found.length === bytes.length);
  assert.ok(found.opened < 60_000 && found.bytesRead < bytes.length / 5, `${found.opened}, then ${found.bytesRead} of ${bytes.length}`);
  assert.equal(found.bytesRead, seen.bytes);
  assert.ok(seen.methods.length <= 4 && seen.methods.every((method) => method === 'GET'), seen.methods.join());
});

test('where it may not see Content-Range it asks for the length, and without ranges takes all', async () => {
  Object.assign(answer, { exposed: '' });
  const hidden = await read(`${addressOf(archives)}/series.dca`);
  assert.ok(hidden.same && !hidden.wholeDownload && hidden.bytesRead < bytes.length / 5);
  assert.deepEqual(seen.methods.filter((method) => method !== 'GET'), ['HEAD']);
  Object.assign(answer, { ranges: false });
  const whole = await read(`${addressOf(archives)}/series.dca`);
  assert.deepEqual([whole.same, whole.wholeDownload, whole.bytesRead], [true, true, bytes.length]);
});

test('a Blob is read by stretches', async () => {
  const { same, opened, bytesRead } = await read(undefined);
  assert.ok(same && opened < 60_000 && bytesRead < bytes.length / 5, `${opened}, then ${bytesRead} of ${bytes.length}`);
});

test('an address that does not answer and one that a page may not read say so', async () => {
  const code = (address) => page.evaluate(async (address) => (await import('deepcomp')).inspect(address).catch(({ code, url }) => [code, url]), address);
  for (const address of ['http://127.0.0.1:1/x.dca', `${addressOf(files)}/none.dca`]) assert.deepEqual(await code(address), ['unreadable', address]);
});
