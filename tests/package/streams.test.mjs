/** Values that are compressed as they come, and archives that are read while they come. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { compress, compressStream, decompress, DeepCompError, fromArray, inspect, load, openArchive, readStream } from '../../pkg/dist/index.js';

const [ROWS, COLUMNS] = [90, 180];
const PLANE = ROWS * COLUMNS;
const map = (time) => Float32Array.from({ length: PLANE }, (_, i) => 280 + 9 * Math.sin((Math.floor(i / COLUMNS) + time) / 15) + 4 * Math.cos((i % COLUMNS) / 21 - time));
const header = { variables: { t: { type: 'float32', shape: [ROWS, COLUMNS], dimensions: ['lat', 'lon'], attributes: { units: 'K' } } }, fileName: 'model.nc' };
const options = { abs: 0.01, level: 'fast', tiles: { time: 1 } };

before(() => load());

/** All bytes of a stream, or its first ones. */
async function collected(stream) {
  const pieces = [];
  for await (const piece of stream) pieces.push(piece);
  return new Uint8Array(Buffer.concat(pieces));
}

async function* maps(count) {
  for (let time = 0; time < count; time++) yield map(time);
}

async function streamed(count, more = {}) {
  const stream = await compressStream(header, { ...options, ...more });
  const bytes = await collected(ReadableStream.from(maps(count)).pipeThrough(stream));
  return { bytes, variables: await stream.variables };
}

async function* cut(bytes, size) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

test('what is streamed opens as any archive', async () => {
  const { bytes, variables } = await streamed(5);
  assert.deepEqual(variables.map(({ name, shape, bound }) => [name, shape, bound]), [['t', [5, ROWS, COLUMNS], { kind: 'abs', value: 0.01 }]]);
  assert.deepEqual((await inspect(bytes)).files[0].dimensions[0], { name: 'time', length: 5 });
  const dataset = await decompress(bytes);
  const values = dataset.values('t');
  for (let time = 0; time < 5; time++) {
    const error = map(time).reduce((most, v, i) => Math.max(most, Math.abs(v - values[time * PLANE + i])), 0);
    assert.ok(error <= 0.01 && error > 0.001, `${time}: ${error}`);
  }
});

test('bytes come while values do, and what has come is read at once', async () => {
  const stream = await compressStream(header, options);
  const [writer, reader] = [stream.writable.getWriter(), readStream(stream.readable)];
  const first = reader.next();
  for (let time = 0; time < 3; time++) {
    const values = map(time);
    const written = writer.write(values);
    const arrivals = time === 0 ? [(await first).value] : [];
    const chunk = (await reader.next()).value;
    if (time === 0) assert.deepEqual([arrivals[0].type, arrivals[0].name, arrivals[0].dimensions[0].length], ['file', 'model.nc', 0]);
    // Not one plane later: nothing more was written yet.
    assert.deepEqual([chunk.type, chunk.variable, chunk.first, chunk.shape], ['chunk', 't', [time, 0, 0], [1, ROWS, COLUMNS]]);
    assert.ok(chunk.values.every((v, i) => Math.abs(v - values[i]) <= 0.01));
    await written;
  }
  const closed = writer.close();
  assert.deepEqual((await reader.next()).value, { type: 'end', passed: 0 });
  assert.equal((await reader.next()).done, true);
  await closed;
});

test('chunks that are coming are seen coarse to fine', async () => {
  const { bytes } = await streamed(3, { level: 'balanced' });
  const dataset = await decompress(bytes);
  const values = dataset.values('t');
  const strides = [];
  for await (const arrival of readStream(cut(bytes, 100), { coming: true })) {
    if (arrival.type !== 'coming') continue;
    const [time] = arrival.first;
    strides.push(time * 100 - arrival.stride);
    let differing = 0;
    for (let y = 0; y < ROWS; y += arrival.stride) {
      for (let x = 0; x < COLUMNS; x += arrival.stride) differing += arrival.values[y * COLUMNS + x] !== values[time * PLANE + y * COLUMNS + x];
    }
    assert.ok(differing <= 3, `${differing} at ${arrival.stride}`);
  }
  assert.ok(strides.length > 10 && new Set(strides).size > 6, strides.join());
  assert.deepEqual(strides, strides.toSorted((a, b) => a - b));
});

test('a stream that is cut gives every whole chunk and says so', async () => {
  const { bytes } = await streamed(4);
  const seen = [];
  const read = async () => {
    for await (const arrival of readStream(cut(bytes.subarray(0, bytes.length * 0.6), 999))) seen.push(arrival.type);
  };
  await assert.rejects(read(), (error) => error instanceof DeepCompError && error.code === 'truncated');
  assert.deepEqual(seen, ['file', 'chunk', 'chunk']);
});

test('what does not fit is refused, by its name', async () => {
  const code = (code, text) => (error) => error instanceof DeepCompError && error.code === code && error.message.includes(text);
  await assert.rejects(compressStream(header, { rel: 0.01 }), code('invalid-argument', 'absolute'));
  await assert.rejects(compressStream({ variables: { t: { type: 'char', shape: [3] } } }, options), code('invalid-argument', 'char'));
  const write = async (...values) => {
    const stream = await compressStream(header, options);
    const written = Promise.all([collected(stream.readable), ReadableStream.from(values).pipeTo(stream.writable)]);
    await assert.rejects(stream.variables, DeepCompError);
    return written;
  };
  await assert.rejects(write({ q: map(0) }), code('no-such-variable', '"q"'));
  await assert.rejects(write(new Float64Array(PLANE)), code('invalid-argument', 'type'));
  await assert.rejects(write(new Float32Array(PLANE - 1)), code('invalid-argument', 'within'));
  const abort = new AbortController();
  abort.abort();
  await assert.rejects(async () => {
    for await (const _ of readStream(cut(new Uint8Array(10), 1), { signal: abort.signal }));
  }, code('cancelled', ''));
});

test('several variables come together', async () => {
  const variables = { time: { type: 'float64', shape: [], attributes: { units: 'hours since 2020-01-01' } }, t: header.variables.t, cloud: { type: 'int16', shape: [ROWS, COLUMNS], dimensions: ['lat', 'lon'], fillValue: -1 } };
  const stream = await compressStream({ variables }, { variables: { t: { abs: 0.05 } }, lossless: true, level: 'fast', tiles: { time: 2 } });
  const steps = async function* () {
    for (let time = 0; time < 5; time++) yield { time: Float64Array.of(time * 6), t: map(time), cloud: new Int16Array(PLANE).fill(time - 1) };
  };
  const bytes = await collected(ReadableStream.from(steps()).pipeThrough(stream));
  const dataset = await decompress(bytes);
  assert.deepEqual([...dataset.values('time')], [0, 6, 12, 18, 24]);
  assert.deepEqual([...dataset.values('cloud').subarray(PLANE * 2, PLANE * 2 + 3)], [1, 1, 1]);
  assert.equal(dataset.range('cloud').missing, PLANE);
});

test('a plane of an archive is had coarse for few of its bytes', async () => {
  const planes = Array.from({ length: 40 }, (_, time) => map(time));
  const original = await fromArray(Float32Array.from({ length: 40 * PLANE }, (_, i) => planes[Math.floor(i / PLANE)][i % PLANE]), { name: 't', shape: [40, ROWS, COLUMNS], dimensions: ['time', 'lat', 'lon'] });
  const { bytes } = await compress(original, { abs: 0.01, level: 'balanced', tiles: { time: 1 } });
  const archive = await openArchive(new Blob([bytes]));
  const seen = await archive.coarse('t', { plane: 7, stride: 8 });
  assert.ok(seen.stride <= 8 && seen.bytes < bytes.length / 40, `${seen.stride} ${seen.bytes} of ${bytes.length}`);
  const whole = await decompress(bytes);
  const plane = whole.plane('t', 7);
  assert.equal(seen.values[16 * COLUMNS + 16], plane.values[16 * COLUMNS + 16]);
  const fine = await archive.coarse('t', { plane: 7, stride: 1 });
  assert.deepEqual([fine.stride, fine.values], [1, plane.values]);
});

test('the README streams', async () => {
  const code = /```js\n([^]*?)```/.exec(readFileSync(new URL('../../pkg/README.md', import.meta.url), 'utf8').split('## Streams')[1])[1];
  const folder = mkdtempSync(join(tmpdir(), 'deepcomp-streams-'));
  const logged = [];
  const { log } = console;
  writeFileSync(join(folder, 'readme.mjs'), code.replace("'deepcomp'", JSON.stringify(new URL('../../pkg/dist/index.js', import.meta.url).href)));
  try {
    console.log = (...values) => logged.push(values);
    await import(pathToFileURL(join(folder, 'readme.mjs')));
  } finally {
    console.log = log;
    rmSync(folder, { recursive: true });
  }
  assert.deepEqual(logged.filter(([word]) => word === 'map').map(([, map, , values]) => [map, values.length]), [[0, PLANE], [1, PLANE], [2, PLANE]]);
  assert.deepEqual(logged.at(-2), [[3, ROWS, COLUMNS]]);
  const [stride, bytes, , length, values] = logged.at(-1);
  assert.ok(stride <= 8 && stride > 1 && bytes < length / 6 && values.length === PLANE, `${stride} ${bytes} of ${length}`);
});
