// A second decoder for DeepComp archives, written from docs/format.md alone: it shares no line with the Rust sources, so that
// agreement of the two says that the document is right and complete. Section numbers (§) are those of that page.
// It favours being easy to check against the page over speed. All checksums are verified (XXH3 lives in xxh3.mjs).

import { readFileSync } from 'node:fs';
import { inflateRawSync } from 'node:zlib';
import { derivedValues } from './derived.mjs';
import { unpackBytes } from './lzma.mjs';
import { xxh3, xxh3Low } from './xxh3.mjs';

const MAX_DECODED_BYTES = 2 ** 30; // §24: limits of our own
const MAX_INDEX_BYTES = 64 * 2 ** 20;

export class CorruptArchive extends Error {}

export class CorruptModel extends Error {}

/** The archive needs a model that was not given. */
export class MissingModel extends Error {
  constructor(hash) {
    super(`the model ${hash.toString(16).padStart(16, '0')} is missing`);
    this.hash = hash;
  }
}

function check(condition, what) {
  if (!condition) throw new CorruptArchive(what);
}

// ---------------------------------------------------------------------------------------------------------------- bytes

/** A cursor over bytes; every reading past the end is an error (§26). */
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
const SINGLE = DATA_TYPES[8];

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

  /** The bit pattern of a value. */
  bits(i) {
    const { size } = this.type;
    if (size === 8) return this.view.getBigUint64(8 * i, true);
    return BigInt(size === 4 ? this.view.getUint32(4 * i, true) : size === 2 ? this.view.getUint16(2 * i, true) : this.view.getUint8(i));
  }

  /** Writes a binary64 number, rounded to the type as §5 says. */
  setNumber(i, x) {
    const { kind, size, bits } = this.type;
    if (kind === 'float') return size === 8 ? this.view.setFloat64(8 * i, x, true) : this.view.setFloat32(4 * i, x, true);
    this.setBits(i, BigInt.asUintN(bits, saturate(x, kind === 'signed', bits)));
  }

  /** The value as a number, or a BigInt where it has 64 bits and is none of floating point. */
  number(i) {
    return new this.type.make(this.bytes.buffer)[i];
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
  check(info === 20 || info === 21 || info === 26 || info === 27, 'unexpected simple CBOR value');
  if (info === 26) return reader.view.getFloat32(reader.advance(4));
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
 * @param {{ models?: Map<bigint, object> }} options models by their hashes, from readModel
 * @returns {{ version: string, files: { name: string, variables: object[] }[] }}
 */
export function decodeArchive(bytes, { models = new Map() } = {}) {
  const { version, end } = checkSuperblock(bytes);
  bytes = bytes.subarray(0, end);
  const index = readIndex(bytes, indexOffset(bytes));
  const files = index.get(0).map((file) => decodeFile(bytes, file, models));
  return { version, files };
}

/** §1, superblock. */
function checkSuperblock(bytes) {
  const reader = new Reader(bytes);
  const magic = [0x89, 0x44, 0x43, 0x41, 0x0d, 0x0a, 0x1a, 0x0a];
  check(reader.take(8).every((byte, i) => byte === magic[i]), 'not a DeepComp archive');
  const [major, minor, flags, low, high] = [reader.u16(), reader.u16(), reader.u16(), reader.u16(), reader.u32()];
  check(major === 1, `version ${major}.${minor} is not known`);
  check((flags & 0xff) === 0, 'unknown flags');
  check(reader.u32() === xxh3Low(bytes.subarray(0, 20)), 'superblock: wrong checksum');
  const end = high * 65536 + low || bytes.length;
  check(end <= bytes.length, 'end of the archive');
  return { version: `${major}.${minor}`, end };
}

/** §1, trailer. */
function indexOffset(bytes) {
  check(bytes.length >= 36, 'too short');
  const trailer = new Reader(bytes.subarray(bytes.length - 12));
  const offset = trailer.u64();
  check(trailer.u32() === 0x2e616364, 'trailer: wrong mark');
  check(offset >= 24n && offset < BigInt(bytes.length - 12), 'trailer: wrong offset');
  return Number(offset);
}

/** §1: the payload of the record of that kind which these bytes are. */
function readRecord(bytes, kind) {
  const record = new Reader(bytes);
  check(record.u8() === 0xdc && record.u8() === kind, `not a record of kind ${kind}`);
  const length = record.count(0, record.left);
  check(record.u16() === xxh3Low(bytes.subarray(0, record.at - 2)) % 65536, 'record: wrong head');
  const payload = record.take(length);
  check(record.u32() === xxh3Low(bytes.subarray(0, bytes.length - record.left - 4)), 'record: wrong checksum');
  check(record.left === 0, 'bytes behind a record');
  return payload;
}

/** §1, records, and §2. */
function readIndex(bytes, offset) {
  return parseIndex(readRecord(bytes.subarray(offset, bytes.length - 12), 5));
}

function parseIndex(payload) {
  check(payload.length > 0 && payload[0] <= 2, 'index: unknown packing');
  const cbor = new Reader(unpackIndex(payload));
  const index = readCbor(cbor);
  check(cbor.left === 0, 'bytes after the index');
  return index;
}

/** §2: the CBOR of an index. */
export function unpackIndex(payload) {
  const body = payload.subarray(1);
  if (payload[0] === 0) return body;
  return inflateRawSync(body, { maxOutputLength: MAX_INDEX_BYTES, ...(payload[0] === 2 && { dictionary: words() }) });
}

/** §2, the words, from the page itself. */
function words() {
  const page = readFileSync(new URL('../../docs/format.md', import.meta.url), 'utf8');
  const lines = /```words\n([^]*?)\n```/.exec(page)[1].split('\n').join('');
  return Buffer.from(lines.replace(/\\n|\\x(..)/g, (_, hex) => String.fromCharCode(hex === undefined ? 10 : Number.parseInt(hex, 16))), 'latin1');
}

function decodeFile(bytes, file, models) {
  const dimensions = file.get(3) ?? [];
  return { name: file.get(0), data: file.get(10) ?? false, variables: (file.get(5) ?? []).map((variable) => decodeVariable(bytes, variable, dimensions, models)) };
}

function decodeVariable(bytes, variable, dimensions, models) {
  const type = DATA_TYPES[variable.get(1)];
  check(type, 'unknown data type');
  const shape = (variable.get(2) ?? []).map((d) => {
    check(d < dimensions.length, 'no such dimension');
    return dimensions[d][1];
  });
  const count = shape.reduce((a, b) => a * b, 1);
  check(count * type.size <= MAX_DECODED_BYTES, 'too large for this decoder');
  const derived = variable.get(5);
  const out = derived ? derive(derived, shape, type) : new Uint8Array(count * type.size);
  const sections = readSections(variable.get(6) ?? [], shape);
  check(!derived || sections.length === 1, 'sections of a derived variable');
  let start = 0;
  const [fillings, certificates] = [[], []];
  for (const { section, shape } of sections) {
    const values = shape.reduce((a, b) => a * b, 1);
    const part = out.subarray(start * type.size, (start += values) * type.size);
    const tiling = section.get(1) ?? usualTiling(shape);
    const tiles = derived ? [] : tilesOf(tiling, values);
    const frames = readTable(bytes, section, tiles.length);
    const getModel = () => namedModel(section.get(4), models);
    for (const [i, tile] of tiles.entries()) {
      const { filling, values } = decodeFrame(frames[i], type, tile, getModel);
      placeTile(part, tiling, tile, values, type.size);
      fillings.push(filling);
    }
    certificates.push(readCertificate(section.get(5) ?? new Map(), part));
  }
  check(start === count, 'sections do not come to the variable');
  return {
    name: variable.get(0),
    dataType: type.name,
    shape,
    values: new type.make(out.buffer),
    fillings, // of its chunks
    certificate: certificates[0],
    certificates, // of its sections
  };
}

/** §2, Section: each with its shape. */
function readSections(sections, shape) {
  check(sections.length >= 1 && (shape.length > 0 || sections.length === 1), 'number of sections');
  const named = sections.filter((section) => section.has(0));
  const left = (shape[0] ?? 1) - named.reduce((sum, section) => sum + section.get(0), 0);
  check(left >= 0 && sections.length - named.length <= 1, 'lengths of sections');
  return sections.map((section) => ({ section, shape: shape.length ? [section.get(0) ?? left, ...shape.slice(1)] : [] }));
}

/** §3, Derived values. */
function derive(derived, shape, type) {
  try {
    return new Uint8Array(derivedValues(derived, shape, type.name).buffer);
  } catch (error) {
    throw new CorruptArchive(error.message);
  }
}

/** §2, Section, key 4; asked for by chunks that take the network method or the layered method. */
function namedModel(key, models) {
  check(key !== undefined, 'the network method or the layered method without a model');
  const hash = BigInt(key);
  if (!models.has(hash)) throw new MissingModel(hash);
  return models.get(hash);
}

/** §2, Certificate. */
function readCertificate(map, decoded) {
  const checksum = map.get(5) ?? 0;
  check(BigInt(checksum) === xxh3(decoded), 'variable: wrong checksum');
  return {
    bound: ['lossless', 'absolute', 'relative'][map.get(0) ?? 0],
    asked: map.get(1) ?? 0,
    absoluteBound: map.get(2) ?? map.get(1) ?? 0,
    maxError: map.get(3) ?? 0,
    missing: map.get(4) ?? 0,
    meanError: map.get(6) ?? null,
    kept: map.get(8) ?? [],
    xxh3: BigInt(checksum),
  };
}

// --------------------------------------------------------------------------------------------------------------- tiling

/** §3, the usual tiling. */
function usualTiling(shape) {
  const product = (lengths) => lengths.reduce((a, b) => a * b, 1);
  const even = (n, most) => Math.max(1, Math.ceil(n / Math.max(1, Math.ceil(n / Math.max(1, most)))));
  const long = shape.filter((n) => n !== 1);
  let [h, w] = long.length > 1 ? long.slice(-2) : [1, long[0] ?? 1];
  const slow = long.slice(0, -2);
  if (slow.length > 0 && h * w < 256) h *= product(slow.splice(0));
  const width = even(w, h === 1 ? 2 ** 21 : 4096);
  const height = even(h, Math.floor(Math.floor(2 ** 21 / Math.min(Math.max(product(slow), 1), 8)) / width));
  const most = Math.max(1, Math.floor(2 ** 21 / (width * height)));
  let [planes, tilePlanes] = [1, 1];
  while (slow.length > 0 && tilePlanes === planes) {
    const n = slow.pop();
    tilePlanes = planes * even(n, Math.floor(most / planes));
    planes *= n;
  }
  return [product(slow), planes, h, w, Math.min(tilePlanes, Math.max(planes, 1)), height, width];
}

/** §3: the tiles in the order of their chunks. */
function tilesOf([blocks, planes, height, width, ...size], count) {
  check(blocks * planes * height * width === count, 'tiling does not fit the shape');
  const view = [planes, height, width];
  check(size.every((n, i) => n >= 1 && n <= Math.max(view[i], 1)), 'size of a tile');
  check(size[0] * size[1] * size[2] <= 2 ** 24, 'size of a tile');
  const starts = (length, step) => Array.from({ length: Math.ceil(length / step) }, (_, i) => i * step);
  const tiles = [];
  for (const block of starts(blocks, 1)) {
    for (const p of starts(planes, size[0])) {
      for (const y of starts(height, size[1])) {
        for (const x of starts(width, size[2])) {
          const planesHere = Math.min(size[0], planes - p);
          tiles.push({ p: block * planes + p, y, x, planes: planesHere, height: Math.min(size[1], height - y), width: Math.min(size[2], width - x) });
        }
      }
    }
  }
  return tiles;
}

function placeTile(out, [, , height, width], tile, values, size) {
  const row = tile.width * size;
  for (let p = 0; p < tile.planes; p++) {
    for (let y = 0; y < tile.height; y++) {
      const from = (p * tile.height + y) * row;
      out.set(values.subarray(from, from + row), (((tile.p + p) * height + tile.y + y) * width + tile.x) * size);
    }
  }
}

// --------------------------------------------------------------------------------------------------------------- chunks

/** §2, Table: the bytes of each frame of a variable. */
function readTable(bytes, section, count) {
  const elsewhere = section.get(3);
  if (elsewhere) check(elsewhere[0] + elsewhere[1] <= bytes.length, 'table past the end');
  const table = new Reader(elsewhere ? readRecord(bytes.subarray(elsewhere[0], elsewhere[0] + elsewhere[1]), 3) : section.get(2) ?? new Uint8Array());
  let end = 0n;
  const frames = [];
  while (frames.length < count) {
    const zigzag = table.varint();
    const start = BigInt.asUintN(64, end + ((zigzag >> 1n) ^ -(zigzag & 1n)));
    end = start + table.varint();
    check(end <= BigInt(bytes.length), 'chunk past the end');
    frames.push(bytes.subarray(Number(start), Number(end)));
  }
  check(table.left === 0, 'number of chunks');
  return frames;
}

/** §4, frame: what is around decodeChunk. Exported for frames without an archive. */
export function decodeFrame(bytes, type, tile, getModel) {
  check(bytes.length >= 10, 'frame too short');
  const frame = new Reader(bytes.subarray(0, bytes.length - 4));
  check(new Reader(bytes.subarray(bytes.length - 4)).u32() === xxh3Low(frame.bytes), 'frame: wrong checksum');
  check(frame.u8() === 0xd1, 'version of a frame');
  const flags = frame.u8();
  check(flags <= 3, 'flags of a frame');
  const valuesSum = frame.u32();
  if (flags & 1) frame.take(8);
  if (flags & 2) frame.take(4);
  const payload = frame.take(frame.left);
  const values = decodeChunk(payload, type, tile, getModel);
  check(xxh3Low(values) === valuesSum, `chunk (filling ${payload[0]}): wrong checksum of the values`);
  return { filling: payload[0], values };
}

/** §4. Returns the values as little-endian bytes. Exported for experiments. */
export function decodeChunk(payload, type, tile, getModel) {
  const reader = new Reader(payload);
  const count = tile.planes * tile.height * tile.width;
  const filling = reader.u8();
  check(filling <= 12, 'unknown filling');
  if (filling === 8) return widened(payload.subarray(1), type, tile, getModel);
  if (filling === 7) return bytesOf(reader.take(reader.left), count * type.size);
  if (filling === 0) return endOf(reader, reader.take(count * type.size));
  const values = new Values(type, count);
  if (filling === 9) return extrapolated(reader, tile, type, values);
  if (filling === 1) {
    const value = reader.take(type.size);
    for (let i = 0; i < count; i++) values.setRaw(i, value);
    return endOf(reader, values.bytes);
  }
  const chunk = { ...readCodedHeader(reader, type, tile), model: [5, 6, 12].includes(filling) ? getModel() : null };
  chunk.look = filling === 6 ? readLook(reader, chunk.model) : null;
  const stream = new Stream(reader.take(reader.count(0, reader.left)));
  if (filling === 10) chunk.residuals = new BulkResiduals(new Reader(reader.take(reader.count(0, reader.left))), count);
  const told = decodeStream(chunk, stream, { 2: Pyramid, 3: Raster, 4: Repeats, 5: Network, 6: Network, 10: Bulk, 11: Experts, 12: Experts }[filling], values);
  chunk.residuals?.finish();
  applyPatches(reader, values, told);
  return endOf(reader, values.bytes);
}

/** §4, narrow: a payload of binary32; NaNs by their bits. */
function widened(payload, type, tile, getModel) {
  check(type.kind === 'float' && type.bits === 64 && payload[0] !== 8, 'narrow chunk of another type than float64');
  const narrow = decodeChunk(payload, SINGLE, tile, getModel);
  const bytes = new Uint8Array(narrow.length * 2);
  const [from, to] = [new DataView(narrow.buffer, narrow.byteOffset, narrow.byteLength), new DataView(bytes.buffer)];
  for (let i = 0; i < narrow.length / 4; i++) {
    const bits = from.getUint32(4 * i, true);
    if ((bits & 0x7f800000) === 0x7f800000) {
      to.setBigUint64(8 * i, (BigInt(bits >>> 31) << 63n) | (0x7ffn << 52n) | (BigInt(bits & 0x7fffff) << 29n), true);
    } else {
      to.setFloat64(8 * i, from.getFloat32(4 * i, true), true);
    }
  }
  return bytes;
}

function bytesOf(stream, length) {
  try {
    return unpackBytes(stream, length);
  } catch (error) {
    throw new CorruptArchive(error.message);
  }
}

function endOf(reader, result) {
  check(reader.left === 0, 'bytes after a chunk');
  return result;
}

/** §23. */
function extrapolated(reader, tile, type, values) {
  const columns = reader.count(0, 1);
  const [planes, height, width] = columns ? [tile.width, tile.planes, tile.height] : [tile.planes, tile.height, tile.width];
  const kind = reader.count(0, 2);
  const sum = kind === 0 ? 0 : reader.count(0, kind === 1 ? Math.max(width - 1, 0) : 2 * height);
  const imageOf = [
    () => null,
    (y, x) => ((sum - x + width) % width < x ? [y, (sum - x + width) % width] : null),
    (y, x) => (sum >= y && sum - y < y ? [sum - y, x] : null),
  ][kind];
  const stream = new Stream(reader.take(reader.left));
  const [sign, top] = [1n << BigInt(type.bits - 1), (1n << BigInt(type.bits)) - 1n];
  const tables = { lengths: many(128, () => uniform(16, 6)), upper: many(16, () => uniform(4, 7)) };
  let before = null;
  for (let p = 0; p < planes; p++) {
    const plane = new ExtrapolatedPlane(width, before);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const image = imageOf(y, x);
        const seen = image && plane.number(...image);
        const { foreseen, expected } = plane.foresee(y, x, image ? [seen, top - seen] : null);
        const number = BigInt.asUintN(64, foreseen + extrapolationResidual(stream, tables, expected));
        check(number <= top, 'number beyond its type');
        plane.learn(y, x, number);
        values.setBits(columns ? (y * width + x) * planes + p : (p * height + y) * width + x, bitsOfOrdered(number, type.kind, sign, top));
      }
    }
    before = plane;
  }
  stream.finish();
  return values.bytes;
}

const halfOctaves = (m) => {
  const n = m + 1n < 1n << 64n ? m + 1n : (1n << 64n) - 1n;
  const o = n.toString(2).length - 1;
  return 2 * o + (o > 0 ? Number((n >> BigInt(o - 1)) & 1n) : 0);
};
const signed64 = (n) => BigInt.asIntN(64, n);

/** §23, the numbers of a plane and what each way said of them. */
class ExtrapolatedPlane {
  constructor(width, before) {
    Object.assign(this, { width, before, numbers: new Map(), differences: new Map(), changes: new Map(), errors: new Map() });
  }

  key = (y, x) => (x < 0 || x >= this.width || y < 0 ? -1 : y * this.width + x);
  number = (y, x) => this.numbers.get(this.key(y, x)) ?? 0n;

  /** What makes the differences of orders below n 0, from the differences of the neighbours. */
  zeroing(table, n, y, x) {
    const [above, left] = [table.get(this.key(y - 1, x)), table.get(this.key(y, x - 1))];
    const said = [];
    for (let a = 0; a < n; a++) {
      for (let b = 0; b < n; b++) {
        if (b > 0) said.push(said[a * n + b - 1] + (left?.[a * n + b - 1] ?? 0n));
        else said.push(a > 0 ? said[(a - 1) * n] + (above?.[(a - 1) * n] ?? 0n) : 0n);
      }
    }
    return said;
  }

  foresee(y, x, images) {
    this.ways = this.zeroing(this.differences, 6, y, x);
    if (this.before) {
      for (let i = -1; i <= 1; i++) for (let j = -1; j <= 1; j++) this.ways.push(this.before.number(y + i, x + j));
      this.ways.push(...this.zeroing(this.changes, 3, y, x).map((said) => said + this.before.number(y, x)));
    }
    this.others = this.ways.length;
    if (images) this.ways.push(...images);
    const around = [[0, -1, 2], [-1, 0, 2], [0, -2, 1], [-1, -1, 1], [-1, 1, 1], [-2, 0, 1]]
      .map(([dy, dx, weight]) => [this.errors.get(this.key(y + dy, x + dx)), weight])
      .filter(([errors]) => errors);
    const weights = around.reduce((sum, [, weight]) => sum + weight, 0);
    if (weights === 0) return { foreseen: 0n, expected: 127 };
    const sums = this.ways.map((_, way) => around.reduce((sum, [errors, weight]) => sum + weight * (errors[way] ?? 0), 0));
    const best = sums.indexOf(Math.min(...sums));
    return { foreseen: this.ways[best], expected: Math.floor(sums[best] / weights) };
  }

  learn(y, x, number) {
    const key = this.key(y, x);
    const beyond = (said) => signed64(number - said);
    this.numbers.set(key, number);
    this.differences.set(key, this.ways.slice(0, 36).map(beyond));
    this.changes.set(key, this.ways.slice(45, this.others).map(beyond));
    this.errors.set(key, this.ways.map((said) => halfOctaves(beyond(said) < 0n ? -beyond(said) : beyond(said))));
  }
}

function extrapolationResidual(stream, { lengths, upper }, expected) {
  const s = stream.symbol(lengths[expected]);
  const l = s < 15 ? Math.max((expected >> 1) - 7, 0) + s : Math.min(stream.shortBits(7), 64);
  if (l === 0) return 0n;
  const negative = stream.shortBits(1) === 1;
  const two = l >= 3 ? BigInt(stream.symbol(upper[s]) & 3) << BigInt(l - 3) : 0n;
  const magnitude = (1n << BigInt(l - 1)) | two | stream.wideBits(l >= 3 ? l - 3 : l - 1);
  return negative ? -magnitude : magnitude;
}

/** §4, a coded payload up to the references. */
function readCodedHeader(reader, type, tile) {
  const lattice = readLattice(reader, type, tile.planes);
  const quantum = reader.count(1, 2 ** 31 - 1);
  check(quantum % 2 === 1, 'even quantum');
  const top = quantum > 1 ? reader.count(0, 2 ** 31 - 1) : null;
  const missing = reader.count(0, 16);
  const patterns = Array.from({ length: missing < 16 ? missing : 0 }, () => reader.varint());
  const mapping = readMapping(reader, tile.planes);
  const counted = reader.count(0, 6);
  check(counted % 4 < 3, 'number of references');
  const references = Array.from({ length: counted % 4 }, () => reader.count(1, 2 ** 32 - 1));
  return { ...tile, type, lattice, quantum, top, missing, patterns, mapping, references, around: counted >= 4 };
}

/** §4, the stream: masks, list of the mapping, latents, the samples of all planes, and then the low bits of all values. */
function decodeStream(chunk, stream, Method, values) {
  const size = chunk.height * chunk.width;
  const masks = decodeMasks(chunk, stream);
  const list = readList(chunk, stream);
  if (chunk.look) chunk.base = drawBase(chunk, stream);
  const method = new Method(chunk, stream);
  const coded = chunk.mapping.kind === PALETTE ? 1 : chunk.planes;
  const samples = [];
  for (let p = 0; p < coded; p++) samples.push(method.plane(p, masks[p].classes));
  const coordinates = mapSamples(chunk, method, list, samples);
  for (let p = 0; p < chunk.planes; p++) {
    for (let i = 0; i < size; i++) {
      const target = p * size + i;
      if (masks[p].classes[i] !== 0) {
        values.setBits(target, masks[p].patternOf(i));
      } else {
        const c = cut(coordinates[p][i], chunk.top);
        const low = chunk.mapping.kind === RANKS ? 0n : chunk.lattice.low(c, stream);
        chunk.lattice.put(values, target, c, low, p);
      }
    }
  }
  stream.finish();
  return (target) => masks[Math.floor(target / size)].classes[target % size] !== 0;
}

/** §5: with a quantum above 1, values (but not predictions) use the coordinate cut to 0 ... top. */
function cut(coordinate, top) {
  if (top === null) return coordinate;
  return coordinate < 0 ? 0 : coordinate > top ? top : coordinate;
}

/** §4, patches; told(i) is whether the mask tells value i. */
function applyPatches(reader, values, told) {
  const counted = reader.count(0, 4 * values.count + 3);
  const [low, high] = [1, 2].map((bit) => (counted & bit ? endOfRange(reader, values.type) : null));
  for (let i = 0; i < values.count && (low || high); i++) {
    if (told(i)) continue;
    if (low && values.number(i) < low.number(0)) values.setRaw(i, low.bytes);
    if (high && values.number(i) > high.number(0)) values.setRaw(i, high.bytes);
  }
  const count = Math.floor(counted / 4);
  let at = -1;
  for (let i = 0; i < count; i++) {
    at += 1 + reader.count(0, values.count);
    check(at < values.count, 'patch past the end');
    values.setRaw(at, reader.take(values.type.size));
  }
}

function endOfRange(reader, type) {
  const end = new Values(type, 1);
  end.setRaw(0, reader.take(type.size));
  return end;
}

// -------------------------------------------------------------------------------------------------------------- mapping

const [DIRECT, RANKS, GREEN, PALETTE] = [0, 1, 2, 3];

/** §4, Mapping: its kind and the length of its list. */
function readMapping(reader, planes) {
  const kind = reader.count(DIRECT, PALETTE);
  check(kind < GREEN || planes === 3 || planes === 4, 'a mapping of colours without colours');
  if (kind === RANKS) return { kind, count: reader.count(0, 2 ** 17) };
  return { kind, count: kind === PALETTE ? reader.count(1, 4096) : 0 };
}

/** The list of the mapping: codes (BigInt64Array), colours (arrays of a number per plane), or null. */
function readList({ mapping, planes }, stream) {
  if (mapping.kind === RANKS) return readCodes(mapping.count, stream);
  return mapping.kind === PALETTE ? readColours(mapping.count, planes, stream) : null;
}

function readCodes(count, stream) {
  const small = many(16, () => uniform(16, 6));
  const upper = uniform(4, 5);
  const lower = many(4, () => uniform(16, 6));
  const codes = new BigInt64Array(count); // wraps
  let last = 0; // small symbol
  const gap = () => {
    last = stream.symbol(small[last]);
    if (last < 15) return BigInt(last);
    const u = stream.symbol(upper);
    if (u > 3) return 0n;
    const n = Math.min(16 * u + stream.symbol(lower[u]) + 4, 64) - 1;
    return (1n << BigInt(n)) + stream.wideBits(n);
  };
  for (let i = 0; i < count; i++) codes[i] = gap() + (i > 0 ? codes[i - 1] + 1n : 0n);
  return codes;
}

function readColours(count, planes, stream) {
  const coder = new ResidualCoder(stream, 1);
  let colour = new Int32Array(planes); // wraps
  return many(count, () => (colour = colour.map((n) => n + coder.decode(0, 0))));
}

/** §4: what samples stand for; coordinates of all planes of the chunk, in typed arrays (which wrap). */
function mapSamples({ mapping, quantum, planes }, method, list, samples) {
  if (mapping.kind === RANKS) {
    const coordinates = list.map((code) => code * BigInt(quantum));
    return samples.map((plane) => BigInt64Array.from(plane, (place) => coordinates[place] ?? 0n));
  }
  if (mapping.kind === DIRECT && method.codesCoordinates) return samples;
  const numbers = { [DIRECT]: () => samples, [GREEN]: () => fromGreen(samples), [PALETTE]: () => fromPalette(list, samples[0], planes) };
  return numbers[mapping.kind]().map((plane) => plane.map((n) => Math.imul(n, quantum)));
}

function fromGreen([green, red, blue, ...fourth]) {
  return [red.map((n, i) => n + green[i]), green, blue.map((n, i) => n + green[i]), ...fourth];
}

function fromPalette(colours, places, planes) {
  return many(planes, (p) => places.map((place) => colours[place]?.[p] ?? 0));
}

// -------------------------------------------------------------------------------------------------------------- lattice

/**
 * §5. A lattice has low(c, stream), which reads the low bits of coordinate c (a number, or a BigInt if it is of 64 bits), and
 * put(values, i, c, low, plane), which writes the value; a stacked one also onStepsOf(from, to), the function that makes of a
 * coordinate of one plane that of another, or null where their steps are the same.
 */
function readLattice(reader, type, planes) {
  const kind = reader.u8();
  check(kind <= 8, 'unknown lattice');
  return { low: () => 0n, ...[readScaled, readRatio, readOrdered, readTruncated, readStacked, readAnchored, readStepped, readSingle, readNear][kind](reader, type, planes) };
}

function readScaled(reader) {
  const offset = reader.f64();
  const step = reader.f64();
  return { put: (values, i, c) => values.setNumber(i, offset + Number(c) * step) };
}

function readRatio(reader) {
  const base = reader.varint();
  const multiple = reader.varint();
  const divisor = reader.f64();
  return { put: (values, i, c) => values.setNumber(i, Number(BigInt.asIntN(64, base + BigInt(c) * multiple)) / divisor) };
}

function readStacked(reader, type, planes) {
  const steps = many(reader.count(1, planes), () => readStep(reader));
  const places = many(planes, () => {
    const index = steps.length > 1 ? reader.count(0, steps.length - 1) : 0;
    return { index, origin: Number(reader.varint()) * steps[index].fine, ...steps[index] };
  });
  const value = ({ origin, step, base }, c) => origin + Number(BigInt.asIntN(64, BigInt(base) + BigInt(c))) * step;
  const put = (values, i, c, low, plane) => values.setNumber(i, value(places[plane], c));
  const onStepsOf = (from, to) => {
    const { index, origin, step, base } = places[to];
    return index === places[from].index ? null : (c) => clamp((roundToEven((value(places[from], c) - origin) / step) || 0) - base, -(2 ** 31), 2 ** 31 - 1);
  };
  return { put, onStepsOf };
}

function readStep(reader) {
  const [step, fine, base] = [reader.f64(), reader.f64(), zigzag(reader.count(0, 2 ** 32 - 1))];
  check(step > 0 && step < Infinity && fine > 0 && fine < Infinity, 'step of planes');
  return { step, fine, base };
}

function roundToEven(x) {
  const down = Math.floor(x);
  const rest = x - down;
  if (rest !== 0.5) return Math.round(x);
  return down % 2 === 0 ? down : down + 1;
}

function readAnchored(reader) {
  const origin = reader.f64();
  const base = reader.varint();
  const step = reader.f64();
  return { put: (values, i, c) => values.setNumber(i, origin + Number(BigInt.asIntN(64, base + BigInt(c))) * step) };
}

function readNear(reader, type) {
  const anchored = readAnchored(reader);
  const tables = many(16, () => uniform(16, 7));
  let before = 0;
  const low = (c, stream) => BigInt((before = stream.symbol(tables[before])));
  const [sign, top] = [1n << BigInt(type.bits - 1), (1n << BigInt(type.bits)) - 1n];
  const put = (values, i, c, low) => {
    anchored.put(values, i, c);
    const number = orderedOfBits(values.bits(i), type.kind, sign, top) + low - 7n;
    values.setBits(i, bitsOfOrdered(number < 0n ? 0n : number > top ? top : number, type.kind, sign, top));
  };
  return { low, put };
}

function readSingle(reader) {
  const base = reader.varint();
  const bytes = new DataView(Uint8Array.from(reader.take(8)).buffer);
  const [step, offset] = [bytes.getFloat32(0, true), bytes.getFloat32(4, true)];
  const put = (values, i, c) => values.setNumber(i, Math.fround(Math.fround(Math.fround(Number(BigInt.asIntN(64, base + BigInt(c)))) * step) + offset));
  return { put };
}

function readStepped(reader, { bits, kind }) {
  const base = reader.varint();
  const step = BigInt.asIntN(64, reader.varint());
  const top = (1n << BigInt(bits)) - 1n;
  const sign = 1n << BigInt(bits - 1);
  const put = (values, i, c) => {
    const sum = base + BigInt.asIntN(64, BigInt(c) * step);
    values.setBits(i, bitsOfOrdered(sum < 0n ? 0n : sum > top ? top : sum, kind, sign, top));
  };
  return { put };
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
  return { low: (c, stream) => stream.wideBits(noise), put };
}

function readTruncated(reader, { bits, kind }) {
  check(kind === 'float', 'truncated lattice of integers');
  const unit = reader.count(0, 2047);
  const zeros = reader.u8();
  check(zeros <= 52, 'zeros of a truncated lattice');
  const p = bits === 32 ? 23 : 52;
  const octaves = many(16, () => uniform(16, 5));
  let octave = 0; // of the value before among those with m = 0
  const lowOfZero = (stream) => {
    octave = stream.symbol(octaves[octave]);
    if (octave === 0) return 0n;
    const q = Math.max(p - zeros, 0);
    if (octave < 15) return (BigInt(Math.max(unit - octave, 0)) << BigInt(q)) + stream.wideBits(q);
    return stream.wideBits(digits(BigInt(unit) << BigInt(q)));
  };
  const low = (c, stream) => {
    const m = c >= 0 ? c : ~c;
    return m === 0 ? lowOfZero(stream) : stream.wideBits(Math.max(p - floorLog2(m) - zeros, 0));
  };
  const put = (values, i, code, lowBits) => {
    const c = Number(BigInt.asIntN(32, BigInt(code)));
    const m = c >= 0 ? c : ~c;
    let rest = lowBits << BigInt(zeros);
    if (m > 0) {
      const e = BigInt(floorLog2(m));
      rest |= ((BigInt(unit) + e) << BigInt(p)) | (((BigInt(m) - (1n << e)) << BigInt(p)) >> e);
    }
    values.setBits(i, BigInt.asUintN(bits - 1, rest) | (c < 0 ? 1n << BigInt(bits - 1) : 0n));
  };
  return { low, put };
}

/** Binary digits of a BigInt; 0 for 0. */
const digits = (n) => (n === 0n ? 0 : n.toString(2).length);

function orderedOfBits(bits, kind, sign, top) {
  if (kind === 'unsigned') return bits;
  if (kind === 'signed') return bits ^ sign;
  return (bits & sign) !== 0n ? bits ^ top : bits ^ sign;
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
    this.enter();
  }

  /** A block. */
  enter() {
    this.a = this.reader.u32();
    this.b = this.reader.u32();
    this.left = 2 ** 20;
  }

  step(start, frequency) {
    const slot = this.a % SLOTS;
    let next = (Math.imul(frequency, this.a >>> 15) + slot - start) >>> 0;
    if (next < 65536) next = (next * 65536 + this.reader.u16()) >>> 0;
    this.a = this.b;
    this.b = next;
    if (--this.left === 0 && this.reader.left > 0) {
      check(this.a === 65536 && this.b === 65536, 'block does not end as it must');
      this.enter();
    }
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

  /** A decision with probability p (of 2^15) of a one: 0 or 1. */
  decision(p) {
    const bit = this.a % SLOTS < p ? 1 : 0;
    this.step(bit ? 0 : p, bit ? p : SLOTS - p);
    return bit;
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

/** §7, steps 5 and 6: what decisions (§11) use too, with tables of its own. */
class Extras {
  constructor(stream) {
    this.stream = stream;
    this.lows = many(80, (i) => uniform(2 ** (i >> 4), 7));
    this.escapes = many(2, () => uniform(16, 5));
  }

  excess() {
    let n = this.stream.symbol(this.escapes[0]);
    if (n === 15) n += this.stream.symbol(this.escapes[1]);
    return 2 ** n + this.stream.bits(n);
  }

  /** Step 7 with the low bits of step 6: the residual. */
  residual(h, k, s) {
    if (k === 0) return h;
    const m = Math.min(k, 4);
    const t = this.stream.symbol(this.lows[16 * m + s]);
    const low = t * 2 ** (k - m) + this.stream.bits(k - m);
    return ((h << k) - (1 << (k - 1)) + low) | 0;
  }
}

/** §7. */
class ResidualCoder {
  constructor(stream, buckets) {
    this.stream = stream;
    this.means = many(buckets, (b) => ({ value: 16 * 2 ** Math.min(b >> 1, 20), seen: 0 }));
    this.shapes = many(32, shapeTable);
    this.ratios = many(192, (i) => shapeTable(Math.floor(i / 6)));
    this.extras = new Extras(stream);
  }

  decode(bucket, nearby) {
    const mean = this.means[bucket];
    const expected = (mean.value >> 1) + Math.floor(nearby / 2); // step 1
    const { shape, k } = shapeOf(expected); // step 2
    const ratio = [1, 3, 5, 6, 7].filter((t) => nearby * 4 > expected * t).length; // step 3
    const s = this.stream.symbol(this.shapes[shape], this.ratios[shape * 6 + ratio]); // step 4
    const h = s < 15 ? s - 7 : this.escape(); // step 5
    const r = this.extras.residual(h, k, s); // steps 6 and 7
    learnMean(mean, magnitude(r)); // step 8
    return r;
  }

  escape() {
    const negative = this.stream.shortBits(1);
    const h = (this.extras.excess() + 7) | 0;
    return negative ? -h | 0 : h;
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
  const tables = { flags: many(17 * 32, () => uniform(16, 5)), classes: uniform(16, 5), still: uniform(2, 5) };
  const masks = [];
  let groupsBefore = null;
  for (let p = 0; p < chunk.planes; p++) {
    const classes = new Uint8Array(size);
    const written = new Map();
    const still = chunk.residuals && chunk.missing > 0 && p > 0 && stream.symbol(tables.still) === 1;
    if (still) classes.set(masks[p - 1].classes);
    else if (chunk.missing > 0) groupsBefore = decodeMask(chunk, stream, tables, classes, groupsBefore);
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
      const samples = Math.min(4, width - 4 * g);
      const bits = stream.symbol(tables.flags[before * 32 + above * 2 + left]) & ((1 << samples) - 1);
      groups[here] = bits;
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
// numbers in the dense grids. Order: near 1, far 1, near 2, far 2 (two each), then the two quartets of oblique taps.
const CROSS = [
  [0, -1], [0, 1], [0, -3], [0, 3], [-1, 0], [1, 0], [-3, 0], [3, 0],
  [-1, -2], [-1, 2], [1, -2], [1, 2], [-2, -1], [-2, 1], [2, -1], [2, 1],
];
const DIAGONALS = [
  [-1, -1], [1, 1], [-3, -3], [3, 3], [-1, 1], [1, -1], [-3, 3], [3, -3],
  [-1, -3], [-1, 3], [1, -3], [1, 3], [-3, -1], [-3, 1], [3, -1], [3, 1],
];
const PASSES = [
  { row: 1, column: 1, taps: DIAGONALS },
  { row: 0, column: 1, taps: CROSS },
  { row: 1, column: 0, taps: CROSS },
];
const NEAR = [0, 1, 4, 5]; // the near taps

const WEIGHTS = [0, 2, 4, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 20];

// §10
const KERNELS = [
  [0, -4, -4, 0, 0], [72, -8, 0, 0, 0], [-72, 0, -8, 0, 0], [0, 0, 0, 0, 0],
  [64, 0, 0, 0, 0], [-64, 0, 0, 0, 0], [36, -8, -4, 0, 0], [-36, -4, -8, 0, 0],
];
const NO_KERNEL = [0, 0, 0, 0, 0];

/** §9. */
class Pyramid {
  constructor(chunk, stream) {
    this.chunk = chunk;
    this.stream = stream;
    this.codesCoordinates = true; // §4, mapping 0
    this.quantum = chunk.mapping.kind === DIRECT ? chunk.quantum : 1; // §4
    this.coder = new ResidualCoder(stream, 48);
    this.referenceTable = uniform(3, 5);
    this.kernelTables = many(3, () => uniform(10, 5));
    this.weightTables = many(3, () => uniform(16, 5));
    this.sent = new Map(); // the last kernel of a pass and stride
    this.done = []; // planes
  }

  plane(p, classes) {
    const { height, width } = this.chunk;
    const samples = new Int32Array(height * width);
    const references = this.chooseReferences(p).map((reference) => this.onStepsOf(p, reference));
    const plane = { number: p, height, width, samples, missing: classes, references, reference: references[0]?.samples };
    let levels = 0;
    while (Math.ceil(Math.max(height, width) / 2 ** levels) > 4) levels++;
    this.coarsest(plane, 2 ** levels);
    for (let stride = 2 ** (levels - 1); stride >= 1; stride /= 2) {
      PASSES.forEach((pass, number) => this.pass(plane, stride, pass, number));
    }
    this.done.push(plane);
    return samples;
  }

  /** §5, references on other steps. */
  onStepsOf(p, reference) {
    const { lattice, mapping } = this.chunk;
    if (!lattice.onStepsOf || mapping.kind !== DIRECT || reference.number === undefined) return reference;
    const convert = lattice.onStepsOf(reference.number, p);
    return convert ? { ...reference, samples: reference.samples.map(convert) } : reference;
  }

  /** The planes that plane p refers to: here one at most. */
  chooseReferences(p) {
    const { references } = this.chunk;
    if (p === 0 || references.length === 0) return [];
    const j = this.stream.symbol(this.referenceTable);
    return [this.done[p - references[j - 1]]].filter(Boolean);
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
    return { size: Math.min(magnitude(r), NEARBY_LIMIT), step: Math.imul(this.quantum, r) };
  }

  kernel(number, stride) {
    const s = this.stream.symbol(this.kernelTables[number]);
    const key = `${number} ${stride}`;
    if (s === 8) return this.sent.get(key) ?? NO_KERNEL;
    if (s !== 9) return KERNELS[s] ?? NO_KERNEL;
    const kernel = many(5, () => (this.stream.shortBits(8) << 24) >> 24);
    if (!KERNELS.some((named) => named.every((weight, i) => weight === kernel[i]))) this.sent.set(key, kernel);
    return kernel;
  }

  /** What a pass of at least one sample begins with. */
  predictor(plane, stride, taps, number) {
    const kernel = this.kernel(number, stride);
    const w = plane.reference ? WEIGHTS[this.stream.symbol(this.weightTables[number])] : 0;
    return new Predictor(plane, stride, taps, kernel, w, this.quantum);
  }

  pass(plane, stride, { row, column, taps }, number) {
    const { height, width, samples, missing } = plane;
    if (row * stride >= height || column * stride >= width) return;
    const predictor = this.predictor(plane, stride, taps, number);
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

// ----------------------------------------------------------------------------------------------------------------- bulk

// §24
const RATIO = [
  76, 108, 152, 215, 304, 431, 609, 861, 1217, 1721, 2432, 3435, 4844, 6814, 9536, 13217, 18012, 23892, 30518, 37278, 43539, 48887, 53191,
  56514, 59008, 60846, 62182, 63146,
];
const unzigzag = (z) => (z % 2 === 0 ? z / 2 : -(z + 1) / 2) | 0;

/** §24, probabilities of magnitudes of one sign, in 1/2^32. */
function probabilities(scale, logistic) {
  const theta = BigInt(RATIO[clamp(scale, 0, 27)]);
  let weights = [1n << 31n];
  while (weights.length < 256) weights.push((weights.at(-1) * theta) >> 16n);
  if (logistic) weights = weights.map((w) => (w << 30n) / (((1n << 31n) + w) >> 16n) ** 2n);
  const sum = 2n * weights.reduce((a, b) => a + b) - weights[0];
  return weights.map((w) => (w << 32n) / sum);
}

/** §24: the slots of each symbol. */
function bulkFrequencies(scale, shape) {
  const mix = (a, b) => {
    const wide = probabilities(scale + b, false);
    return probabilities(scale + a, false).map((narrow, d) => (5n * narrow + 3n * wide[d]) >> 3n);
  };
  const p = [() => probabilities(scale, false), () => mix(-1, 2), () => mix(-3, 3), () => probabilities(scale - 1, true)][shape]();
  const slots = (x) => Number((x * 4096n + (1n << 31n)) >> 32n);
  const inside = p.slice(1, 32).reduce((a, b) => a + 2n * b, p[0]);
  const frequencies = many(64, (s) => (s === 63 ? Math.max(slots(inside < 1n << 32n ? (1n << 32n) - inside : 0n), 1) : slots(p[Math.ceil(s / 2)])));
  frequencies[0] = 4096 - frequencies.slice(1).reduce((a, b) => a + b, 0);
  return frequencies;
}

/** §24, the residuals of a payload: bits, states and words, and what the bits begin with. */
class BulkResiduals {
  constructor(reader, samples) {
    this.bits = new Reader(reader.take(reader.count(0, reader.left)));
    Object.assign(this, { reader, held: 0n, count: 0n });
    this.readMeans();
    this.tables = many(22, (number) => (this.take(1) === 1 ? this.readTable(number) : null));
    this.states = many(samples < 2 ** 15 ? 2 : 8, () => reader.u32());
  }

  readMeans() {
    let number = 0;
    this.means = many(this.take(6), () => {
      const s = this.take(4);
      number = s < 15 ? Math.max(number + s - 3, 0) : this.take(8);
      const n = Math.min(number, 216);
      return Math.floor(((8 + (n % 8)) * 2 ** Math.floor(n / 8)) / 8);
    });
  }

  readTable(number) {
    const p = this.take(1) === 1 ? 12 : this.take(5);
    const frequencies = bulkFrequencies(clamp(number + (p >> 2) - 1, 0, 27), p & 3);
    return frequencies.flatMap((frequency, symbol) => many(frequency, (place) => ({ symbol, frequency, place })));
  }

  take(count) {
    while (this.count < count) {
      this.held |= BigInt(this.bits.u8()) << this.count;
      this.count += 8n;
    }
    const bits = this.held & ((1n << BigInt(count)) - 1n);
    this.held >>= BigInt(count);
    this.count -= BigInt(count);
    return Number(bits);
  }

  takeLong() {
    const n = this.take(6);
    check(n <= 32, 'length of a long number');
    return (2 ** n - 1 + this.take(n)) % 2 ** 32;
  }

  mean(bucket) {
    return this.means[bucket] ?? this.means.at(-1) ?? 1;
  }

  /** The residual of the sample that is number i of those of its row. */
  residual(i, expected) {
    const whole = floorLog2(expected | 1);
    const e = Math.fround(expected | 1);
    const o = e >= 2 ** (whole + 1) ? whole + 1 : whole;
    const c = Math.max(2 * o + (e >= 1.5 * 2 ** o ? 1 : 0) - 8, 0);
    const table = this.tables[c < 22 ? c : 20 + (c % 2)];
    check(table, 'a table that is not there');
    const at = i % this.states.length;
    const { symbol, frequency, place } = table[this.states[at] % 4096];
    const state = frequency * Math.floor(this.states[at] / 4096) + place;
    this.states[at] = state < 2 ** 16 ? state * 2 ** 16 + this.reader.u16() : state;
    const q = unzigzag(symbol === 63 ? this.takeLong() : symbol);
    if (c < 22) return q;
    const k = Math.floor((c - 22) / 2) + 1;
    return ((q << k) - 2 ** (k - 1) + this.take(k)) | 0;
  }

  finish() {
    check(this.reader.left === 0 && this.states.every((state) => state === 2 ** 16), 'residuals do not end with their samples');
    check(this.bits.left < 4 && this.held === 0n && this.bits.take(this.bits.left).every((b) => b === 0), 'bits after residuals');
  }
}

/** §24: the pyramid with residuals that are told beside the stream. */
class Bulk extends Pyramid {
  pass(plane, stride, { row, column, taps }, number) {
    const { height, width, samples, missing } = plane;
    if (row * stride >= height || column * stride >= width) return;
    const predictor = this.predictor(plane, stride, taps, number);
    const { residuals } = this.chunk;
    const across = Math.ceil((width - column * stride) / (2 * stride));
    let above = null;
    for (let y = row * stride; y < height; y += 2 * stride) {
      const sizes = new Float64Array(across + 2);
      let i = 0;
      for (let j = 1; j <= across; j++) {
        const at = y * width + (column + 2 * (j - 1)) * stride;
        const { prediction, bucket } = predictor.predict(y, at - y * width);
        samples[at] = prediction;
        if (missing[at]) continue;
        const mean = residuals.mean(bucket);
        const expected = above ? (5 * mean + 3 * 1024 * (above[j - 1] + 2 * above[j] + above[j + 1])) >> 3 : mean;
        const r = residuals.residual(i++, expected);
        samples[at] += Math.imul(this.quantum, r);
        sizes[j] = Math.min(magnitude(r), 2 ** 16);
      }
      above = sizes;
    }
  }
}

// ----------------------------------------------------------------------------------------------------------- prediction

/** §10, for the samples of one pass. */
class Predictor {
  constructor(plane, stride, taps, kernel, w, quantum) {
    Object.assign(this, { plane, stride, taps, kernel, w });
    this.fineness = Math.floor(2 ** 34 / quantum); // f, see bucketOf
    this.used = kernel[3] || kernel[4] ? 16 : 8; // taps
    this.value = new Int32Array(16); // of the taps
    this.inside = new Array(16);
    this.exists = new Array(16); // inside and not missing
  }

  predict(y, x) {
    this.readTaps(y, x);
    const inner = this.inside.every(Boolean) && this.exists.slice(0, this.used).every(Boolean);
    const { prediction, spread } = inner ? this.inner() : this.outer();
    const back = this.w ? Math.imul(this.w, this.plane.reference[y * this.plane.width + x]) >> 4 : 0;
    return { prediction: (prediction + back) | 0, bucket: bucketOf(spread, this.fineness) };
  }

  readTaps(y, x) {
    const { height, width, samples, missing, reference } = this.plane;
    for (let t = 0; t < 16; t++) {
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
    const [a, b, c, d, e] = this.kernel;
    const [n1, f1, n2, f2] = [0, 2, 4, 6].map((t) => (v[t] + v[t + 1]) | 0);
    const [q1, q2] = [8, 12].map((t) => (v[t] + v[t + 1] + v[t + 2] + v[t + 3]) | 0);
    const mean = ((n1 + n2 + 2) | 0) >> 2;
    const part = (weight, sum, taps) => Math.imul(weight, sum - taps * mean);
    const sum = part(a, n1, 2) + part(b, f1, 2) + part(c, f2, 2) + part(d, q1, 4) + part(e, q2, 4);
    const prediction = (mean + ((64 + sum) >> 7)) | 0;
    return { prediction, spread: this.distance(NEAR, prediction) };
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

  /** Modulo 2^32. */
  distance(taps, prediction) {
    return taps.reduce((total, t) => total + magnitude((this.value[t] - prediction) | 0), 0) % 2 ** 32;
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

// ------------------------------------------------------------------------------------------------------------ decisions

const KNOT = [
  0, 1, 1, 2, 3, 5, 8, 13, 22, 36, 60, 98, 162, 267, 439, 720, 1179, 1921, 3108, 4971, 7812, 11955, 17625, 24743, 32768, 40793, 47911,
  53581, 57724, 60565, 62428, 63615, 64357, 64816, 65097, 65269, 65374, 65438, 65476, 65500, 65514, 65523, 65528, 65531, 65533, 65534,
  65535, 65535, 65535,
];

const clamp = (n, low, high) => Math.min(Math.max(n, low), high);

/** §12: the logistic function of s / 256, in 1/2^16. */
function prob(s) {
  const j = Math.floor((s + 3072) / 128);
  const f = (s + 3072) % 128;
  return clamp(Math.floor((KNOT[j] * (128 - f) + KNOT[j + 1] * f) / 128), 2, 65534);
}

/** logit(16 i + ...), by i. */
const LOGIT = (() => {
  let s = -3072;
  return many(4096, (i) => {
    while (s < 3071 && prob(s) < 16 * i + 8) s++;
    return s;
  });
})();

/** §12, Mixing; `priors` are those of the model where kind 0 leads, otherwise null. */
class Mixer {
  constructor(stream, { sizes, circumstances, weights, rate, gain, priors = null }) {
    Object.assign(this, { stream, rate, gain, leads: priors !== null });
    this.width = sizes.length + 1; // weights of a decision
    let slots = 0;
    this.bases = sizes.map((size) => (slots += 32 * size) - 32 * size);
    this.chances = new Uint16Array(slots).fill(2 ** 15);
    this.counts = new Uint8Array(slots);
    this.weights = new Int32Array(circumstances * 32 * this.width).map((_, i) => weights[i % this.width]);
    this.inputs = new Int32Array(this.width).fill(256);
    priors?.forEach((b, slot) => {
      if (b === 0) return;
      this.chances[slot] = prob((b - 128) * 24);
      this.counts[slot] = 60;
    });
  }

  /** The contexts (one number per kind) and the circumstances of the next decisions. */
  enter(contexts, circumstances) {
    this.slots = contexts.map((context, i) => this.bases[i] + 32 * context);
    this.sets = circumstances.map((circumstance) => this.width * 32 * circumstance);
  }

  decide(d) {
    const { weights, inputs, chances, counts, width, gain } = this;
    this.readInputs(d);
    const sums = this.sets.map((set) => this.sum(set + width * d));
    const chance = clamp(prob(sums.length === 1 ? sums[0] : (sums[0] + sums[1]) >> 1) >> 1, 1, SLOTS - 1);
    const bit = this.stream.decision(chance);
    const y = bit ? 65535 : 0;
    this.sets.forEach((set, c) => {
      const error = (y - prob(sums[c])) >> 1;
      for (let i = 0; i < width; i++) {
        const w = set + width * d + i;
        weights[w] = clamp(weights[w] + ((inputs[i] * error + (1 << (gain - 1))) >> gain), -(2 ** 19 - 1), 2 ** 19 - 1);
      }
    });
    for (const slot of this.slots) {
      const rate = Math.floor(327680 / (10 * counts[slot + d] + this.rate));
      chances[slot + d] = clamp(chances[slot + d] + (((y - chances[slot + d]) * rate) >> 15), 16, 65519);
      counts[slot + d] = Math.min(counts[slot + d] + 1, 120);
    }
    return bit;
  }

  readInputs(d) {
    const { inputs, slots, chances, counts } = this;
    inputs[0] = LOGIT[chances[slots[0] + d] >> 4];
    for (let i = 1; i < slots.length; i++) {
      const slot = slots[i] + d;
      if (this.leads && counts[slot] === 0) chances[slot] = chances[slots[0] + d];
      inputs[i] = LOGIT[chances[slot] >> 4];
      if (this.leads) inputs[i] = (clamp(inputs[i] - inputs[0], -3072, 3071) * Math.floor((256 * counts[slot]) / (counts[slot] + 1))) >> 8;
    }
  }

  sum(at) {
    let sum = 0;
    for (let i = 0; i < this.width; i++) sum += (this.weights[at + i] * this.inputs[i]) >> 8;
    return clamp(sum >> 8, -3072, 3071);
  }
}

const difference = (a, b) => (a - b) | 0;
const saturated = (n) => Math.min(n, 2 ** 32 - 1);

/** §12, Classes: of an unsigned number. */
function mag(m) {
  const v = Math.min(m, 2 ** 32 - 2) + 1;
  const o = floorLog2(v);
  return Math.min(2 * o + (o > 0 ? (v >>> (o - 1)) & 1 : 0), 31);
}

/** Of a difference with k low bits: 0 ... 2t. */
function sig(difference, k, t) {
  const d = difference >> k;
  const m = magnitude(d);
  const j = m < 3 ? m : Math.min(floorLog2(m - 1) + 2, t);
  return d < 0 ? t - j : t + j;
}

function hash(a, b) {
  const x = Math.imul(a, 0x9e3779b1) ^ Math.imul(b + 0x7f4a7c15, 0x85ebca6b);
  return Math.imul((x << 13) | (x >>> 19), 0xc2b2ae35);
}

/** Of a hash. */
const exact = (h, bits) => Math.imul(h, 0x9e3779b1) >>> (32 - bits);

/** B for exact contexts. */
const exactBits = ({ planes, height, width }) => clamp(floorLog2(Math.max(Math.floor((planes * height * width) / 4), 1)), 8, 16);

/** §11: residuals by decisions. */
class Decisions {
  constructor(stream, mixing) {
    this.stream = stream;
    this.mixer = new Mixer(stream, mixing);
    this.extras = new Extras(stream);
  }

  decode(contexts, circumstances, k) {
    this.mixer.enter(contexts, circumstances);
    const h = this.head();
    return this.extras.residual(h, k, clamp(h, -7, 7) + 7);
  }

  /** The decisions: h. */
  head() {
    if (this.mixer.decide(0)) return 0;
    const negative = this.mixer.decide(1);
    const m = this.headMagnitude(negative ? 15 : 2);
    return negative ? -m | 0 : m;
  }

  headMagnitude(first) {
    let c = 0;
    while (c < 13 && !this.mixer.decide(first + c)) c++;
    if (c < 6) return c + 1;
    if (c === 13) return (260 + this.extras.excess()) | 0;
    const o = c - 6;
    const b = this.mixer.decide(28 + Math.min(o, 3));
    return 5 + 2 ** (o + 1) + b * 2 ** o + this.stream.bits(o);
  }
}

// --------------------------------------------------------------------------------------------------------------- raster

function med(w, n, nw) {
  if (nw >= Math.max(w, n)) return Math.min(w, n);
  return nw <= Math.min(w, n) ? Math.max(w, n) : (w + n - nw) | 0;
}

/** Samples or residuals of a plane: reads beyond its borders as §13 says. */
class Surface {
  constructor({ height, width }) {
    Object.assign(this, { height, width, values: new Int32Array(height * width) });
  }

  /** The nearest sample, for planes that are known. */
  nearest(y, x) {
    return this.values[clamp(y, 0, this.height - 1) * this.width + clamp(x, 0, this.width - 1)];
  }

  /** For the plane that is being read. */
  known(y, x, row) {
    if (y < row) return y < 0 ? 0 : this.nearest(y, x);
    return x < 0 ? this.known(row - 1, 0, row) : this.values[y * this.width + x];
  }

  around(y, x) {
    const at = (dy, dx) => this.known(y + dy, x + dx, y);
    return { W: at(0, -1), WW: at(0, -2), N: at(-1, 0), NW: at(-1, -1), NE: at(-1, 1), NN: at(-2, 0), NNE: at(-2, 1) };
  }
}

/** The places of an earlier plane i: Ci, Wi, ..., ei as §13 calls them. */
function earlier(plane, y, x) {
  if (!plane) return { C: 0, W: 0, E: 0, N: 0, S: 0, NW: 0, e: 0 };
  const at = (dy, dx) => plane.samples.nearest(y + dy, x + dx);
  return { C: at(0, 0), W: at(0, -1), E: at(0, 1), N: at(-1, 0), S: at(1, 0), NW: at(-1, -1), e: plane.residuals.nearest(y, x) };
}

/** §13. */
class Raster {
  constructor(chunk, stream) {
    this.chunk = chunk;
    this.hashBits = exactBits(chunk);
    const size = 2 ** this.hashBits;
    this.decisions = new Decisions(stream, {
      sizes: [32, 225, 225, 225, 225, 480, size, size, size, 480, 3375],
      circumstances: 23, weights: many(12, () => 9830), rate: 16, gain: 14,
    });
    this.weights = new BigInt64Array(13); // wraps
    this.done = [];
  }

  plane(p, missing) {
    const { height, width } = this.chunk;
    const plane = { samples: new Surface(this.chunk), residuals: new Surface(this.chunk) };
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const at = y * width + x;
        const near = { s: plane.samples.around(y, x), e: plane.residuals.around(y, x) };
        near.first = earlier(this.done[p - 1], y, x);
        near.second = earlier(this.done[p - 2], y, x);
        const { base, features, prediction } = this.predict(near);
        const r = missing[at] ? 0 : this.residual(near, base, prediction);
        if (!missing[at]) this.learn(features, r);
        plane.samples.values[at] = prediction + r;
        plane.residuals.values[at] = r;
      }
    }
    this.done.push(plane);
    return plane.samples.values;
  }

  predict({ s, first, second }) {
    const base = med(s.W, s.N, s.NW);
    const features = [
      s.W - base, s.N - base, s.NW - base, s.NE - base, s.WW - base, s.NN - base, s.NNE - base,
      first.C - med(first.W, first.N, first.NW), first.E - first.C, first.S - first.C, first.W - first.C, first.N - first.C,
      second.C - med(second.W, second.N, second.NW),
    ].map((f) => BigInt(f | 0));
    let sum = 2n ** 15n;
    features.forEach((f, i) => { sum += this.weights[i] * f; });
    return { base, features, prediction: (base + Number(BigInt.asIntN(32, BigInt.asIntN(64, sum) >> 16n))) | 0 };
  }

  learn(features, r) {
    const energy = BigInt.asIntN(64, features.reduce((sum, f) => sum + f * f, 16n));
    const g = (BigInt(r) << 17n) / (energy > 1n ? energy : 1n);
    features.forEach((f, i) => { this.weights[i] += BigInt.asIntN(64, g * f) >> 6n; });
  }

  residual(near, base, p) {
    const { e } = near;
    const size = (n) => Math.min(magnitude(n), 2 ** 24);
    const energy = 2 * size(e.W) + 2 * size(e.N) + size(e.NW) + size(e.NE) + size(e.WW) + size(e.NN);
    const t = Math.floor(energy / 8);
    const k = t < 10 ? 0 : floorLog2(Math.floor(t / 5));
    const circumstances = [Math.min(Math.floor(mag(energy) / 3), 7), 8 + sig(difference(near.s.W, p), k, 7)];
    return this.decisions.decode(this.contexts(near, base, p, energy, k), circumstances, k);
  }

  contexts({ s, e, first, second }, base, p, energy, k) {
    const less = (n) => difference(n, p);
    const pair = (a, b) => 15 * sig(a, k, 7) + sig(b, k, 7);
    const hashed = (h) => exact(h, this.hashBits);
    const a = (s.W + first.C - first.W - p) | 0;
    const b = (s.N + first.C - first.N - p) | 0;
    const u = hash(less(s.W), less(s.N));
    const jump = (m, n) => magnitude(difference(m, n));
    return [
      mag(energy),
      pair(less(s.W), less(s.N)),
      pair(less(s.NE), less(s.NW)),
      pair((2 * s.W - s.WW - p) | 0, (2 * s.N - s.NN - p) | 0),
      pair(e.W, e.N),
      15 * mag(saturated(4 * magnitude(first.e) + 2 * magnitude(second.e))) + sig(Math.trunc(((a + b) | 0) / 2), k, 7),
      hashed(u),
      hashed(hash(hash(u, less(s.NE)), less(s.NW))),
      hashed(hash(hash(u, less(first.C)), less(second.C))),
      15 * mag(saturated(jump(s.W, s.NW) + jump(s.N, s.NW) + jump(s.N, s.NE) + jump(s.W, s.WW))) + sig(first.e, k, 7),
      15 * pair(less(base), a) + sig(b, k, 7),
    ];
  }
}

// -------------------------------------------------------------------------------------------------------------- repeats

const bitLength = (n) => 32 - Math.clz32(n);

/** §14. */
class Repeats {
  constructor(chunk, stream) {
    this.chunk = chunk;
    this.stream = stream;
    this.repeats = many(128, () => uniform(7, 6));
    this.means = many(26, () => uniform(13, 6));
    this.sides = many(169, () => uniform(13, 6));
    this.mantissas = many(13, (l) => uniform(2 ** Math.min(Math.max(l - 1, 0), 4), 6));
    this.before = null; // the plane before
    this.common = stream.shortBits(12);
  }

  plane(p, missing) {
    const { height, width } = this.chunk;
    const numbers = new Int32Array(height * width);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const at = y * width + x;
        const near = this.neighbours(numbers, y, x, this.before ? this.before[at] : this.common);
        numbers[at] = missing[at] ? near.left : this.sample(near);
      }
    }
    this.before = numbers;
    return numbers;
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
    return (1 << p) | (t << (p - m)) | this.stream.bits(p - m);
  }
}

// -------------------------------------------------------------------------------------------------------------- weights

const INPUTS = 47;
const DIRECT_TOKENS = 20;
const LEADING = 2304; // contexts of kind 0 in §19

/** §15: { hash, name, adaptive, sighted, nets, priors, autoencoder } of a model file; without an autoencoder that is null. */
export function readModel(bytes) {
  try {
    return parseModel(bytes);
  } catch (error) {
    throw error instanceof CorruptArchive || error instanceof TypeError ? new CorruptModel(error.message) : error;
  }
}

function parseModel(bytes) {
  check(bytes.length >= 8, 'too short');
  const magic = [0x89, 0x44, 0x43, 0x4d, 0x0d, 0x0a, 0x1a, 0x0a];
  check(magic.every((byte, i) => bytes[i] === byte), 'not a model');
  const body = bytes.subarray(0, bytes.length - 8);
  const hash = new Reader(bytes.subarray(bytes.length - 8)).u64();
  check(hash === xxh3(body), 'model: wrong hash');
  const reader = new Reader(body);
  reader.take(8);
  check(reader.u16() === 2, 'version of the model');
  const name = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(reader.take(reader.count(0, 64)));
  const sight = reader.count(0, 3);
  const nets = PASSES.map(() => readNet(reader));
  const priors = reader.take(32 * reader.count(0, LEADING));
  const autoencoder = reader.count(0, 1) === 1 ? readAutoencoder(reader) : null;
  check(reader.left === 0, 'bytes left over in a model');
  return { hash, name, adaptive: (sight & 1) === 1, sighted: sight < 2, nets, priors, autoencoder };
}

function readNet(reader) {
  reader.count(INPUTS, INPUTS);
  const [h1, h2, m] = [reader.count(1, 512), reader.count(1, 512), reader.count(0, 235)];
  const tokens = m > 0 ? DIRECT_TOKENS + m : 0;
  const hidden = new Layer(reader, INPUTS, h1, 1023, 0, 255);
  const kernels = m > 0 ? new Layer(reader, INPUTS, m, 1023, -8191, 8191) : null;
  const second = new Layer(reader, h1, h2, 255, 0, 255);
  const heads = new Layer(reader, h2, tokens + 2, 255, -32768, 32767);
  return { tokens, hidden, kernels, second, heads };
}

/** §15: what draws planes. The parts that only encoders need are read and checked all the same. */
function readAutoencoder(reader) {
  const [fine, coarse] = [readChannels(reader), readChannels(reader)];
  const latents = reader.count(1, 64);
  const attend = reader.count(0, 1) === 1;
  const [fineRadius, coarseRadius] = [reader.count(0, 4), reader.count(0, 4)];
  const layer = (from, to, largest = 1023, cut = 1023) => new Layer(reader, from, to, largest, -cut, cut);
  const fineBlock = () => readBlock(reader, layer, fine, attend, fineRadius);
  const coarseBlock = () => readBlock(reader, layer, coarse, attend, coarseRadius);
  layer(256, fine);
  fineBlock();
  layer(4 * fine, coarse);
  coarseBlock();
  layer(coarse, latents, 1023, 127);
  const open = layer(latents, coarse, 127);
  const second = coarseBlock();
  const split = layer(coarse, 4 * fine);
  const last = fineBlock();
  const synthesis = layer(fine, 256, 1023, 32767);
  const factors = Int8Array.from(reader.take(4 * latents));
  const priors = reader.take(32 * reader.count(0, 16 * latents));
  return { fine, latents, open, second, split, last, synthesis, factors, priors };
}

function readChannels(reader) {
  const channels = reader.count(16, 512);
  check(channels % 16 === 0, 'channels of tokens');
  return channels;
}

function readBlock(reader, layer, channels, attend, radius) {
  const attention = attend ? readAttention(reader, layer, channels, radius) : null;
  const widen = new Layer(reader, channels, 2 * channels, 1023, 0, 1023);
  return { attention, widen, narrow: layer(2 * channels, channels) };
}

function readAttention(reader, layer, channels, radius) {
  const [query, key, value] = [127, 127, 1023].map((cut) => layer(channels, channels, 1023, cut));
  const places = Int32Array.from(many((channels / 16) * (2 * radius + 1) ** 2, () => zigzag(reader.count(0, 65534))));
  return { channels, radius, query, key, value, places, output: layer(channels, channels) };
}

/** §15 and §16: a layer whose inputs are at most `largest` and whose outputs are cut to low ... high. */
class Layer {
  constructor(reader, inputs, outputs, largest, low, high) {
    Object.assign(this, { inputs, low, high, outputs: new Float64Array(outputs) });
    this.shifts = reader.take(outputs);
    this.biases = Float64Array.from(many(outputs, () => zigzag(reader.count(0, 2 ** 32 - 1))));
    const weights = Int8Array.from(reader.take(outputs * inputs));
    check(this.shifts.every((shift) => shift <= 22), 'shift of a layer');
    check(!weights.includes(-128), 'weight of a layer');
    this.biases.forEach((bias, j) => {
      const sum = weights.subarray(j * inputs, (j + 1) * inputs).reduce((total, weight) => total + Math.abs(weight), 0);
      check(sum * largest + Math.abs(bias) < 2 ** 23, 'a layer may overflow');
    });
    this.packed = pack(weights, inputs, outputs);
  }

  /** Two outputs in one binary64 number, four such numbers at a time: this takes a fifth of the time of the plain sums. */
  apply(x) {
    const { inputs, packed, outputs } = this;
    for (let j = 0, at = 0; j < outputs.length; j += 8) {
      let a = 0;
      let b = 0;
      let c = 0;
      let d = 0;
      for (let i = 0; i < inputs; i++, at += 4) {
        a += packed[at] * x[i];
        b += packed[at + 1] * x[i];
        c += packed[at + 2] * x[i];
        d += packed[at + 3] * x[i];
      }
      this.unpack(j, a);
      this.unpack(j + 2, b);
      this.unpack(j + 4, c);
      this.unpack(j + 6, d);
    }
    return outputs;
  }

  unpack(j, sums) {
    const upper = Math.round(sums / 2 ** 24);
    this.put(j, sums - upper * 2 ** 24);
    this.put(j + 1, upper);
  }

  put(j, sum) {
    if (j < this.outputs.length) this.outputs[j] = clamp((this.biases[j] + sum) >> this.shifts[j], this.low, this.high);
  }
}

/** Weights of eight outputs at a time as four numbers per input: that of output j + 2^24 times that of output j + 1, with zeros at the end. */
function pack(weights, inputs, outputs) {
  const weight = (j, i) => (j < outputs ? weights[j * inputs + i] : 0);
  const packed = [];
  for (let j = 0; j < outputs; j += 8) {
    for (let i = 0; i < inputs; i++) {
      for (let k = j; k < j + 8; k += 2) packed.push(weight(k, i) + 2 ** 24 * weight(k + 1, i));
    }
  }
  return Float64Array.from(packed);
}

const zigzag = (v) => (v % 2 === 0 ? v / 2 : -1 - (v - 1) / 2);

// --------------------------------------------------------------------------------------------------- integer arithmetic

/** §16: of an unsigned number, in sixteenths of an octave. */
function log(n) {
  const v = Math.max(n, 1);
  const o = floorLog2(v);
  return 16 * o + (Math.floor((16 * v) / 2 ** o) % 16);
}

/** §16. */
function scale(n, e) {
  const limit = SCALE_LIMITS[e + 9];
  const v = clamp(n, -limit, limit);
  if (e >= 14) return shiftScale(v >> 14, e - 14);
  return shiftScale(v, e);
}

const SCALE_LIMITS = Int32Array.from(many(34, (i) => Math.min(Math.floor(8191 * 2 ** (i - 9)), 2 ** 31 - 1))); // by e + 9
const shiftScale = (v, e) => (e <= 0 ? v << -e : (v + (1 << (e - 1))) >> e);

// -------------------------------------------------------------------------------------------------------- neighbourhood

// §17: the pairs of a pass, and more of them for references.
const PAIRS = [
  {
    pairs: [[1, 1], [1, -1], [1, 3], [1, -3], [3, 1], [3, -1], [3, 3], [3, -3], [1, 5], [1, -5], [5, 1], [5, -1]],
    more: [[0, 1], [1, 0]],
  },
  {
    pairs: [[0, 1], [1, 0], [1, 2], [1, -2], [2, 1], [2, -1], [0, 3], [3, 0], [2, 3], [2, -3], [3, 2], [3, -2]],
    more: [[1, 1], [1, -1]],
  },
  {
    pairs: [[0, 1], [1, 0], [1, 1], [1, -1], [1, 2], [1, -2], [2, 1], [2, -1], [0, 3], [3, 0], [1, 3], [1, -3]],
    more: [[0, 2], [2, 0]],
  },
];

/** §17: what the network sees of the samples of one pass. */
class Neighbourhood {
  constructor({ quantum, chunk }, plane, stride, number) {
    Object.assign(this, { plane, stride, quantum, adaptive: chunk.model.adaptive });
    this.offsets = [...PAIRS[number].pairs, ...PAIRS[number].more];
    this.around = chunk.around && plane.width % (2 * stride) === 0 && plane.width / (2 * stride) >= 4;
    this.ends = new Int32Array(28); // of the pairs: places in the plane, -1 where there is none
    this.bends = new Int32Array(12);
    this.slopes = new Int32Array(12);
    const shown = chunk.model.sighted ? plane.references : [];
    this.references = shown.map(({ samples }) => ({ samples, bends: new Int32Array(6), slopes: new Int32Array(2) }));
    this.tokens = new Int32Array(DIRECT_TOKENS);
    this.inputs = new Float64Array(INPUTS);
  }

  place(y, x) {
    const { height, width } = this.plane;
    const column = this.around ? (x + width) % width : x; // at most 5 of at least 8 strides beyond an end
    return y < 0 || y >= height || column < 0 || column >= width ? -1 : y * width + column;
  }

  /** Fills tokens and inputs, and sets e (and f). */
  look(y, x, prediction) {
    this.offsets.forEach(([dy, dx], i) => {
      const [rows, columns] = [dy * this.stride, dx * this.stride];
      this.ends[2 * i] = this.place(y + rows, x + columns);
      this.ends[2 * i + 1] = this.place(y - rows, x - columns);
    });
    const there = this.lookAtPlane(prediction);
    for (const reference of this.references) this.lookAtReference(reference, y * this.plane.width + x);
    const a = magnitudes(this.bends, 8);
    const b = magnitudes(this.slopes, 8);
    this.e = this.adaptive ? floorLog2(Math.max(a, 1)) - 9 : floorLog2(this.quantum) - 6;
    this.f = this.adaptive ? floorLog2(Math.max(b, 1)) - 9 : this.e;
    this.fillInputs(a, b, there);
  }

  lookAtPlane(m) {
    const { samples, missing } = this.plane;
    let count = 0;
    for (let i = 0; i < 12; i++) {
      const [a, b] = [this.ends[2 * i], this.ends[2 * i + 1]];
      const there = a >= 0 && b >= 0 && missing[a] === 0 && missing[b] === 0;
      this.bends[i] = there ? samples[a] - m + (samples[b] - m) : 0;
      this.slopes[i] = there ? samples[a] - samples[b] : 0;
      if (there) count++;
    }
    return count;
  }

  lookAtReference({ samples, bends, slopes }, at) {
    const m = samples[at];
    for (let i = 0; i < 6; i++) {
      const pair = i < 4 ? i : i + 8;
      const [a, b] = [this.ends[2 * pair], this.ends[2 * pair + 1]];
      const there = a >= 0 && b >= 0;
      bends[i] = there ? samples[a] - m + (samples[b] - m) : 0;
      if (i < 2) slopes[i] = there ? samples[a] - samples[b] : 0;
    }
  }

  fillInputs(a, b, there) {
    const { tokens, inputs, bends, slopes, e, f } = this;
    inputs.fill(0);
    for (let i = 0; i < 12; i++) {
      tokens[i] = scale(bends[i], e);
      inputs[i] = tokens[i];
      inputs[12 + i] = scale(slopes[i], f);
    }
    inputs[40] = 2 * (log(a) - log(this.quantum) - 64);
    inputs[41] = 4 * (log(b) - log(a));
    inputs[42] = 128 * Math.min(floorLog2(this.stride), 7);
    inputs[43] = 80 * (12 - there);
    inputs[44] = -1023;
    inputs[45] = -1023;
    inputs[46] = this.quantum === 1 ? 512 : 0;
    this.references.forEach((reference, j) => {
      for (let i = 0; i < 4; i++) tokens[12 + 4 * j + i] = scale(difference(bends[i], reference.bends[i]), e);
      for (let i = 0; i < 6; i++) inputs[24 + 8 * j + i] = scale(reference.bends[i], e);
      for (let i = 0; i < 2; i++) inputs[30 + 8 * j + i] = scale(difference(slopes[i], reference.slopes[i]), f);
      inputs[44 + j] = 4 * (log(magnitudes(reference.bends, 4)) - log(a));
    });
    for (let i = 0; i < INPUTS; i++) inputs[i] = clamp(inputs[i], -1023, 1023);
  }
}

/** The sum of the first few. */
function magnitudes(numbers, count) {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += magnitude(numbers[i]);
  return saturated(sum);
}

// -------------------------------------------------------------------------------------------------------------- network

const FIRST_OCTAVE = [
  65536, 64132, 62757, 61413, 60097, 58809, 57549, 56316, 55109, 53928, 52773, 51642, 50535, 49452, 48393, 47356, 46341, 45348, 44376,
  43425, 42495, 41584, 40693, 39821, 38968, 38133, 37316, 36516, 35734, 34968, 34219, 33486,
];
const WEIGHT = many(320, (n) => (FIRST_OCTAVE[n % 32] + (1 << ((n >> 5) + 5))) >> ((n >> 5) + 6));

/** §18: the correction and the distance of a sample. */
function estimate({ tokens, hidden, kernels, second, heads }, { inputs, tokens: direct, e, quantum }) {
  const scores = heads.apply(second.apply(hidden.apply(inputs)));
  const mean = tokens > 0 ? attention(scores, tokens, direct, kernels.apply(inputs)) : 0;
  return { correction: scores[tokens] + mean, distance: scores[tokens + 1] + 16 * (e - 1) - log(quantum) };
}

function attention(scores, tokens, direct, others) {
  let largest = scores[0];
  for (let i = 1; i < tokens; i++) largest = Math.max(largest, scores[i]);
  let sum = 0;
  let total = 0;
  for (let i = 0; i < tokens; i++) {
    const w = WEIGHT[largest - scores[i]] ?? 0;
    sum += w;
    total += w * (i < DIRECT_TOKENS ? direct[i] : others[i - DIRECT_TOKENS]);
  }
  return quotient(total, sum);
}

/** Four times total / sum, as §18 and §20 take it. */
function quotient(total, sum) {
  const n = floorLog2(sum);
  return Math.imul(total >> (n - 2), Math.floor(2 ** 24 / (sum >> (n - 10)))) >> 14;
}

// ------------------------------------------------------------------------------------------------------- network method

/** Where contexts look, as (row, column) offsets in strides. */
const BESIDE = [[0, -2], [-2, -2], [-2, 0], [-2, 2]];
const CORNERS = [[-1, -1], [-1, 1], [1, -1], [1, 1]];

/** §19, and §22 if the first plane of the chunk has a base plane. Planes have residuals too. */
class Network extends Pyramid {
  constructor(chunk, stream) {
    super(chunk, stream);
    this.trustTables = many(3, () => uniform(5, 5));
    this.decisions = new Decisions(stream, {
      sizes: [LEADING, 507, 2197, 169, 169],
      circumstances: 3, weights: [65536, ...many(4, () => 5500), 0], rate: 25, gain: 13, priors: chunk.model.priors,
    });
  }

  chooseReferences(p) {
    const [named] = super.chooseReferences(p);
    const others = [...this.chunk.references, 1, 2].map((distance) => this.done[p - distance]);
    const other = others.find((plane) => plane && plane !== named);
    return [p === 0 ? this.chunk.base : named, other].filter(Boolean);
  }

  coarsest(plane, stride) {
    plane.residuals = new Int32Array(plane.samples.length);
    super.coarsest(plane, stride);
  }

  pass(plane, stride, { row, column, taps }, number) {
    const { height, width, samples, missing, residuals } = plane;
    if (row * stride >= height || column * stride >= width) return;
    const predictor = this.predictor(plane, stride, taps, number);
    const trust = this.stream.symbol(this.trustTables[number]);
    const neighbourhood = new Neighbourhood(this, plane, stride, number);
    const view = { plane, stride, number, near: NEAR.map((t) => taps[t]) };
    for (let y = row * stride; y < height; y += 2 * stride) {
      for (let x = column * stride; x < width; x += 2 * stride) {
        const at = y * width + x;
        const { prediction } = predictor.predict(y, x);
        samples[at] = prediction;
        if (missing[at]) continue;
        neighbourhood.look(y, x, prediction);
        const { correction, distance } = estimate(this.chunk.model.nets[number], neighbourhood);
        const { c, side, turned } = this.correct((correction * trust) >> 2, neighbourhood.e);
        const p = (prediction + c) | 0;
        const v = this.residualAt(view, y, x, { p, distance, side, sign: turned ? -1 : 1 });
        residuals[at] = turned ? -v : v;
        samples[at] = p + Math.imul(this.quantum, residuals[at]);
      }
    }
  }

  /** §19, Prediction. */
  correct(x, e) {
    if (e >= 3) return { c: x << (e - 3), side: 0, turned: false };
    const s = 3 - e;
    const c = (x + (1 << (s - 1))) >> s;
    if (this.quantum !== 1) return { c, side: 0, turned: false };
    const rest = x - (c << s);
    const u = s >= 4 ? rest >> (s - 4) : rest << (4 - s);
    return { c, side: sideOf(magnitude(u)), turned: u < 0 };
  }

  /** What contexts look at, and the residual v. */
  residualAt({ plane, stride, number, near: nearOffsets }, y, x, { p, distance, side, sign }) {
    const { height, width, samples, residuals, references } = plane;
    const read = (from, offsets) => offsets.map(([dy, dx]) => {
      const [row, column] = [y + dy * stride, x + dx * stride];
      return row < 0 || row >= height || column < 0 || column >= width ? 0 : from(row * width + column);
    });
    const residual = (at) => sign * residuals[at];
    const own = read(residual, BESIDE);
    const near = read(residual, nearOffsets);
    const corners = number === 2 ? read(residual, CORNERS) : [];
    const reference = references.length > 0 ? references[0].residuals : null;
    const before = reference ? sign * reference[y * width + x] : 0;
    const deltas = read((at) => sign * Math.round(difference(samples[at], p) / this.quantum), nearOffsets);
    const sight = { own, near, corners, before, deltas, side, number };
    const k = clamp((distance >> 4) - 1, 0, 24);
    const kind = distance < 32 ? Math.max((distance + 80) >> 2, 0) : 28 + ((distance >> 2) % 4);
    return this.decisions.decode(this.contexts(sight, kind, k), [number], k);
  }

  contexts({ own, near: n, corners: z, before: g, deltas: d, side, number }, kind, k) {
    const weighted = (numbers, weights) => numbers.reduce((sum, r, i) => sum + weights[i] * Math.min(magnitude(r), 2 ** 24), 0);
    const energy = weighted(own, [2, 1, 2, 1]) + weighted(n, [1, 1, 1, 1]) + weighted(z, [2, 2, 2, 2]);
    const pair = (a, b) => 13 * sig(a, k, 6) + sig(b, k, 6);
    const sum = (a, b) => (a + b) | 0;
    return [
      (24 * kind + Math.min(mag(energy >>> k), 23)) * 3 + side,
      3 * pair(own[0], own[2]) + number,
      13 * pair(own[0], own[1]) + sig(own[3], k, 6),
      pair(sum(d[0], d[1]), sum(d[2], d[3])),
      pair(g, sum(own[0], own[2])),
    ];
  }
}

const sideOf = (u) => (u <= 1 ? 0 : u <= 4 ? 1 : 2);

// -------------------------------------------------------------------------------------------------------------- experts

// §25, Functions
const CURVE = (() => {
  const lower = [];
  for (let k = 0, power = 1; k <= 640; k++, power *= 1.0644944589178594) lower.push(1 / (1 + power));
  return Float64Array.from([...lower.toReversed(), ...lower.slice(1).map((p) => 1 - p)]);
})();
const LOGARITHMS = Float64Array.from(many(256, (i) => {
  const m = 1 + (i + 0.5) / 256;
  const t = (m - 1) / (m + 1);
  let [power, sum] = [t, 0];
  for (let k = 0; k < 12; k++, power = power * t * t) sum += power / (2 * k + 1);
  return 2 * sum;
}));
const POWERS = Float64Array.from(many(64, (i) => {
  const x = ((i + 0.5) / 64) * Math.LN2;
  let [term, sum] = [1, 1];
  for (let k = 1; k < 12; k++) {
    term = (term * x) / k;
    sum += term;
  }
  return sum;
}));
const DOUBLE = new Float64Array(1);
const WORDS = new Uint32Array(DOUBLE.buffer);

function logistic(x) {
  const at = clamp(x * 16, -640, 640 - 0.001) + 640;
  const i = Math.floor(at);
  return CURVE[i] + (CURVE[i + 1] - CURVE[i]) * (at - i);
}

function ln(x) {
  DOUBLE[0] = x;
  return (((WORDS[1] >>> 20) & 2047) - 1023) * Math.LN2 + LOGARITHMS[(WORDS[1] >>> 12) & 255];
}

function exp2(x) {
  const at = Math.floor((clamp(x, -30, 40) + 30) * 64);
  return POWERS[at % 64] * 2 ** (Math.floor(at / 64) - 30);
}

const size = (m) => ln(0.1 + m) * Math.LOG2E;
const capped = (r) => Math.min(magnitude(r), 2 ** 24);
const limited = (v) => (Math.abs(v) < 1e6 ? v : 0);
const odds = (yes, no) => yes.map((y, j) => clamp(ln(Math.max(y, 1e-18)) - ln(Math.max(no[j], 1e-18)), -11, 11));
const dot = (a, b) => {
  const sums = [0, 0, 0, 0];
  for (let i = 0; i < a.length; i++) sums[i % 4] += a[i] * b[i];
  return sums[0] + sums[1] + (sums[2] + sums[3]);
};

// §25, Neighbours
const FAR = [[-1, -2], [-1, 2], [1, -2], [1, 2]];
const FARTHER = [[0, -3], [0, 3], [-3, 0], [3, 0]];
const STRAIGHT = [[0, -1], [0, 1], [-1, 0], [1, 0]];
const KNOWN_AROUND = [
  [...CORNERS, [-1, -3], [-1, 3], [1, -3], [1, 3], [-3, -1], [-3, 1], [3, -1], [3, 1]],
  [...STRAIGHT, ...FAR, [-2, -1], [-2, 1], [2, -1], [2, 1], ...FARTHER],
  [...STRAIGHT, ...CORNERS, ...FAR, ...FARTHER],
];
const SAME = [[0, -2], [-2, 0], [-2, -2], [-2, 2]];
const RING = [[-1, 0], [1, 0], [0, -1], [0, 1], ...CORNERS];
const UNKNOWN = null;

/** §25, Regressions. */
class Regression {
  constructor(n, memory) {
    this.n = n;
    this.products = many(n, () => new Float64Array(n));
    this.targets = new Float64Array(n);
    this.weights = new Float64Array(n);
    this.growth = 1;
    this.faster = 1 / (1 - 1 / memory);
    this.seen = 0;
  }

  copy() {
    const copy = Object.assign(new Regression(0, 2), this);
    copy.products = this.products.map((row) => row.slice());
    copy.targets = this.targets.slice();
    return copy;
  }

  fade(share) {
    const factor = share / this.growth;
    for (const row of [...this.products, this.targets]) row.forEach((v, i) => { row[i] = v * factor; });
    this.growth = 1;
    return this;
  }

  learn(x, target, weight) {
    const g = weight * this.growth;
    for (let i = 0; i < this.n; i++) {
      const f = x[i] * g;
      for (let j = i; j < this.n; j++) this.products[i][j] += f * x[j];
      this.targets[i] += f * target;
    }
    this.growth *= this.faster;
    if (this.growth > 1e6) this.fade(1);
    if (++this.seen % 6 === 0) this.fit();
  }

  fit() {
    const { n } = this;
    const rows = this.products.map((row, i) => Float64Array.from([...row, this.targets[i]]));
    rows.forEach((row, i) => { row[i] += 3 * this.growth + 1e-4 * this.products[i][i]; });
    for (let k = 0; k < n; k++) {
      if (!(rows[k][k] > 1e-30)) return;
      const inverse = 1 / rows[k][k];
      for (let i = k + 1; i < n; i++) {
        const f = rows[k][i] * inverse;
        for (let j = i; j <= n; j++) rows[i][j] -= f * rows[k][j];
      }
    }
    const weights = new Float64Array(n);
    for (let k = n - 1; k >= 0; k--) {
      let sum = rows[k][n];
      for (let j = k + 1; j < n; j++) sum -= rows[k][j] * weights[j];
      weights[k] = sum / rows[k][k];
    }
    if (weights.every((w) => Math.abs(w) < 1e6)) this.weights = weights;
  }
}

/** §25, Decisions. */
class Opinions {
  constructor(stream) {
    this.stream = stream;
    this.extras = new Extras(stream);
    this.biases = many((224 + 169) * 33, () => ({ logit: 0, seen: 0 }));
    this.sets = many((3 + 32 + 24 + 21) * 33, () => ({ weights: [0.12, 0.12, 0.12, 0.12, 0.32, 0.2, 0.1, 0.1, 0], seen: 0 }));
  }

  decode(outlook) {
    this.outlook = outlook;
    const k = outlook.split;
    const h = this.head();
    if (k === 0) return h;
    const edge = this.edge(h);
    const away = edge >= 0 ? 1 : -1;
    const step = 2 ** (k - 1);
    const [near, middle, far] = [edge, edge + step, edge + 2 * step].map((e) => this.beyond(e, away));
    const top = this.decide(32, odds(middle.map((m, j) => (m - far[j]) * away), near.map((n, j) => (n - middle[j]) * away)));
    const low = top * step + this.stream.bits(k - 1);
    return ((h << k) - step + low) | 0;
  }

  edge(h) {
    const { split } = this.outlook;
    return h * 2 ** split - Math.floor(2 ** split / 2) - 0.5;
  }

  beyond(edge, away) {
    const { middles, sharpness } = this.outlook;
    return middles.map((middle, j) => {
      const z = (middle - edge) * sharpness[j] * away;
      if (j < 5) return logistic(z);
      const tail = 0.5 / ((1 + Math.abs(z)) * (1 + Math.abs(z)));
      return z > 0 ? 1 - tail : tail;
    });
  }

  head() {
    const [above, below] = [this.beyond(this.edge(1), 1), this.beyond(this.edge(0), -1)];
    const outside = above.map((a, j) => a + below[j]);
    if (this.decide(0, odds(outside.map((o) => 1 - o), outside))) return 0;
    const negative = this.decide(1, odds(below, above));
    const from = (m) => (negative ? this.beyond(this.edge(1 - m), -1) : this.beyond(this.edge(m), 1));
    const m = this.headMagnitude(negative ? 15 : 2, negative ? below : above, from);
    return negative ? -m | 0 : m;
  }

  headMagnitude(first, left, from) {
    let c = 0;
    for (; c < 13; c++) {
      const next = from(c < 6 ? c + 2 : 6 + 4 * 2 ** (c - 6) - 1);
      if (this.decide(first + c, odds(left.map((l, j) => l - next[j]), next))) break;
      left = next;
    }
    if (c < 6) return c + 1;
    if (c === 13) return (260 + this.extras.excess()) | 0;
    const o = c - 6;
    const start = 7 + 2 ** (o + 1) - 2;
    const [middle, end] = [from(start + 2 ** o), from(start + 2 ** (o + 1))];
    const b = this.decide(28 + Math.min(o, 3), odds(middle.map((m, j) => m - end[j]), left.map((l, j) => l - middle[j])));
    return start + b * 2 ** o + this.stream.bits(o);
  }

  decide(decision, opinions) {
    const biases = this.outlook.contexts.map((context) => this.biases[context * 33 + decision]);
    const sets = this.outlook.sets.map((set) => this.sets[set * 33 + decision]);
    const inputs = [...opinions, ...biases.map((bias) => bias.logit), 0.3];
    const sums = sets.map((set) => clamp(dot(set.weights, inputs), -11, 11));
    const p = logistic(sums.reduce((a, b) => a + b, 0) / 4);
    const bit = this.stream.decision(clamp(Math.floor(p * 32768), 1, 32767));
    sets.forEach((set, s) => {
      set.seen++;
      const step = (bit - logistic(sums[s])) * Math.max(2 / (set.seen + 2 / 0.02), 0.002);
      inputs.forEach((input, i) => { set.weights[i] += step * input; });
    });
    for (const bias of biases) {
      const q = logistic(opinions[4] + bias.logit);
      bias.logit += ((bit - q) * 0.5) / ((bias.seen + 2) * Math.max(q * (1 - q), 0.05));
      bias.seen = Math.min(bias.seen + 1, 120);
    }
    return bit;
  }
}

/** §25. Residuals of planes are null where none was coded. */
class Experts extends Pyramid {
  constructor(chunk, stream) {
    super(chunk, stream);
    this.opinions = new Opinions(stream);
    const first = [0.1, 0.34, 0.22, chunk.model ? 0.19 : 0, 0.11, 0.2, 0.07];
    this.scales = many(3, () => many(5, () => first.slice()));
    this.means = many(5, () => 10);
    this.regressions = new Map();
  }

  chooseReferences(p) {
    return Network.prototype.chooseReferences.call(this, p);
  }

  coarsest(plane, stride) {
    plane.residuals = many(plane.samples.length, () => UNKNOWN);
    super.coarsest(plane, stride);
  }

  begin(number, stride, n) {
    const kept = (s, share) => {
      const before = this.regressions.get(`${number} ${s}`);
      return before && before[0].n === n ? before.map((r) => r.copy().fade(share)) : null;
    };
    return kept(stride, 0.7) ?? kept(2 * stride, 0.3) ?? [new Regression(n, 20000), new Regression(n, 200)];
  }

  pass(plane, stride, { row, column, taps }, number) {
    const { height, width, samples, missing, references } = plane;
    if (row * stride >= height || column * stride >= width) return;
    const predictor = this.predictor(plane, stride, taps, number);
    const neighbourhood = this.chunk.model ? new Neighbourhood(this, plane, stride, number) : null;
    const n = KNOWN_AROUND[number].length + 4 + (neighbourhood ? 1 : 0) + [0, 9, 14][references.length];
    const regressions = this.begin(number, stride, n);
    this.seen = 10;
    const wraps = this.chunk.around && width % (2 * stride) === 0;
    let above = [];
    for (let y = row * stride; y < height; y += 2 * stride) {
      const errors = [];
      for (let x = column * stride, j = 0; x < width; x += 2 * stride, j++) {
        const at = y * width + x;
        const { prediction } = predictor.predict(y, x);
        samples[at] = prediction;
        if (missing[at]) {
          errors.push(errors[j - 1]);
          continue;
        }
        const view = { plane, number, stride, y, x, at, wraps, ...this.base(neighbourhood, y, x, prediction, number) };
        errors.push(this.sample(view, regressions, [errors[j - 1], above[j], above[j - 1], above[j + 1]]));
      }
      above = errors;
    }
    this.regressions.set(`${number} ${stride}`, regressions);
  }

  base(neighbourhood, y, x, prediction, number) {
    if (!neighbourhood) return { b: prediction, u: 0, prediction };
    neighbourhood.look(y, x, prediction);
    const { correction, distance } = estimate(this.chunk.model.nets[number], neighbourhood);
    const { e } = neighbourhood;
    const s = 3 - e;
    if (s <= 0) return { b: (prediction + (correction << -s)) | 0, u: 0, prediction, distance };
    const c = (correction + (1 << (s - 1))) >> s;
    const rest = correction - (c << s);
    return { b: (prediction + c) | 0, u: (s >= 4 ? rest >> (s - 4) : rest << (4 - s)) / 16, prediction, distance };
  }

  place({ plane: { height, width }, stride, y, x, wraps }, [dy, dx], around = wraps) {
    const row = y + dy * stride;
    let column = x + dx * stride;
    if (around) column = ((column % width) + width) % width;
    return row < 0 || row >= height || column < 0 || column >= width ? -1 : row * width + column;
  }

  regressors(view) {
    const { plane: { samples, missing, references }, number, at, b, u, prediction, distance } = view;
    const inverse = 1 / this.quantum;
    const fromBase = (v) => (((v - b) | 0) - u) * inverse;
    const own = [...KNOWN_AROUND[number].map((o) => this.place(view, o)), ...SAME.map((o) => this.place(view, o, false))];
    const x = own.map((i) => (i < 0 || missing[i] ? 0 : fromBase(samples[i])));
    if (distance !== undefined) x.push(fromBase(prediction));
    references.forEach((reference, r) => {
      const middle = reference.samples[at];
      for (const o of RING.slice(0, [8, 4][r])) {
        const i = this.place(view, o);
        x.push(i < 0 ? 0 : ((reference.samples[i] - middle) | 0) * inverse);
      }
      x.push(reference.residuals[at] ?? 0);
    });
    return { x, fromBase };
  }

  beside(errors) {
    return many(5, (j) => {
      let [sum, total] = [this.means[j], 1];
      errors.forEach((error, i) => {
        if (!error) return;
        const weight = i < 2 ? 2 : 1;
        sum += error[j] * weight;
        total += weight;
      });
      return sum / total;
    });
  }

  features(view, x, main, apart) {
    const { plane: { residuals, references }, number, at, distance } = view;
    const around = KNOWN_AROUND[number].slice(0, number === 2 ? 8 : 4).map((o) => this.place(view, o));
    const found = around.filter((i) => i >= 0 && residuals[i] !== UNKNOWN).map((i) => capped(residuals[i]));
    const near = size(found.length > 0 ? found.reduce((a, b) => a + b, 0) / found.length : main);
    const spread = x.slice(0, 4).reduce((sum, v) => sum + Math.abs(v), 0) / 4;
    let before = near;
    if (references.length > 0) {
      const [{ residuals: r }] = references;
      const ring = RING.slice(0, 4).map((o) => this.place(view, o)).filter((i) => i >= 0).map((i) => capped(r[i] ?? 0));
      before = size((2 * capped(r[at] ?? 0) + ring.reduce((a, b) => a + b, 0)) / 6);
    }
    const net = distance === undefined ? 0 : clamp(distance, -160, 480) / 16;
    return [1, 0, near, net, size(spread), size(apart), before];
  }

  /** Decodes a sample; returns how far off each expert was. */
  sample(view, regressions, errorsBeside) {
    const { plane: { samples, residuals, references }, number, at, b, u, prediction } = view;
    const { x, fromBase } = this.regressors(view);
    const beside = this.beside(errorsBeside);
    const says = [0, fromBase(prediction), ...regressions.map((r) => limited(dot(r.weights, x)))];
    let [sum, total] = [0, 0];
    says.forEach((o, j) => {
      const w = 1 / ((beside[j] + 0.03) * (beside[j] + 0.03));
      sum += w * o;
      total += w;
    });
    says.push(limited(sum / total));
    const centre = (b + (Math.floor(says[4] * this.quantum + u + 0.5) | 0)) | 0;
    const offset = fromBase(centre);
    const [first, , slow, quick] = says;

    const features = this.features(view, x, beside[4], Math.abs(slow - first) + Math.abs(quick - slow));
    const weights = this.scales[number];
    const scales = weights.map((w, j) => {
      features[1] = size(beside[j]);
      return clamp(features.reduce((s, f, i) => s + f * w[i], 0), -5, 26);
    });
    const split = Math.min(Math.floor(Math.max(scales[4] - 1.5, 0)), 24);
    const sharp = scales.map((s) => 1 / Math.max(exp2(s), 0.05));
    const middles = says.map((o) => o - offset);
    const outlook = {
      middles: [...middles, middles[4]],
      sharpness: [...sharp.map((s) => s * 1.386), sharp[4] * (0.7 * 1.386)],
      split, ...this.contexts(view, centre, scales[4], split, (Math.abs(slow - first) + Math.abs(quick - first)) * 8),
    };
    const r = this.opinions.decode(outlook);
    residuals[at] = r;
    samples[at] = centre + Math.imul(r, this.quantum);
    const truth = limited(r + offset);
    const errors = says.map((o) => Math.min(Math.abs(truth - o), 1e6));
    this.learn(features, beside, scales, errors, weights);
    const scale = exp2(scales[4]) + 0.1;
    for (const regression of regressions) regression.learn(x, truth, 1 / (scale * scale));
    return errors;
  }

  contexts(view, centre, scale, split, apart) {
    const { plane: { samples, references }, number, at } = view;
    const places = [...KNOWN_AROUND[number].slice(0, 4).map((o) => this.place(view, o)), ...SAME.slice(0, 2).map((o) => this.place(view, o, false))];
    const d = places.map((i) => (i < 0 ? 0 : Math.round(difference(samples[i], centre) / this.quantum)));
    const others = d.slice(1).filter((v) => v === d[0]).length;
    const alike = others === 5 && d[0] === 0 ? 6 : others;
    const beside = [this.place(view, [-1, 0]), this.place(view, [1, 0]), at].find((i) => i >= 0);
    const still = references.length > 0 && references[0].samples[at] === references[0].samples[beside] ? 1 : 0;
    const pair = (a, c) => 13 * sig(a, split, 6) + sig(c, split, 6);
    return {
      contexts: [((clamp(d[0], -8, 7) + 8) * 7 + alike) * 2 + still, 224 + pair((d[0] + d[1]) | 0, (d[2] + d[3]) | 0)],
      sets: [
        number,
        3 + Math.min(Math.floor((scale + 5) * 2), 31),
        35 + Math.min(mag(Math.floor(Math.min(apart, 1e9))), 23),
        59 + alike * 3 + number,
      ],
    };
  }

  learn(features, beside, scales, errors, weights) {
    this.seen++;
    errors.forEach((error, j) => {
      this.means[j] += (error - this.means[j]) / Math.min(this.seen, 200);
      features[1] = size(beside[j]);
      const length = features.reduce((s, f) => s + f * f, 1);
      const off = (error + 0.03) / exp2(scales[j]) - 1;
      const step = (clamp(off, -1, 2) * 0.03) / length;
      features.forEach((f, i) => { weights[j][i] += step * f; });
    });
  }
}

// ---------------------------------------------------------------------------------------------------------- autoencoder

/** §20: how many rows and columns of tokens a plane has. A grid is that and its tokens, arrays of channels. */
function gridsOf({ height, width }) {
  const fine = { rows: Math.ceil(height / 8) + 1, columns: Math.ceil(width / 8) + 1 };
  return { fine, coarse: { rows: Math.ceil(fine.rows / 2), columns: Math.ceil(fine.columns / 2) } };
}

const applied = (layer, tokens) => tokens.map((token) => layer.apply(token).slice());

/** §20, block: changes the tokens. */
function applyBlock({ attention, widen, narrow }, grid) {
  if (attention) attended(attention, grid).forEach((change, i) => addTo(grid.tokens[i], change));
  for (const token of grid.tokens) addTo(token, narrow.apply(widen.apply(token)));
}

function addTo(token, change) {
  for (let c = 0; c < token.length; c++) token[c] = clamp(token[c] + change[c], -1023, 1023);
}

/** §20, attended: of all tokens of a grid. */
function attended({ channels, radius, query, key, value, places, output }, grid) {
  const [queries, keys, values] = [query, key, value].map((layer) => applied(layer, grid.tokens));
  const area = (2 * radius + 1) ** 2;
  const means = new Float64Array(channels);
  return grid.tokens.map((_, i) => {
    const near = neighboursOf(grid, i, radius);
    for (let head = 0; 16 * head < channels; head++) {
      const seen = { at: near.at, adds: near.numbers.map((number) => places[area * head + number]) };
      attendHead(seen, queries[i], keys, values, 16 * head, means);
    }
    return output.apply(means).slice();
  });
}

/** The tokens around number i, and the numbers of their places. */
function neighboursOf({ rows, columns }, i, radius) {
  const [at, numbers] = [[], []];
  const [row, column] = [Math.floor(i / columns), i % columns];
  for (let dy = -radius; dy <= radius; dy++) {
    for (let dx = -radius; dx <= radius; dx++) {
      if (row + dy < 0 || row + dy >= rows || column + dx < 0 || column + dx >= columns) continue;
      at.push(i + dy * columns + dx);
      numbers.push((2 * radius + 1) * (dy + radius) + dx + radius);
    }
  }
  return { at, numbers };
}

/** One head of one token: its 16 channels of `means`, from channel `first`. */
function attendHead({ at, adds }, query, keys, values, first, means) {
  const scores = at.map((other, n) => {
    const key = keys[other];
    let sum = 0;
    for (let c = first; c < first + 16; c++) sum += query[c] * key[c];
    return (sum >> 3) + adds[n];
  });
  const largest = scores.reduce((a, b) => Math.max(a, b));
  const weights = scores.map((score) => WEIGHT[largest - score] ?? 0);
  const sum = weights.reduce((a, b) => a + b);
  for (let c = first; c < first + 16; c++) {
    let total = 0;
    for (let n = 0; n < at.length; n++) total += weights[n] * values[at[n]][c];
    means[c] = clamp((quotient(total, sum) + 2) >> 2, -1023, 1023);
  }
}

/** §20, Drawing: the samples of a base plane. */
function drawPlane(autoencoder, latents, { unit, middle }, { height, width }) {
  const { fine, coarse } = gridsOf({ height, width });
  coarse.tokens = applied(autoencoder.open, latents);
  applyBlock(autoencoder.second, coarse);
  fine.tokens = splitTokens(autoencoder, coarse, fine);
  applyBlock(autoencoder.last, fine);
  const drawn = new Int32Array(height * width);
  fine.tokens.forEach((token, i) => {
    const [row, column] = [8 * Math.floor(i / fine.columns) - 8, 8 * (i % fine.columns) - 8];
    addCells(drawn, autoencoder.synthesis.apply(token), row, column, { height, width });
  });
  const scaled = (d) => (unit >= 3 ? d << (unit - 3) : (d + (1 << (2 - unit))) >> (3 - unit));
  return drawn.map((d) => middle + scaled(d));
}

/** Step 2. */
function splitTokens({ split, fine: channels }, coarse, fine) {
  const tokens = new Array(fine.rows * fine.columns);
  coarse.tokens.forEach((token, i) => {
    const outputs = split.apply(token);
    for (let q = 0; q < 4; q++) {
      const row = 2 * Math.floor(i / coarse.columns) + (q >> 1);
      const column = 2 * (i % coarse.columns) + (q % 2);
      if (row >= fine.rows || column >= fine.columns) continue;
      tokens[row * fine.columns + column] = outputs.slice(q * channels, (q + 1) * channels);
    }
  });
  return tokens;
}

/** Step 3: adds what a token draws into the four cells around it, whose first sample is at (row, column). */
function addCells(drawn, outputs, row, column, { height, width }) {
  for (let i = 0; i < 256; i++) {
    const y = row + 8 * (i >> 7) + ((i >> 3) & 7);
    const x = column + 8 * ((i >> 6) & 1) + (i & 7);
    if (y >= 0 && y < height && x >= 0 && x < width) drawn[y * width + x] += outputs[i];
  }
}

// -------------------------------------------------------------------------------------------------------------- latents

/** §21: the latents of planes. */
class Latents {
  constructor(stream, { latents, factors, priors }) {
    Object.assign(this, { count: latents, factors });
    this.decisions = new Decisions(stream, {
      sizes: [16 * latents, 49 * latents, 16 * latents], circumstances: 1, weights: [65536, 5500, 5500, 0], rate: 25, gain: 13, priors,
    });
  }

  /** The tokens of a plane, as arrays of latents. */
  plane({ rows, columns }) {
    const tokens = [];
    const none = new Float64Array(this.count);
    const at = (row, column) => (row < 0 || column < 0 || column >= columns ? none : tokens[row * columns + column]);
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++) tokens.push(this.token([at(y, x - 1), at(y - 1, x), at(y - 1, x - 1), at(y - 1, x + 1)]));
    }
    return tokens;
  }

  token(neighbours) {
    const token = new Float64Array(this.count);
    let before = 0;
    for (let n = 0; n < this.count; n++) {
      const near = neighbours.map((neighbour) => neighbour[n]);
      const foreseen = clamp((near.reduce((sum, latent, i) => sum + latent * this.factors[4 * n + i], 0) + 32) >> 6, -127, 127);
      const r = this.decisions.decode(this.contexts(n, near, foreseen, before), [0], 0);
      token[n] = clamp((foreseen + r) | 0, -127, 127);
      before += magnitude(token[n] - foreseen);
    }
    return token;
  }

  contexts(n, near, foreseen, before) {
    const energy = near.reduce((sum, latent) => sum + magnitude(latent), 0);
    const [left, above] = near.map((latent) => sig(latent - foreseen, 0, 3));
    return [16 * n + Math.min(mag(energy), 15), (7 * n + left) * 7 + above, 16 * n + Math.min(mag(before), 15)];
  }
}

// ----------------------------------------------------------------------------------------------------------- base layer

/** §22: the base plane of the first plane. */
function drawBase({ look, height, width, model: { autoencoder } }, stream) {
  const tokens = new Latents(stream, autoencoder).plane(gridsOf({ height, width }).coarse);
  return { samples: drawPlane(autoencoder, tokens, look, { height, width }), residuals: new Int32Array(height * width) };
}

/** §22: the view. */
function readLook(reader, { autoencoder }) {
  check(autoencoder, 'a base layer, but no autoencoder in the model');
  const unit = reader.u8();
  check(unit <= 24, 'unit of a base plane');
  return { unit, middle: zigzag(reader.count(0, 2 ** 32 - 1)) };
}
