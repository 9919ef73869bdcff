/** What came of a stream, how long that took, and what it saved. */
import { bytes, quantity, seconds, whole } from '../format.ts';
import type { Playing } from './protocol.ts';

/** Milliseconds until something of a map was seen, and until all of it was. */
interface Delay {
  seen: number;
  whole: number;
}

export class Account {
  /** When maps were made that are on their way, and when something of them was seen. */
  #made = new Map<number, number>();
  #first = new Map<number, number>();
  #received = 0;
  /** Maps that are whole, and bytes that had come when the last of them was. */
  #maps = 0;
  #bytes = 0;
  /** And when the one before it was. */
  #before = 0;
  /** Of maps that came whole at this speed. */
  #delays: Delay[] = [];

  constructor(readonly name: string, readonly playing: Playing, public rate: number) {}

  made(map: number, at: number): void {
    this.#made.set(map, at);
  }

  /** Says how many bytes came in all. */
  received(count: number): void {
    this.#received = count;
  }

  /** What the map on its way took at the old speed counts no more. */
  changeRate(rate: number): void {
    this.rate = rate;
    this.#delays = [];
    this.#made.clear();
    this.#first.clear();
  }

  /** Bytes of the last map that is whole, and of the one that is coming. */
  get ofLast(): number {
    return this.#bytes - this.#before;
  }

  get ofNext(): number {
    return this.#received - this.#bytes;
  }

  /** Something new is seen of a map. */
  seen(map: number, stride: number, at: number): void {
    if (!this.#first.has(map)) this.#first.set(map, at);
    if (stride > 1) return;
    const [made, first] = [this.#made.get(map), this.#first.get(map) ?? at];
    if (made !== undefined) this.#delays.push({ seen: first - made, whole: at - made });
    this.#made.delete(map);
    this.#first.delete(map);
    this.#maps += 1;
    [this.#before, this.#bytes] = [this.#bytes, this.#received];
  }

  /** Terms and what they are. */
  facts(): [string, string][] {
    const { name, playing } = this;
    const { rows, columns, names, bound, units, title } = playing;
    const raw = rows * columns * 4;
    const saved = this.#maps * raw - this.#bytes;
    const mean = (of: keyof Delay) => seconds(this.#delays.reduce((sum, delay) => sum + delay[of], 0) / this.#delays.length / 1000);
    return [
      ['Plays', `${title} of ${name}: ${whole(names.length)} maps of ${rows} × ${columns} values`],
      ['Allowed error', quantity(bound, units)],
      ['Received', bytes(this.#received)],
      ['Saved', this.#maps > 0 ? `${bytes(saved)} of ${bytes(this.#maps * raw)}: ${this.#maps === 1 ? 'one map' : `${whole(this.#maps)} maps`} took ${bytes(this.#bytes)}` : '–'],
      ['A map is seen', this.#delays.length > 0 ? `${mean('seen')} after it was made, and is whole after ${mean('whole')}` : '–'],
      ['Uncompressed', `it would be whole after ${seconds((raw * 8) / this.rate)}`],
    ];
  }
}
