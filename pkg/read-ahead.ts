/** The stretches of an archive that are at hand while something works on it: those that lie near each other are fetched at once, several at a time, before they are read. */
import { cancelled, DeepCompError } from './error.js';
import type { Origin } from './origin.js';

/** Bytes between two stretches that are fetched with them, since they take less time than to ask again. */
const GAP = 1 << 16;
/** Bytes that stretches are joined to. */
const JOINED = 1 << 22;
/** Bytes that are fetched before they are read, and requests at once. */
const AHEAD = 1 << 24;
const AT_ONCE = 4;
/** Bytes that are kept: more than are fetched ahead, so that none go that were not read. */
const KEPT = 1 << 25;
/** Bytes of a single stretch: more than an index or a chunk ever has. */
const MOST = 1 << 28;

interface Piece {
  begin: number;
  end: number;
  bytes?: Uint8Array | undefined;
  coming?: Promise<void> | undefined;
}

/** Bytes of an archive for WASM, which asks for them at once: what is not at hand is fetched, and the work that asked for it is done anew. */
export class ReadAhead {
  /** Asked for one by one; they stay until stretches are announced, since all of them may be read anew. */
  #single: Piece[] = [];
  /** Those that were announced, in their order in the archive. */
  #announced: Piece[] = [];
  /** The first of them that was not fetched ahead, and the last that was read. */
  #next = 0;
  #front = -1;
  /** Of those the ones at hand, longest there first. */
  #kept: Piece[] = [];
  #onTheirWay = 0;
  #missing: Piece | undefined;
  #end = new AbortController();

  constructor(readonly origin: Origin, readonly signal: AbortSignal | undefined) {
    if (signal?.aborted) this.#stop();
    signal?.addEventListener('abort', this.#stop);
  }

  /** Bytes that are at hand. Throws where they are not, and notes which. */
  readonly read = (at: number, length: number): Uint8Array => {
    const { bytes } = this.origin;
    if (bytes) return bytes.subarray(at, at + length);
    const piece = this.#find(at, at + length);
    if (!piece.bytes) {
      this.#missing = piece;
      throw new Error(`bytes ${at} to ${at + length} are on their way`);
    }
    return piece.bytes.subarray(at - piece.begin, at + length - piece.begin);
  };

  /** Takes notice of stretches that are read soon, each a begin and an end; what was at hand before is not read any more. */
  readonly prepare = (bounds: Float64Array): void => {
    if (this.origin.bytes) return;
    const stretches = Array.from({ length: bounds.length / 2 }, (_, i) => ({ begin: bounds[2 * i]!, end: bounds[2 * i + 1]! }));
    const joined: Piece[] = [];
    for (const { begin, end } of stretches.sort((a, b) => a.begin - b.begin)) {
      const last = joined.at(-1);
      if (last && (end <= last.end || (begin <= last.end + GAP && end - last.begin <= JOINED))) last.end = Math.max(last.end, end);
      else joined.push({ begin, end });
    }
    [this.#single, this.#announced, this.#kept, this.#next, this.#front] = [[], joined, [], 0, -1];
    this.#goAhead();
  };

  /** Does work that reads, as often as it takes until all is at hand that it reads. */
  async during<T>(work: () => T): Promise<T> {
    for (;;) {
      if (this.#end.signal.aborted) throw cancelled();
      try {
        return work();
      } catch (error) {
        const piece = this.#takeMissing();
        if (!piece) throw error;
        await this.#start(piece);
      }
    }
  }

  /** Fetches nothing any more. */
  close(): void {
    this.#stop();
    this.signal?.removeEventListener('abort', this.#stop);
  }

  #stop = (): void => this.#end.abort();

  #takeMissing(): Piece | undefined {
    const piece = this.#missing;
    this.#missing = undefined;
    return piece;
  }

  /** The piece that has a stretch: looked for from the last that was read on, since most reads are in order. */
  #find(begin: number, end: number): Piece {
    const has = (piece: Piece) => piece.begin <= begin && end <= piece.end;
    for (let i = 0, count = this.#announced.length; i < count; i++) {
      const number = (Math.max(this.#front, 0) + i) % count;
      const piece = this.#announced[number]!;
      if (!has(piece)) continue;
      if (piece.bytes && number > this.#front) {
        [this.#front, this.#next] = [number, Math.max(this.#next, number + 1)];
        this.#goAhead();
      }
      return piece;
    }
    const known = this.#single.find(has);
    if (known) return known;
    const piece = { begin, end };
    this.#single.push(piece);
    return piece;
  }

  #goAhead(): void {
    let ahead = this.#announced.slice(this.#front + 1, this.#next).reduce((sum, { begin, end }) => sum + end - begin, 0);
    for (let piece; this.#onTheirWay < AT_ONCE && (piece = this.#announced[this.#next]); this.#next++) {
      ahead += piece.end - piece.begin;
      if (ahead > AHEAD) return;
      // Whoever reads it is told what went wrong.
      this.#start(piece).catch(() => {});
    }
  }

  #start(piece: Piece): Promise<void> {
    return (piece.coming ??= this.#fetch(piece));
  }

  async #fetch(piece: Piece): Promise<void> {
    const { begin, end } = piece;
    this.#onTheirWay++;
    try {
      if (end - begin > MOST) throw new DeepCompError('limit-exceeded', `the archive asks for ${end - begin} of its bytes at once, the limit is ${MOST}; get the file again`);
      piece.bytes = await this.origin.fetch(begin, end, this.#end.signal);
      if (this.#announced.includes(piece)) this.#keep(piece);
    } finally {
      this.#onTheirWay--;
    }
    this.#goAhead();
  }

  #keep(piece: Piece): void {
    this.#kept.push(piece);
    let held = this.#kept.reduce((sum, { begin, end }) => sum + end - begin, 0);
    while (held > KEPT && this.#kept.length > 1) {
      const oldest = this.#kept.shift()!;
      held -= oldest.end - oldest.begin;
      oldest.bytes = oldest.coming = undefined;
    }
  }
}
