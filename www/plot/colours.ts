/** Colour scales: perceptual maps as tables of 256 colours, and how a value picks one. */
import { interpolateGreys, interpolateRdBu, interpolateViridis } from 'd3-scale-chromatic';

/** Red, green and blue, one after the other. */
export type Table = Uint8ClampedArray;

function table(interpolate: (t: number) => string): Table {
  const result = new Uint8ClampedArray(768);
  for (let i = 0; i < 256; i++) result.set(rgb(interpolate(i / 255)), 3 * i);
  return result;
}

function rgb(colour: string): number[] {
  const hex = /^#(..)(..)(..)$/.exec(colour);
  return hex ? hex.slice(1).map((part) => parseInt(part, 16)) : (colour.match(/\d+/g) ?? []).slice(0, 3).map(Number);
}

export const SEQUENTIAL = table(interpolateViridis);
export const GREY = table((t) => interpolateGreys(1 - t));
/** Blue below zero, red above; pale around zero. */
export const DIVERGING = table((t) => interpolateRdBu(1 - t));

export interface Scale {
  table: Table;
  min: number;
  max: number;
}

/** Offset of the colour of a value in its table. */
export function colourAt({ min, max }: Scale, value: number): number {
  const t = max > min ? (value - min) / (max - min) : 0.5;
  return 3 * Math.min(255, Math.max(0, Math.round(t * 255)));
}
