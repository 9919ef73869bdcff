/** What the page and the two workers of the live stream say to each other. */
import type { ArrivedChunk } from 'deepcomp';
import type { Axis } from '../protocol.ts';

/** What the sender is told: a file, the end of the channel that it writes to, and how fast that is; later another speed. */
export type ToSender = { file: Blob; name: string; port: MessagePort; rate: number } | { rate: number };

/** What is played: maps of a variable, which all have one scale and one bound. */
export interface Playing {
  title: string;
  units: string;
  /** What each map is called: its time, or its level. */
  names: string[];
  rows: number;
  columns: number;
  bound: number;
  min: number;
  max: number;
  axes: { row: Axis | undefined; column: Axis | undefined };
}

/** What the sender tells the page: what it plays; that it made a map, in milliseconds of the clock that all threads share; what went wrong. */
export type FromSender = { playing: Playing } | { made: number; at: number } | { failed: string };

/** What goes through the channel: some bytes, or nothing more. */
export type Through = Uint8Array<ArrayBuffer> | null;

/** A map of which something new is seen; `stride` is 1 when it is whole. */
export interface Seen extends Pick<ArrivedChunk, 'first' | 'shape'> {
  stride: number;
  values: Float32Array<ArrayBuffer>;
  at: number;
}

/** What the receiver tells the page: bytes that it has so far; what is seen of a map; that the archive is complete; what went wrong. */
export type FromReceiver = { received: number } | { seen: Seen } | { complete: true } | { failed: string };

/** Milliseconds on the clock that all threads share. */
export const now = (): number => performance.timeOrigin + performance.now();

/** What went wrong, in words. */
export const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));
