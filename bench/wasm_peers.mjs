/** Speed of peers that are built as WASM, in Node. A job comes in as JSON, the seconds and bytes of all its items go out as JSON. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const { packages, codec, items } = JSON.parse(readFileSync(0, 'utf8'));
const { resolve } = createRequire(join(packages, 'package.json'));
const load = (name) => import(pathToFileURL(resolve(name)));

/** JPEG XL takes RGBA: planes of bytes as grey. */
async function jpegXl() {
  globalThis.ImageData = class {
    constructor(data, width, height) {
      Object.assign(this, { data, width, height });
    }
  };
  const folder = dirname(resolve('@jsquash/jxl'));
  const part = async (name, wasm) => {
    const { default: act, init } = await import(pathToFileURL(join(folder, name)));
    await init(new WebAssembly.Module(readFileSync(join(folder, 'codec', wasm))));
    return act;
  };
  const encode = await part('encode.js', 'enc/jxl_enc.wasm');
  const decode = await part('decode.js', 'dec/jxl_dec.wasm');
  const rgba = (plane) => Uint8ClampedArray.from({ length: 4 * plane.length }, (_, i) => (i % 4 === 3 ? 255 : plane[i >> 2]));
  return {
    /** Planes as they are handed over; making them is not timed. */
    prepare: (bytes, { rows, columns }) =>
      Array.from({ length: bytes.length / (rows * columns) }, (_, plane) => new ImageData(rgba(bytes.subarray(plane * rows * columns, (plane + 1) * rows * columns)), columns, rows)),
    encode: async (planes) => {
      const parts = [];
      for (const plane of planes) parts.push(new Uint8Array(await encode(plane, { lossless: true, effort: 7 })));
      return parts;
    },
    decode: async (parts) => {
      const planes = [];
      for (const part of parts) planes.push(await decode(part.buffer.slice(part.byteOffset, part.byteOffset + part.byteLength)));
      return planes;
    },
    same: (planes, decoded) => planes.every(({ data }, i) => Buffer.compare(Buffer.from(data), Buffer.from(decoded[i].data)) === 0),
  };
}

async function zstd() {
  const { init, compress, decompress } = await load('@bokuweb/zstd-wasm');
  await init();
  return {
    prepare: (bytes) => bytes,
    encode: (bytes) => [compress(bytes, 19)],
    decode: ([part]) => decompress(part),
    same: (bytes, decoded) => Buffer.compare(bytes, decoded) === 0,
  };
}

/** The package decodes only; its items are encoded files. */
async function lerc() {
  const { default: lerc } = await load('lerc');
  await lerc.load({ locateFile: () => resolve('lerc/lerc-wasm.wasm') });
  return {
    prepare: (bytes) => [bytes],
    decode: ([part]) => lerc.decode(part.buffer.slice(part.byteOffset, part.byteOffset + part.byteLength)),
    same: (_, { pixels }) => pixels.length > 0,
  };
}

const { prepare, encode, decode, same } = await { 'JPEG XL': jpegXl, zstd, LERC: lerc }[codec]();
const total = { ...(encode && { encode: 0 }), decode: 0, bytes: 0 };

/** The first item is worked on once more before the clock starts, so that the engine has optimised the module. */
for (const [number, item] of [items[0], ...items].entries()) {
  const input = prepare(readFileSync(item.file), item);
  const start = performance.now();
  const parts = encode ? await encode(input) : input;
  const encoded = performance.now();
  const decoded = await decode(parts);
  const end = performance.now();
  if (!same(input, decoded)) throw new Error(`${codec} did not give ${item.file} back`);
  if (number === 0) continue;
  if (encode) total.encode += (encoded - start) / 1000;
  total.decode += (end - encoded) / 1000;
  total.bytes += parts.reduce((sum, part) => sum + part.length, 0);
}
console.log(JSON.stringify(total));
