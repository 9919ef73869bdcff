/** Encrypted archives: what the package makes, reads by parts and refuses, and what the format says of their bytes. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { before, test } from 'node:test';
import { compress, decompress, decrypt, DeepCompError, encrypt, fromArray, inspect, openArchive } from '../../pkg/dist/index.js';

const PASSPHRASE = 'pass – phrase';
const refused = (code) => (error) => error instanceof DeepCompError && error.code === code;

let [plain, envelope] = [];

before(async () => {
  const values = Float32Array.from({ length: 60 * 64 * 64 }, (_, i) => Math.sin(i / 900) + (Math.imul(i, 2654435761) >>> 0) / 2 ** 32);
  const original = await fromArray(values, { name: 't', shape: [60, 64, 64], dimensions: ['time', 'lat', 'lon'] });
  ({ bytes: plain } = await compress(original, { abs: 0.001, level: 'fast' }));
  original.free();
  envelope = await encrypt(plain, PASSPHRASE);
});

test('an envelope gives its archive back, and shows nothing of it', async () => {
  assert.deepEqual([...envelope.subarray(0, 8)], [0x89, 0x44, 0x43, 0x45, 13, 10, 26, 10]);
  assert.equal(envelope.length, 72 + plain.length + 16 * Math.ceil(plain.length / 65536));
  assert.deepEqual(await decrypt(envelope, PASSPHRASE), plain);
  assert.notDeepEqual(await encrypt(plain, PASSPHRASE), envelope);
  await assert.rejects(encrypt(plain, ''), refused('invalid-argument'));
});

test('parts are read through it, out of memory and of a Blob', async () => {
  const whole = await decompress(plain);
  for (const source of [envelope, new Blob([envelope])]) {
    const archive = await openArchive(source, { passphrase: PASSPHRASE });
    const part = await archive.read({ variable: 't', ranges: { time: [7, 9] } });
    assert.deepEqual(part.values('t'), whole.values('t').subarray(7 * 4096, 9 * 4096));
    part.free();
    archive.free();
  }
  whole.free();
  const [at, other] = [await decompress(envelope, { passphrase: PASSPHRASE, ranges: { time: [3, 4] } }), await inspect(envelope, { passphrase: PASSPHRASE })];
  assert.deepEqual(at.values('t').length, 4096);
  assert.equal(other.files[0].variables[0].name, 't');
  at.free();
  // One that is not encrypted takes none.
  const archive = await openArchive(plain, { passphrase: PASSPHRASE });
  archive.free();
});

test('over a network no more is fetched than the blocks that have what is wanted', async () => {
  const values = Float32Array.from({ length: 600 * 4096 }, (_, i) => Math.sin(i / 900) + (Math.imul(i, 2654435761) >>> 0) / 2 ** 32);
  const original = await fromArray(values, { name: 't', shape: [600, 64, 64], dimensions: ['time', 'lat', 'lon'] });
  const long = await compress(original, { abs: 0.001, level: 'fast', tiles: { time: 10 } });
  original.free();
  const envelope = await encrypt(long.bytes, PASSPHRASE);
  const server = createServer((request, response) => {
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
    if (first === undefined) return response.writeHead(200, { 'content-length': envelope.length, 'accept-ranges': 'bytes' }).end(request.method === 'HEAD' ? undefined : envelope);
    const part = envelope.subarray(Number(first), Number(last) + 1);
    response.writeHead(206, { 'content-range': `bytes ${first}-${Number(first) + part.length - 1}/${envelope.length}`, 'content-length': part.length }).end(part);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  try {
    const archive = await openArchive(new URL(`http://127.0.0.1:${server.address().port}/a.dca`), { passphrase: PASSPHRASE });
    const part = await archive.read({ variable: 't', ranges: { time: [0, 1] } });
    assert.equal(part.values('t').length, 4096);
    assert.ok(archive.bytesRead < envelope.length / 4, `${archive.bytesRead} of ${envelope.length}`);
    part.free();
    archive.free();
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test('without its passphrase, or altered, it does not open', async () => {
  await assert.rejects(openArchive(envelope), refused('passphrase-needed'));
  await assert.rejects(decompress(envelope), refused('passphrase-needed'));
  await assert.rejects(openArchive(envelope, { passphrase: 'pass - phrase' }), refused('wrong-passphrase'));
  await assert.rejects(decrypt(envelope, ''), refused('wrong-passphrase'));
  const altered = envelope.slice();
  altered[100] ^= 1;
  await assert.rejects(decrypt(altered, PASSPHRASE), refused('checksum-mismatch'));
  await assert.rejects(openArchive(envelope.subarray(0, -1), { passphrase: PASSPHRASE }), refused('checksum-mismatch'));
  await assert.rejects(decrypt(plain, PASSPHRASE), (error) => error instanceof DeepCompError);
});

test('the known answer of docs/format.md opens', async () => {
  const hex = '894443450d0a1a0a010000000000000000000000ebc894910004000002000000020000003031323334353637383961626364656661bc95c4f2fcda867c7525979c6fc870c89b287de007836e786b9c48824fcaf95039dedaa3cc37fd9acc0f36';
  assert.equal(new TextDecoder().decode(await decrypt(Uint8Array.from(Buffer.from(hex, 'hex')), 'correct horse battery staple')), 'DeepComp');
});
