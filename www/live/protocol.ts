/** What the page and the two workers of the live stream say to each other. */
import type { ArrivedChunk, ComingChunk } from 'deepcomp';

/** What the sender is told: a file, the end of the channel that it writes to, and how fast that is; later another speed. */
export type ToSender = { file: Blob; name: string; port: MessagePort; rate: number } | { rate: number };

/** What the sender tells the page. */
export type FromSender =
  /** What it plays: so many maps of a variable, on a scale, every value within `bound`. */
  | { playing: { title: string; units: string; maps: number; rows: number; columns: number; bound: number; min: number; max: number; southFirst: boolean } }
  /** A map was made, in milliseconds of the clock that all threads share. */
  | { made: number; at: number }
  /** Bytes that the channel took so far. */
  | { sent: number }
  | { done: true }
  | { failed: string };

/** What goes through the channel: some bytes, or nothing more. */
export type Through = Uint8Array<ArrayBuffer> | null;

/** What the receiver tells the page. */
export type FromReceiver = { seen: Pick<ArrivedChunk | ComingChunk, 'first' | 'shape' | 'bytes'> & { stride: number; values: Float32Array<ArrayBuffer> }; at: number } | { complete: true } | { failed: string };

/** Milliseconds on the clock that all threads share. */
export const now = (): number => performance.timeOrigin + performance.now();
