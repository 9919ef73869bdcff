// XXH3-64 with seed 0 and the default secret, written from the public xxHash specification.
// BigInt throughout: slow (a few MB/s) but short. Check values: see decoder.test.mjs.

const SECRET = Uint8Array.from(
  ('b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578825ad07dccff7221' +
    'b8084674f743248ee03590e6813a264c3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8a8' +
    'fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364eac5ac8334d3ebc3c581a0fffa1363eb17' +
    '0ddd51b7f0da49d316552629d4689e2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e')
    .match(/../g),
  (hex) => parseInt(hex, 16),
);

const P32_1 = 0x9e3779b1n;
const P32_2 = 0x85ebca77n;
const P32_3 = 0xc2b2ae3dn;
const P64_1 = 0x9e3779b185ebca87n;
const P64_2 = 0xc2b2ae3d27d4eb4fn;
const P64_3 = 0x165667b19e3779f9n;
const P64_4 = 0x85ebca77c2b2ae63n;
const P64_5 = 0x27d4eb2f165667c5n;

const STRIPE = 64;
const BLOCK = 1024;

const u64 = (x) => BigInt.asUintN(64, x);
const rotate = (x, n) => u64((x << n) | (x >> (64n - n)));
const viewOf = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const secretView = viewOf(SECRET);
const secret64 = (offset) => secretView.getBigUint64(offset, true);
const secret32 = (offset) => BigInt(secretView.getUint32(offset, true));

function swap(x, size) {
  let out = 0n;
  for (let i = 0; i < size; i++) out = (out << 8n) | ((x >> BigInt(8 * i)) & 0xffn);
  return out;
}

/** The two halves of the 128-bit product, exclusive-ored. */
function fold(a, b) {
  const product = a * b;
  return u64(product) ^ (product >> 64n);
}

function avalanche(h) {
  h ^= h >> 37n;
  h = u64(h * 0x165667919e3779f9n);
  return h ^ (h >> 32n);
}

function avalanche64(h) {
  h ^= h >> 33n;
  h = u64(h * P64_2);
  h ^= h >> 29n;
  h = u64(h * P64_3);
  return h ^ (h >> 32n);
}

function upTo3(bytes) {
  const n = bytes.length;
  if (n === 0) return avalanche64(secret64(56) ^ secret64(64));
  const combined = ((bytes[0] << 16) | (bytes[n >> 1] << 24) | bytes[n - 1] | (n << 8)) >>> 0;
  return avalanche64(BigInt(combined) ^ secret32(0) ^ secret32(4));
}

function upTo8(view) {
  const n = view.byteLength;
  const first = BigInt(view.getUint32(0, true));
  const last = BigInt(view.getUint32(n - 4, true));
  let h = (last + (first << 32n)) ^ secret64(8) ^ secret64(16);
  h ^= rotate(h, 49n) ^ rotate(h, 24n);
  h = u64(h * 0x9fb21c651e98df25n);
  h ^= (h >> 35n) + BigInt(n);
  h = u64(h * 0x9fb21c651e98df25n);
  return h ^ (h >> 28n);
}

function upTo16(view) {
  const n = view.byteLength;
  const low = view.getBigUint64(0, true) ^ secret64(24) ^ secret64(32);
  const high = view.getBigUint64(n - 8, true) ^ secret64(40) ^ secret64(48);
  return avalanche(u64(BigInt(n) + swap(low, 8) + high + fold(low, high)));
}

function mix16(view, at, secretAt) {
  return fold(view.getBigUint64(at, true) ^ secret64(secretAt), view.getBigUint64(at + 8, true) ^ secret64(secretAt + 8));
}

function upTo128(view) {
  const n = view.byteLength;
  let h = BigInt(n) * P64_1;
  for (let i = (n - 1) >> 5; i >= 0; i--) {
    h += mix16(view, 16 * i, 32 * i) + mix16(view, n - 16 * (i + 1), 32 * i + 16);
  }
  return avalanche(u64(h));
}

function upTo240(view) {
  const n = view.byteLength;
  const rounds = n >> 4;
  let h = BigInt(n) * P64_1;
  for (let i = 0; i < 8; i++) h += mix16(view, 16 * i, 16 * i);
  h = avalanche(u64(h));
  for (let i = 8; i < rounds; i++) h += mix16(view, 16 * i, 16 * (i - 8) + 3);
  h += mix16(view, n - 16, 136 - 17);
  return avalanche(u64(h));
}

function accumulate(acc, view, at, secretAt) {
  for (let i = 0; i < 8; i++) {
    const data = view.getBigUint64(at + 8 * i, true);
    const key = data ^ secret64(secretAt + 8 * i);
    acc[i ^ 1] += data; // a BigUint64Array wraps modulo 2^64 by itself
    acc[i] += (key & 0xffffffffn) * (key >> 32n);
  }
}

function scramble(acc) {
  for (let i = 0; i < 8; i++) {
    acc[i] = (acc[i] ^ (acc[i] >> 47n) ^ secret64(192 - STRIPE + 8 * i)) * P32_1;
  }
}

function long(view) {
  const n = view.byteLength;
  const acc = BigUint64Array.of(P32_3, P64_1, P64_2, P64_3, P64_4, P32_2, P64_5, P32_1);
  const stripes = Math.floor((n - 1) / STRIPE);
  for (let s = 0; s < stripes; s++) {
    accumulate(acc, view, s * STRIPE, (s % (BLOCK / STRIPE)) * 8);
    if ((s + 1) % (BLOCK / STRIPE) === 0) scramble(acc);
  }
  accumulate(acc, view, n - STRIPE, 192 - STRIPE - 7);
  let h = BigInt(n) * P64_1;
  for (let i = 0; i < 4; i++) h += fold(acc[2 * i] ^ secret64(11 + 16 * i), acc[2 * i + 1] ^ secret64(19 + 16 * i));
  return avalanche(u64(h));
}

/** @param {Uint8Array} bytes  @returns {bigint} */
export function xxh3(bytes) {
  const view = viewOf(bytes);
  if (bytes.length <= 3) return upTo3(bytes);
  if (bytes.length <= 8) return upTo8(view);
  if (bytes.length <= 16) return upTo16(view);
  if (bytes.length <= 128) return upTo128(view);
  if (bytes.length <= 240) return upTo240(view);
  return long(view);
}

/** `XXH3 mod 2^32`, as a number. */
export const xxh3Low = (bytes) => Number(xxh3(bytes) & 0xffffffffn);
