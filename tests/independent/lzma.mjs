// LZMA streams without header (docs/format.md, §4 "Bytes"), after the specification of the LZMA SDK.

const [LC, PB] = [3, 2];
const TOP = 2 ** 24;
const HALF = 1024; // of 11 bits: an even chance

const probabilities = (count) => new Uint16Array(count).fill(HALF);

class RangeDecoder {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
    this.range = 0xffffffff;
    this.code = 0;
    if (this.next() !== 0) throw new Error('an LZMA stream does not start with 0');
    for (let i = 0; i < 4; i++) this.code = ((this.code << 8) | this.next()) >>> 0;
  }

  next() {
    if (this.at >= this.bytes.length) throw new Error('an LZMA stream ends too early');
    return this.bytes[this.at++];
  }

  normalise() {
    if (this.range >= TOP) return;
    this.range = (this.range << 8) >>> 0;
    this.code = ((this.code << 8) | this.next()) >>> 0;
  }

  bit(table, index) {
    const bound = Math.imul(this.range >>> 11, table[index]) >>> 0;
    let bit = 0;
    if (this.code < bound) {
      this.range = bound;
      table[index] += (2048 - table[index]) >> 5;
    } else {
      this.range = (this.range - bound) >>> 0;
      this.code = (this.code - bound) >>> 0;
      table[index] -= table[index] >> 5;
      bit = 1;
    }
    this.normalise();
    return bit;
  }

  tree(table, bits, from = 0) {
    let m = 1;
    for (let i = 0; i < bits; i++) m = 2 * m + this.bit(table, from + m);
    return m - 2 ** bits;
  }

  reverseTree(table, bits, from = 0) {
    let [m, value] = [1, 0];
    for (let i = 0; i < bits; i++) {
      const bit = this.bit(table, from + m);
      m = 2 * m + bit;
      value += bit * 2 ** i;
    }
    return value;
  }

  direct(bits) {
    let value = 0;
    for (let i = 0; i < bits; i++) {
      this.range >>>= 1;
      const bit = this.code >= this.range ? 1 : 0;
      if (bit) this.code = (this.code - this.range) >>> 0;
      value = 2 * value + bit;
      this.normalise();
    }
    return value;
  }
}

class LengthDecoder {
  choice = probabilities(2);
  low = Array.from({ length: 2 ** PB }, () => probabilities(8));
  mid = Array.from({ length: 2 ** PB }, () => probabilities(8));
  high = probabilities(256);

  decode(range, place) {
    if (range.bit(this.choice, 0) === 0) return 2 + range.tree(this.low[place], 3);
    if (range.bit(this.choice, 1) === 0) return 10 + range.tree(this.mid[place], 3);
    return 18 + range.tree(this.high, 8);
  }
}

/** So many bytes out of a stream. */
export function unpackBytes(stream, length) {
  const range = new RangeDecoder(stream);
  const out = new Uint8Array(length);
  const states = () => probabilities(12);
  const [rep, rep0, rep1, rep2] = [states(), states(), states(), states()];
  const [match, rep0Long] = [probabilities(12 << PB), probabilities(12 << PB)];
  const literals = probabilities(0x300 << LC);
  const slots = Array.from({ length: 4 }, () => probabilities(64));
  const special = probabilities(1 + 128 - 14);
  const align = probabilities(16);
  const [lengths, repLengths] = [new LengthDecoder(), new LengthDecoder()];
  let state = 0;
  let distances = [0, 0, 0, 0];
  let at = 0;

  const literal = () => {
    const before = at > 0 ? out[at - 1] : 0;
    const from = 0x300 * (before >> (8 - LC));
    let symbol = 1;
    if (state >= 7) {
      let matched = out[at - distances[0] - 1];
      while (symbol < 256) {
        const bit = matched >> 7;
        matched = (matched << 1) & 255;
        const found = range.bit(literals, from + ((1 + bit) << 8) + symbol);
        symbol = 2 * symbol + found;
        if (found !== bit) break;
      }
    }
    while (symbol < 256) symbol = 2 * symbol + range.bit(literals, from + symbol);
    out[at++] = symbol & 255;
    state = state < 4 ? 0 : state < 10 ? state - 3 : state - 6;
  };

  const distance = (matchLength) => {
    const slot = range.tree(slots[Math.min(matchLength - 2, 3)], 6);
    if (slot < 4) return slot;
    const bits = (slot >> 1) - 1;
    const base = (2 + (slot & 1)) * 2 ** bits;
    if (slot < 14) return base + range.reverseTree(special, bits, base - slot);
    return base + range.direct(bits - 4) * 16 + range.reverseTree(align, 4);
  };

  while (at < length) {
    const place = at & (2 ** PB - 1);
    if (range.bit(match, (state << PB) + place) === 0) {
      literal();
      continue;
    }
    let count;
    if (range.bit(rep, state) === 0) {
      count = lengths.decode(range, place);
      state = state < 7 ? 7 : 10;
      distances = [distance(count), ...distances.slice(0, 3)];
    } else {
      let which = 0;
      if (range.bit(rep0, state) === 0) {
        if (range.bit(rep0Long, (state << PB) + place) === 0) count = 1;
      } else if (range.bit(rep1, state) === 0) which = 1;
      else which = range.bit(rep2, state) === 0 ? 2 : 3;
      const [chosen] = distances.splice(which, 1);
      distances.unshift(chosen);
      if (count === 1) state = state < 7 ? 9 : 11;
      else {
        count = repLengths.decode(range, place);
        state = state < 7 ? 8 : 11;
      }
    }
    if (distances[0] >= at || count > length - at) throw new Error('an LZMA match reaches beyond the bytes');
    for (let i = 0; i < count; i++, at++) out[at] = out[at - distances[0] - 1];
  }
  return out;
}
