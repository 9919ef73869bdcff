// A second decoder for DeepComp archives, written from docs/format.md alone: it shares no line with the Rust sources, so that
// agreement of the two says that the document is right and complete. Section numbers (§) are those of that page.
// It favours being easy to check against the page over speed. All checksums are verified (XXH3 lives in xxh3.mjs).

import { inflateRawSync } from 'node:zlib';
import { xxh3, xxh3Low } from './xxh3.mjs';

const MAX_DECODED_BYTES = 2 ** 30; // §12: limits of our own
const MAX_INDEX_BYTES = 64 * 2 ** 20;

export class CorruptArchive extends Error {}

function check(condition, what) {
  if (!condition) throw new CorruptArchive(what);
}

// ---------------------------------------------------------------------------------------------------------------- bytes

/** A cursor over bytes; every reading past the end is an error (§12). */
class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = 0;
  }

  get left() {
    return this.bytes.length - this.at;
  }

  advance(count) {
    check(count <= this.left, 'reading past the end');
    const at = this.at;
    this.at += count;
    return at;
  }

  take(count) {
    const at = this.advance(count);
    return this.bytes.subarray(at, at + count);
  }

  u8() { return this.bytes[this.advance(1)]; }
  u16() { return this.view.getUint16(this.advance(2), true); }
  u32() { return this.view.getUint32(this.advance(4), true); }
  u64() { return this.view.getBigUint64(this.advance(8), true); }
  f64() { return this.view.getFloat64(this.advance(8), true); }

  /** Unsigned LEB128, at most 64 bits, as BigInt. */
  varint() {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.u8();
      value |= BigInt(byte & 127) << shift;
      check(value < 1n << 64n && shift < 64n, 'varint of more than 64 bits');
      if (byte < 128) return value;
    }
  }

  /** A varint that must be between two numbers. */
  count(low, high) {
    const value = this.varint();
    check(value >= BigInt(low) && value <= BigInt(high), `number ${value} out of range`);
    return Number(value);
  }
}

// ----------------------------------------------------------------------------------------------------------- data types

// §2; "bits" is the size of a value, "make" the array that holds them.
const DATA_TYPES = [
  { name: 'int8', make: Int8Array, bits: 8, kind: 'signed' },
  { name: 'uint8', make: Uint8Array, bits: 8, kind: 'unsigned' },
  { name: 'int16', make: Int16Array, bits: 16, kind: 'signed' },
  { name: 'uint16', make: Uint16Array, bits: 16, kind: 'unsigned' },
  { name: 'int32', make: Int32Array, bits: 32, kind: 'signed' },
  { name: 'uint32', make: Uint32Array, bits: 32, kind: 'unsigned' },
  { name: 'int64', make: BigInt64Array, bits: 64, kind: 'signed' },
  { name: 'uint64', make: BigUint64Array, bits: 64, kind: 'unsigned' },
  { name: 'float32', make: Float32Array, bits: 32, kind: 'float' },
  { name: 'float64', make: Float64Array, bits: 64, kind: 'float' },
  { name: 'char', make: Uint8Array, bits: 8, kind: 'unsigned' },
].map((type) => ({ ...type, size: type.bits / 8 }));

/** The values of one chunk, as little-endian bytes that can be written as bit patterns or as numbers. */
class Values {
  constructor(type, count) {
    this.type = type;
    this.count = count;
    this.bytes = new Uint8Array(count * type.size);
    this.view = new DataView(this.bytes.buffer);
  }

  /** Writes a bit pattern (BigInt, zero-extended). */
  setBits(i, bits) {
    const { size } = this.type;
    if (size === 8) return this.view.setBigUint64(8 * i, bits, true);
    const low = Number(BigInt.asUintN(32, bits));
    if (size === 4) return this.view.setUint32(4 * i, low, true);
    return size === 2 ? this.view.setUint16(2 * i, low, true) : this.view.setUint8(i, low);
  }

  /** Writes a binary64 number, rounded to the type as §5 says. */
  setNumber(i, x) {
    const { kind, size, bits } = this.type;
    if (kind === 'float') return size === 8 ? this.view.setFloat64(8 * i, x, true) : this.view.setFloat32(4 * i, x, true);
    this.setBits(i, BigInt.asUintN(bits, saturate(x, kind === 'signed', bits)));
  }

  setRaw(i, raw) {
    this.bytes.set(raw, i * this.type.size);
  }
}

/** Towards zero, saturating, NaN to 0 (§5). */
function saturate(x, signed, bits) {
  const low = signed ? -(2 ** (bits - 1)) : 0;
  const high = signed ? 2 ** (bits - 1) : 2 ** bits;
  if (Number.isNaN(x)) return 0n;
  if (x >= high) return BigInt(high) - 1n;
  return BigInt(Math.trunc(Math.max(x, low)));
}

// ----------------------------------------------------------------------------------------------------------------- CBOR

/** One item of RFC 8949 as §2 uses it. Integers become numbers if they are exact, BigInt otherwise. */
function readCbor(reader, depth = 0) {
  check(depth < 16, 'CBOR nested too deeply');
  const first = reader.u8();
  const major = first >> 5;
  if (major === 7) return readSimple(reader, first & 31);
  const n = readCborNumber(reader, first & 31);
  if (major === 0) return n;
  check(typeof n === 'number' && major !== 1 && major !== 6, 'unexpected kind of CBOR item');
  check(n <= reader.left, 'CBOR length past the end');
  if (major === 2) return reader.take(n);
  if (major === 3) return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(reader.take(n));
  if (major === 4) return Array.from({ length: n }, () => readCbor(reader, depth + 1));
  const map = new Map();
  for (let i = 0; i < n; i++) {
    const key = readCbor(reader, depth + 1);
    map.set(key, readCbor(reader, depth + 1));
  }
  return map;
}

function readSimple(reader, info) {
  check(info === 20 || info === 21 || info === 27, 'unexpected simple CBOR value');
  return info === 27 ? reader.view.getFloat64(reader.advance(8)) : info === 21;
}

function readCborNumber(reader, info) {
  if (info < 24) return info;
  check(info < 28, 'indefinite CBOR length');
  let value = 0n;
  for (const byte of reader.take(1 << (info - 24))) value = (value << 8n) | BigInt(byte);
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}

// -------------------------------------------------------------------------------------------------------------- archive

/**
 * @param {Uint8Array} bytes
 * @returns {{ version: string, files: { name: string, variables: object[] }[] }}
 */
export function decodeArchive(bytes) {
  const version = checkSuperblock(bytes);
  const index = readIndex(bytes, indexOffset(bytes));
  const files = index.get(0).map((file) => decodeFile(bytes, file));
  return { version, files };
}

/** §1, superblock. */
function checkSuperblock(bytes) {
  const reader = new Reader(bytes);
  const magic = [0x89, 0x44, 0x43, 0x41, 0x0d, 0x0a, 0x1a, 0x0a];
  check(reader.take(8).every((byte, i) => byte === magic[i]), 'not a DeepComp archive');
  const [major, minor, flags] = [reader.u16(), reader.u16(), reader.u32()];
  check(major === 0 && minor === 1, `version ${major}.${minor} is not known`);
  check(flags === 0, 'unknown flags');
  check(reader.u64() === xxh3(bytes.subarray(0, 16)), 'superblock: wrong checksum');
  return `${major}.${minor}`;
}

/** §1, trailer. */
function indexOffset(bytes) {
  check(bytes.length >= 40, 'too short');
  const trailer = new Reader(bytes.subarray(bytes.length - 16));
  const offset = trailer.u64();
  check(trailer.u32() === xxh3Low(trailer.bytes.subarray(0, 8)), 'trailer: wrong checksum');
  check(trailer.u32() === 0x2e616364, 'trailer: wrong mark');
  check(offset >= 24n && offset < BigInt(bytes.length - 16), 'trailer: wrong offset');
  return Number(offset);
}

/** §1, records, and §2. */
function readIndex(bytes, offset) {
  const record = new Reader(bytes.subarray(offset, bytes.length - 16));
  check(record.u8() === 2, 'not an index record');
  const payload = record.take(record.count(0, record.left));
  check(record.u32() === xxh3Low(payload), 'index: wrong checksum');
  check(record.left === 0, 'bytes between index and trailer');
  check(payload.length > 0 && payload[0] <= 1, 'index: unknown packing');
  const body = payload.subarray(1);
  const cbor = new Reader(payload[0] === 1 ? inflateRawSync(body, { maxOutputLength: MAX_INDEX_BYTES }) : body);
  const index = readCbor(cbor);
  check(cbor.left === 0, 'bytes after the index');
  return index;
}

function decodeFile(bytes, file) {
  const dimensions = file.get(3);
  return { name: file.get(0), variables: file.get(5).map((variable) => decodeVariable(bytes, variable, dimensions)) };
}

function decodeVariable(bytes, variable, dimensions) {
  const type = DATA_TYPES[variable.get(1)];
  check(type, 'unknown data type');
  const shape = variable.get(2).map((d) => {
    check(d < dimensions.length, 'no such dimension');
    return dimensions[d][1];
  });
  const count = shape.reduce((a, b) => a * b, 1);
  check(count * type.size <= MAX_DECODED_BYTES, 'too large for this decoder');
  const out = new Uint8Array(count * type.size);
  const tiles = tilesOf(variable.get(5), count);
  check(tiles.length === variable.get(6).length, 'number of chunks');
  tiles.forEach((tile, i) => {
    const values = decodeListedChunk(bytes, variable.get(6)[i], type, tile);
    placeTile(out, variable.get(5), tile, values, type.size);
  });
  return {
    name: variable.get(0),
    dataType: type.name,
    shape,
    values: new type.make(out.buffer),
    certificate: readCertificate(variable.get(7), out),
  };
}

/** §2, Certificate. */
function readCertificate(map, decoded) {
  const checksum = map.get(5);
  check(BigInt(checksum) === xxh3(decoded), 'variable: wrong checksum');
  return {
    bound: ['lossless', 'absolute', 'relative'][map.get(0)],
    asked: map.get(1),
    absoluteBound: map.get(2),
    maxError: map.get(3),
    missing: map.get(4),
    xxh3: BigInt(checksum),
  };
}

// --------------------------------------------------------------------------------------------------------------- tiling

/** §3: the tiles in the order of their chunks. */
function tilesOf([planes, height, width, ...size], count) {
  check(planes * height * width === count, 'tiling does not fit the shape');
  const view = [planes, height, width];
  check(size.every((n, i) => n >= 1 && n <= Math.max(view[i], 1)), 'size of a tile');
  check(size[0] * size[1] * size[2] <= 2 ** 24, 'size of a tile');
  const starts = (length, step) => Array.from({ length: Math.ceil(length / step) }, (_, i) => i * step);
  const tiles = [];
  for (const p of starts(planes, size[0])) {
    for (const y of starts(height, size[1])) {
      for (const x of starts(width, size[2])) {
        const planesHere = Math.min(size[0], planes - p);
        tiles.push({ p, y, x, planes: planesHere, height: Math.min(size[1], height - y), width: Math.min(size[2], width - x) });
      }
    }
  }
  return tiles;
}

function placeTile(out, [, height, width], tile, values, size) {
  const row = tile.width * size;
  for (let p = 0; p < tile.planes; p++) {
    for (let y = 0; y < tile.height; y++) {
      const from = (p * tile.height + y) * row;
      out.set(values.subarray(from, from + row), (((tile.p + p) * height + tile.y + y) * width + tile.x) * size);
    }
  }
}

// --------------------------------------------------------------------------------------------------------------- chunks

/** §2, Chunk: checksums around decodeChunk. */
function decodeListedChunk(bytes, [offset, length, payloadSum, valuesSum], type, tile) {
  check(offset + length <= bytes.length, 'chunk past the end');
  const payload = bytes.subarray(offset, offset + length);
  check(xxh3Low(payload) === payloadSum, 'chunk: wrong checksum of the payload');
  const values = decodeChunk(payload, type, tile);
  check(xxh3Low(values) === valuesSum, `chunk (filling ${payload[0]}): wrong checksum of the values`);
  return values;
}

/** §4. Returns the values as little-endian bytes. Exported for experiments. */
export function decodeChunk(payload, type, tile) {
  const reader = new Reader(payload);
  const count = tile.planes * tile.height * tile.width;
  const filling = reader.u8();
  check(filling <= 3, 'unknown filling');
  if (filling === 0) return endOf(reader, reader.take(count * type.size));
  const values = new Values(type, count);
  if (filling === 1) {
    const value = reader.take(type.size);
    for (let i = 0; i < count; i++) values.setRaw(i, value);
    return endOf(reader, values.bytes);
  }
  const chunk = readCodedHeader(reader, type, tile);
  const stream = new Stream(reader.take(reader.count(0, reader.left)));
  decodeStream(chunk, stream, filling === 2 ? new Pyramid(chunk, stream) : new Raster(chunk, stream), values);
  applyPatches(reader, values);
  return endOf(reader, values.bytes);
}

function endOf(reader, result) {
  check(reader.left === 0, 'bytes after a chunk');
  return result;
}

/** §4, a coded payload up to the stream. */
function readCodedHeader(reader, type, tile) {
  const lattice = readLattice(reader, type);
  const quantum = reader.count(1, 2 ** 31 - 1);
  check(quantum % 2 === 1, 'even quantum');
  const top = quantum > 1 ? reader.count(0, 2 ** 31 - 1) : null;
  const missing = reader.count(0, 16);
  const patterns = Array.from({ length: missing < 16 ? missing : 0 }, () => reader.varint());
  const references = Array.from({ length: reader.count(0, 2) }, () => reader.count(1, 2 ** 32 - 1));
  return { ...tile, type, lattice, quantum, top, missing, patterns, references };
}

/** §4, the stream: masks, (levels, read by Raster's begin), then planes, each followed by its noise bits. */
function decodeStream(chunk, stream, method, values) {
  const size = chunk.height * chunk.width;
  const masks = decodeMasks(chunk, stream);
  method.begin();
  for (let p = 0; p < chunk.planes; p++) {
    const coordinates = method.plane(p, masks[p].classes);
    for (let i = 0; i < size; i++) {
      const target = p * size + i;
      if (masks[p].classes[i] !== 0) values.setBits(target, masks[p].patternOf(i));
      else chunk.lattice.put(values, target, cut(coordinates[i], chunk.top), stream.wideBits(chunk.lattice.noise));
    }
  }
  stream.finish();
}

/** §5: with a quantum above 1, values (but not predictions) use the coordinate cut to 0 ... top. */
function cut(coordinate, top) {
  return top === null ? coordinate : Math.min(Math.max(coordinate, 0), top);
}

/** §4, patches. */
function applyPatches(reader, values) {
  const count = reader.count(0, values.count);
  let at = -1;
  for (let i = 0; i < count; i++) {
    at += 1 + reader.count(0, values.count);
    check(at < values.count, 'patch past the end');
    values.setRaw(at, reader.take(values.type.size));
  }
}

// -------------------------------------------------------------------------------------------------------------- lattice

/** §5. A lattice has the number of noise bits and put(values, i, c, low), which writes the value of coordinate c. */
function readLattice(reader, type) {
  const kind = reader.u8();
  check(kind <= 2, 'unknown lattice');
  return [readScaled, readRatio, readOrdered][kind](reader, type);
}

function readScaled(reader) {
  const offset = reader.f64();
  const step = reader.f64();
  return { noise: 0, put: (values, i, c) => values.setNumber(i, offset + c * step) };
}

function readRatio(reader) {
  const base = reader.varint();
  const multiple = reader.varint();
  const divisor = reader.f64();
  return {
    noise: 0,
    put: (values, i, c) => values.setNumber(i, Number(BigInt.asIntN(64, base + BigInt(c) * multiple)) / divisor),
  };
}

function readOrdered(reader, { bits, kind }) {
  const base = reader.varint();
  const shift = BigInt(reader.u8());
  const noise = reader.u8();
  check(Number(shift) + noise <= 63, 'shift and noise');
  const top = (1n << BigInt(bits)) - 1n;
  const sign = 1n << BigInt(bits - 1);
  const put = (values, i, c, low) => {
    const delta = BigInt.asIntN(64, ((BigInt(c) << BigInt(noise)) | low) << shift);
    const sum = base + delta;
    values.setBits(i, bitsOfOrdered(sum < 0n ? 0n : sum > top ? top : sum, kind, sign, top));
  };
  return { noise, put };
}

function bitsOfOrdered(ordered, kind, sign, top) {
  if (kind === 'unsigned') return ordered;
  if (kind === 'signed') return ordered ^ sign;
  return (ordered & sign) !== 0n ? ordered ^ sign : ordered ^ top;
}

// ------------------------------------------------------------------------------------------------------- entropy coding

const SLOTS = 1 << 15;

/** §6, a table. Cumulative weights scaled to 65472, made afresh for each use. */
class Table {
  constructor(weights, slowest) {
    const sum = weights.reduce((a, b) => a + b, 0);
    this.entries = new Int32Array(16);
    let before = 0;
    for (let i = 0; i < 16; i++) {
      this.entries[i] = Math.floor((before * 65472) / sum);
      before += weights[i];
    }
    this.slowest = slowest;
    this.seen = 0;
  }

  learn(s) {
    const rate = Math.min(4 + (this.seen >> 3), this.slowest);
    this.seen = Math.min(this.seen + 1, 127);
    const t = this.entries;
    for (let i = 0; i < 16; i++) {
      if (i <= s) t[i] -= t[i] >> rate;
      else t[i] += (65472 - t[i]) >> rate;
    }
  }
}

function uniform(n, slowest) {
  return new Table(Array.from({ length: 16 }, (_, i) => (i < n ? 1 : 0)), slowest);
}

const many = (count, make) => Array.from({ length: count }, (_, i) => make(i));

/** §6, the stream of coding steps. */
class Stream {
  constructor(bytes) {
    check(bytes.length >= 8 && bytes.length % 2 === 0, 'length of a stream');
    this.reader = new Reader(bytes);
    this.a = this.reader.u32();
    this.b = this.reader.u32();
  }

  step(start, frequency) {
    const slot = this.a % SLOTS;
    let next = (Math.imul(frequency, this.a >>> 15) + slot - start) >>> 0;
    if (next < 65536) next = (next * 65536 + this.reader.u16()) >>> 0;
    this.a = this.b;
    this.b = next;
  }

  /** At most 15 plain bits. */
  shortBits(n) {
    if (n === 0) return 0;
    const value = (this.a % SLOTS) >> (15 - n);
    this.step(value << (15 - n), 1 << (15 - n));
    return value;
  }

  /** Up to 32 plain bits, as an unsigned number. */
  bits(n) {
    let value = 0;
    for (let done = 0; done < n; done += 15) value += this.shortBits(Math.min(15, n - done)) * 2 ** done;
    return value;
  }

  /** Any number of plain bits, as BigInt. */
  wideBits(n) {
    let value = 0n;
    for (let done = 0; done < n; done += 15) value |= BigInt(this.shortBits(Math.min(15, n - done))) << BigInt(done);
    return value;
  }

  /** A symbol under one table, or under the mean of two. */
  symbol(t, u = t) {
    const slot = this.a % SLOTS;
    const start = (i) => (i === 16 ? SLOTS : (t.entries[i] >> 2) + (u.entries[i] >> 2) + i);
    let s = 15;
    while (start(s) > slot) s--;
    this.step(start(s), start(s + 1) - start(s));
    t.learn(s);
    if (u !== t) u.learn(s);
    return s;
  }

  finish() {
    check(this.a === 65536 && this.b === 65536 && this.reader.left === 0, 'stream does not end as it must');
  }
}

// ------------------------------------------------------------------------------------------------------------ residuals

const THETA = [
  384, 480, 576, 672, 864, 1056, 1248, 1439, 1727, 2110, 2492, 2874, 3446, 4207, 4963, 5716, 6837, 8312, 9762, 11184, 13258, 15901,
  18395, 20734, 23954, 27738, 31000, 33813,
];

const floorLog2 = (n) => 31 - Math.clz32(n); // 1 <= n < 2^32
const magnitude = (n) => Math.abs(n); // of an int32, up to 2^31

/** §7, initial shape table number s. */
function shapeTable(s) {
  const theta = THETA[s < 28 ? s : s - 4];
  const weights = new Array(16);
  let w = 8192;
  for (let d = 0; d < 8; d++) {
    weights[7 - d] = w + 1;
    weights[7 + d] = w + 1;
    w = Math.floor((w * theta) / 65536);
  }
  weights[15] = 2 * w + 2;
  return new Table(weights, 7);
}

/** §7. */
class ResidualCoder {
  constructor(stream, buckets) {
    this.stream = stream;
    this.means = many(buckets, (b) => ({ value: 16 * 2 ** Math.min(b >> 1, 20), seen: 0 }));
    this.shapes = many(32, shapeTable);
    this.ratios = many(192, (i) => shapeTable(Math.floor(i / 6)));
    this.lows = many(80, (i) => uniform(2 ** (i >> 4), 7));
    this.escapes = many(2, () => uniform(16, 5));
  }

  decode(bucket, nearby) {
    const mean = this.means[bucket];
    const expected = (mean.value >> 1) + Math.floor(nearby / 2); // step 1
    const { shape, k } = shapeOf(expected); // step 2
    const ratio = [1, 3, 5, 6, 7].filter((t) => nearby * 4 > expected * t).length; // step 3
    const s = this.stream.symbol(this.shapes[shape], this.ratios[shape * 6 + ratio]); // step 4
    const h = s < 15 ? s - 7 : this.escape(); // step 5
    const r = k > 0 ? ((h << k) - (1 << (k - 1)) + this.lowBits(k, s)) | 0 : h; // steps 6 and 7
    learnMean(mean, magnitude(r)); // step 8
    return r;
  }

  escape() {
    let n = this.stream.symbol(this.escapes[0]);
    if (n === 15) n += this.stream.symbol(this.escapes[1]);
    const negative = this.stream.shortBits(1);
    const h = (2 ** n + this.stream.bits(n) + 7) | 0;
    return negative ? -h | 0 : h;
  }

  lowBits(k, s) {
    const m = Math.min(k, 4);
    const t = this.stream.symbol(this.lows[16 * m + s]);
    return t * 2 ** (k - m) + this.stream.bits(k - m);
  }
}

/** §7, step 2. */
function shapeOf(expected) {
  const scaled = (Math.floor((expected * 85) / 256) | 1) >>> 0;
  const o = floorLog2(scaled);
  const q = (o >= 2 ? scaled >>> (o - 2) : scaled << (2 - o)) & 3;
  if (o <= 5) return { shape: 4 * o + q, k: 0 };
  if (o === 6) return { shape: 24 + q, k: 0 };
  return { shape: 28 + q, k: o - 6 };
}

/** §7, step 8. */
function learnMean(mean, size) {
  const target = Math.min(size, 2 ** 22) * 256;
  const rate = Math.min(1 + (mean.seen >> 1), 5);
  if (mean.seen < 10) mean.seen += 1;
  if (target > mean.value) mean.value += (target - mean.value) >> rate;
  else mean.value -= (mean.value - target) >> rate;
}

// ----------------------------------------------------------------------------------------------------------------- mask

/** §8: the masks of all planes. Each has the class of every sample and the bit pattern of the missing ones. */
function decodeMasks(chunk, stream) {
  const size = chunk.height * chunk.width;
  const tables = { flags: many(17 * 32, () => uniform(16, 5)), classes: uniform(16, 5) };
  const masks = [];
  let groupsBefore = null;
  for (let p = 0; p < chunk.planes; p++) {
    const classes = new Uint8Array(size);
    const written = new Map();
    if (chunk.missing > 0) groupsBefore = decodeMask(chunk, stream, tables, classes, groupsBefore);
    if (chunk.missing === 16) classes.forEach((c, i) => c && written.set(i, stream.wideBits(chunk.type.bits)));
    masks.push({ classes, patternOf: (i) => (chunk.missing === 16 ? written.get(i) : chunk.patterns[classes[i] - 1]) });
  }
  return masks;
}

/** The groups of one plane; returns their bits, which are contexts for the plane after it. */
function decodeMask({ height, width, missing }, stream, tables, classes, groupsBefore) {
  const across = Math.ceil(width / 4);
  const groups = new Uint8Array(height * across);
  for (let y = 0; y < height; y++) {
    for (let g = 0; g < across; g++) {
      const here = y * across + g;
      const before = groupsBefore ? 1 + groupsBefore[here] : 0;
      const above = y > 0 ? groups[here - across] : 0;
      const left = g > 0 && classes[y * width + 4 * g - 1] !== 0 ? 1 : 0;
      const bits = stream.symbol(tables.flags[before * 32 + above * 2 + left]);
      groups[here] = bits;
      const samples = Math.min(4, width - 4 * g);
      check(bits >> samples === 0, 'mask flags past the end of a row');
      for (let i = 0; i < samples; i++) {
        if ((bits >> i) & 1) classes[y * width + 4 * g + i] = missingClass(stream, tables, missing);
      }
    }
  }
  return groups;
}

function missingClass(stream, tables, missing) {
  if (missing < 2 || missing > 15) return 1;
  const c = 1 + stream.symbol(tables.classes);
  check(c <= missing, 'class of a missing value');
  return c;
}

// -------------------------------------------------------------------------------------------------------------- pyramid

const NEARBY_LIMIT = 2 ** 20;

// §9. The taps of the three passes as (row, column) offsets from the predicted sample, in strides S of the plane itself instead of
// numbers in the dense grids: K(i, j) lies at (2i, 2j), D(i, j) at (2i + 1, 2j + 1). Order: near 1, far 1, near 2, far 2.
const CROSS = [[0, -1], [0, 1], [0, -3], [0, 3], [-1, 0], [1, 0], [-3, 0], [3, 0]];
const DIAGONALS = [[-1, -1], [1, 1], [-3, -3], [3, 3], [-1, 1], [1, -1], [-3, 3], [3, -3]];
const PASSES = [
  { row: 1, column: 1, taps: DIAGONALS },
  { row: 0, column: 1, taps: CROSS },
  { row: 1, column: 0, taps: CROSS },
];
const NEAR = [0, 1, 4, 5]; // the near taps among the eight

const WEIGHTS = [0, 2, 4, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 20];

// §10
const KERNELS = [
  [9, -1, 9, -1], [18, -2, 0, 0], [0, 0, 18, -2], [8, 0, 8, 0], [16, 0, 0, 0], [0, 0, 16, 0], [14, -2, 5, -1], [5, -1, 14, -2],
];
const NO_KERNEL = [0, 0, 0, 0];

/** §9. */
class Pyramid {
  constructor(chunk, stream) {
    this.chunk = chunk;
    this.stream = stream;
    this.coder = new ResidualCoder(stream, 48);
    this.referenceTable = uniform(3, 5);
    this.kernelTables = many(3, () => uniform(8, 5));
    this.weightTables = many(3, () => uniform(16, 5));
    this.done = [];
  }

  begin() {}

  plane(p, classes) {
    const { height, width } = this.chunk;
    const samples = new Int32Array(height * width);
    const plane = { height, width, samples, missing: classes, reference: this.chooseReference(p) };
    let levels = 0;
    while (Math.ceil(Math.max(height, width) / 2 ** levels) > 4) levels++;
    this.coarsest(plane, 2 ** levels);
    for (let stride = 2 ** (levels - 1); stride >= 1; stride /= 2) {
      PASSES.forEach((pass, number) => this.pass(plane, stride, pass, number));
    }
    this.done.push(samples);
    return samples;
  }

  chooseReference(p) {
    const { references } = this.chunk;
    if (p === 0 || references.length === 0) return null;
    const j = this.stream.symbol(this.referenceTable);
    check(j <= references.length, 'no such reference');
    return j === 0 ? null : (this.done[p - references[j - 1]] ?? null);
  }

  coarsest({ height, width, samples, missing, reference }, stride) {
    let o = 0;
    for (let y = 0; y < height; y += stride) {
      for (let x = 0; x < width; x += stride) {
        const at = y * width + x;
        const r = reference ? reference[at] : 0;
        samples[at] = r + o;
        if (missing[at]) continue;
        samples[at] += this.residual(47, Math.min(magnitude(o), NEARBY_LIMIT)).step;
        o = (samples[at] - r) | 0;
      }
    }
  }

  residual(bucket, nearby) {
    const r = this.coder.decode(bucket, nearby);
    return { size: Math.min(magnitude(r), NEARBY_LIMIT), step: Math.imul(this.chunk.quantum, r) };
  }

  pass(plane, stride, { row, column, taps }, number) {
    const { height, width, samples, missing } = plane;
    if (row * stride >= height || column * stride >= width) return;
    const kernel = KERNELS[this.stream.symbol(this.kernelTables[number])] ?? NO_KERNEL;
    const w = plane.reference ? WEIGHTS[this.stream.symbol(this.weightTables[number])] : 0;
    const predictor = new Predictor(plane, stride, taps, kernel, w, this.chunk.quantum);
    const across = Math.ceil((width - column * stride) / (2 * stride));
    let sizesAbove = new Float64Array(across + 2); // one zero on either side
    for (let y = row * stride; y < height; y += 2 * stride) {
      const sizes = new Float64Array(across + 2);
      for (let j = 1; j <= across; j++) {
        const x = (column + 2 * (j - 1)) * stride;
        const { prediction, bucket } = predictor.predict(y, x);
        samples[y * width + x] = prediction;
        if (missing[y * width + x]) continue;
        const nearby = 43 * (2 * sizes[j - 1] + sizesAbove[j - 1] + 2 * sizesAbove[j] + sizesAbove[j + 1]);
        const { size, step } = this.residual(bucket, nearby);
        samples[y * width + x] += step;
        sizes[j] = size;
      }
      sizesAbove = sizes;
    }
  }
}

// ----------------------------------------------------------------------------------------------------------- prediction

/** §10, for the samples of one pass. */
class Predictor {
  constructor(plane, stride, taps, kernel, w, quantum) {
    Object.assign(this, { plane, stride, taps, kernel, w });
    this.fineness = Math.floor(2 ** 34 / quantum); // f, see bucketOf
    this.value = new Int32Array(8); // of the eight taps
    this.inside = new Array(8);
    this.exists = new Array(8); // inside and not missing
  }

  predict(y, x) {
    this.readTaps(y, x);
    const { prediction, spread } = this.exists.every(Boolean) ? this.inner() : this.outer();
    const back = this.w ? Math.imul(this.w, this.plane.reference[y * this.plane.width + x]) >> 4 : 0;
    return { prediction: (prediction + back) | 0, bucket: bucketOf(spread, this.fineness) };
  }

  readTaps(y, x) {
    const { height, width, samples, missing, reference } = this.plane;
    for (let t = 0; t < 8; t++) {
      const ty = y + this.taps[t][0] * this.stride;
      const tx = x + this.taps[t][1] * this.stride;
      const at = ty * width + tx;
      this.inside[t] = ty >= 0 && ty < height && tx >= 0 && tx < width;
      this.exists[t] = this.inside[t] && missing[at] === 0;
      this.value[t] = this.inside[t] ? samples[at] - (this.w ? Math.imul(this.w, reference[at]) >> 4 : 0) : 0;
    }
  }

  inner() {
    const v = this.value;
    let sum = 16;
    for (let i = 0; i < 4; i++) sum = (sum + Math.imul(this.kernel[i], v[2 * i] + v[2 * i + 1])) | 0;
    const prediction = sum >> 5;
    return { prediction, spread: this.distance(NEAR, prediction) % 2 ** 32 };
  }

  outer() {
    const lines = [this.line(0), this.line(4)].filter((value) => value !== null);
    const near = NEAR.filter((t) => this.exists[t]);
    const prediction = this.outerPrediction(lines, near);
    if (near.length === 0) return { prediction, spread: 0 };
    return { prediction, spread: Math.floor(Math.min(4 * this.distance(near, prediction), 2 ** 32 - 1) / near.length) };
  }

  outerPrediction(lines, near) {
    if (lines.length === 2) return ((lines[0] + lines[1] + 32) | 0) >> 6;
    if (lines.length === 1) return ((lines[0] + 16) | 0) >> 5;
    const taps = near.length > 0 ? near : NEAR.filter((t) => this.inside[t]);
    const sum = taps.reduce((total, t) => (total + this.value[t]) | 0, 0);
    return Math.floor(((sum + (taps.length >> 1)) | 0) / taps.length);
  }

  /** The line whose taps begin at number t, or null without both its near taps. */
  line(t) {
    const [v, e] = [this.value, this.exists];
    if (!e[t] || !e[t + 1]) return null;
    const near = (v[t] + v[t + 1]) | 0;
    if (!e[t + 2] || !e[t + 3]) return Math.imul(16, near);
    return (Math.imul(18, near) - Math.imul(2, v[t + 2] + v[t + 3])) | 0;
  }

  distance(taps, prediction) {
    return taps.reduce((total, t) => total + magnitude((this.value[t] - prediction) | 0), 0);
  }
}

/** §10: min(half_octave(floor(spread * f / 2^32)), 46). The product needs up to 66 bits, so it is taken in halves. */
function bucketOf(spread, f) {
  const low = Math.floor(((spread % 65536) * f) / 65536);
  const scaled = Math.floor((Math.floor(spread / 65536) * f + low) / 65536);
  return Math.min(halfOctave(scaled % 2 ** 32), 46);
}

function halfOctave(v) {
  if (v === 0) return 0;
  const o = floorLog2(v);
  return 1 + 2 * o + (o > 0 ? (v >>> (o - 1)) & 1 : 0);
}

// --------------------------------------------------------------------------------------------------------------- raster

const bitLength = (n) => 32 - Math.clz32(n);

/** §11. */
class Raster {
  constructor(chunk, stream) {
    this.chunk = chunk;
    this.stream = stream;
    this.repeats = many(128, () => uniform(7, 6));
    this.means = many(26, () => uniform(13, 6));
    this.sides = many(169, () => uniform(13, 6));
    this.mantissas = many(13, (l) => uniform(2 ** Math.min(Math.max(l - 1, 0), 4), 6));
    this.before = null; // level numbers of the plane before
  }

  /** Reads the levels. */
  begin() {
    const count = this.stream.bits(13);
    check(count <= 4096, 'too many levels');
    this.common = this.stream.bits(13);
    const coder = new ResidualCoder(this.stream, 1);
    this.levels = new Int32Array(count);
    let level = this.stream.bits(32) | 0;
    for (let i = 0; i < count; i++) {
      if (i > 0) level = (level + coder.decode(0, 0) + 1) | 0;
      this.levels[i] = level;
    }
  }

  plane(p, missing) {
    const { height, width, quantum } = this.chunk;
    const numbers = new Int32Array(height * width);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const at = y * width + x;
        const near = this.neighbours(numbers, y, x, this.before ? this.before[at] : this.common);
        numbers[at] = missing[at] ? near.left : this.sample(near);
      }
    }
    this.before = numbers;
    return numbers.map((n) => Math.imul(this.levels[n] ?? 0, quantum));
  }

  neighbours(numbers, y, x, before) {
    const { width } = this.chunk;
    const inRowAbove = (column) => (y > 0 ? numbers[(y - 1) * width + Math.min(Math.max(column, 0), width - 1)] : this.common);
    const above = inRowAbove(x);
    const left = x > 0 ? numbers[y * width + x - 1] : above;
    return { left, above, aboveLeft: inRowAbove(x - 1), aboveRight: inRowAbove(x + 1), common: this.common, before };
  }

  sample(near) {
    const { left, above, aboveLeft, aboveRight, common, before } = near;
    const equal = [
      left === above, left === aboveLeft, above === aboveLeft, above === aboveRight, left === common, before === left, before === above,
    ];
    const context = equal.reduce((bits, bit) => 2 * bits + (bit ? 1 : 0), 0);
    const s = this.stream.symbol(this.repeats[context]);
    // Symbols 0 ... 5.
    const candidates = [left, above, aboveLeft, aboveRight, before, common];
    return s < 6 ? candidates[s] : this.number(near);
  }

  number({ left, above, aboveLeft, aboveRight }) {
    const sum = left + above + aboveLeft + aboveRight;
    const length = bitLength(sum);
    const b = sum !== 0 && ((sum >> (Math.max(length, 2) - 2)) & 1) === 0 ? 1 : 0;
    const mean = Math.min(Math.max(2 * length - b - 3, 0), 25);
    const side = 13 * Math.min(bitLength(left), 12) + Math.min(bitLength(above), 12);
    const l = this.stream.symbol(this.means[mean], this.sides[side]);
    if (l === 0) return 0;
    const p = l - 1;
    const m = Math.min(p, 4);
    const t = m > 0 ? this.stream.symbol(this.mantissas[Math.min(l, 12)]) : 0;
    return 2 ** p + t * 2 ** (p - m) + this.stream.bits(p - m);
  }
}
