/** What the position along a dimension means: latitude, longitude, a date, a level, or just a number. */
import { number, unit } from './format.ts';
import type { Axis } from './protocol.ts';

export type AxisKind = 'latitude' | 'longitude' | 'time' | 'other';

export function kind(axis: Axis | undefined): AxisKind {
  const units = axis?.units ?? '';
  if (/^degrees?_?n(orth)?$/i.test(units)) return 'latitude';
  if (/^degrees?_?e(ast)?$/i.test(units)) return 'longitude';
  return / since /i.test(units) ? 'time' : 'other';
}

/** Whether rows have to be turned over to have north on top. */
export function isSouthFirst(axis: Axis | undefined): boolean {
  const { values } = axis ?? {};
  return kind(axis) === 'latitude' && values !== undefined && values.length > 1 && values[0]! < values[values.length - 1]!;
}

/** A position in words, such as `35°N`, `16 Jan` or `850 hPa`. */
export function label(axis: Axis | undefined, index: number): string {
  const value = axis?.values[index];
  if (axis === undefined || value === undefined) return String(index + 1);
  switch (kind(axis)) {
    case 'latitude': return degrees(value, 'N', 'S');
    case 'longitude': return degrees(wrap(value), 'E', 'W');
    case 'time': return date(axis, value) ?? number(value, 7);
    case 'other': return [number(value, 7), unit(axis.units)].filter(Boolean).join(' ');
  }
}

function wrap(longitude: number): number {
  return ((((longitude + 180) % 360) + 360) % 360) - 180;
}

function degrees(value: number, positive: string, negative: string): string {
  const size = Number(Math.abs(value).toFixed(2));
  return size === 0 || size === 180 ? `${size}°` : `${size}°${value > 0 ? positive : negative}`;
}

const MILLISECONDS: Record<string, number> = { second: 1e3, sec: 1e3, s: 1e3, minute: 6e4, min: 6e4, hour: 36e5, hr: 36e5, h: 36e5, day: 864e5, d: 864e5 };

/** The date of a CF time in the usual calendar; years 0 and 1 stand for a climatology and are left out. */
function date({ units = '', calendar = 'standard' }: Axis, value: number): string | undefined {
  const match = /^(\w+?)s? since (\d+)-(\d+)-(\d+)(?:[ T](\d+):(\d+))?/i.exec(units);
  const step = match && MILLISECONDS[match[1]!.toLowerCase()];
  if (!match || !step || !/^(standard|gregorian|proleptic_gregorian)$/i.test(calendar)) return undefined;
  const [year, month, day, hour = 0, minute = 0] = match.slice(2).map((part) => Number(part ?? 0)) as [number, number, number, number?, number?];
  const time = new Date(0);
  time.setUTCFullYear(year, month - 1, day);
  time.setUTCHours(hour, minute);
  time.setTime(time.getTime() + value * step);
  if (Number.isNaN(time.getTime())) return undefined;
  const options: Intl.DateTimeFormatOptions = { day: 'numeric', month: 'short', timeZone: 'UTC' };
  if (time.getUTCFullYear() > 1) options.year = 'numeric';
  if (time.getUTCFullYear() > 1 && step < 864e5) Object.assign(options, { hour: '2-digit', minute: '2-digit' });
  return new Intl.DateTimeFormat('en-GB', options).format(time);
}

/** Positions along an axis that deserve a label, as fractional indices. */
export function ticks(axis: Axis | undefined): { at: number; text: string }[] {
  const { values } = axis ?? {};
  if (!values || values.length < 2 || !['latitude', 'longitude'].includes(kind(axis))) return [];
  const [first, last] = [values[0]!, values[values.length - 1]!];
  const span = Math.abs(last - first);
  const step = [1, 2, 5, 10, 15, 30, 60, 90].find((s) => span / s <= (kind(axis) === 'latitude' ? 6 : 6.5)) ?? 90;
  const result = [];
  for (let v = Math.ceil(Math.min(first, last) / step) * step; v <= Math.max(first, last); v += step) {
    const at = position(values, v);
    if (at !== undefined) result.push({ at, text: kind(axis) === 'latitude' ? degrees(v, 'N', 'S') : degrees(wrap(v), 'E', 'W') });
  }
  return result;
}

function position(values: Float64Array, v: number): number | undefined {
  for (let i = 1; i < values.length; i++) {
    const [a, b] = [values[i - 1]!, values[i]!];
    if ((a <= v && v <= b) || (b <= v && v <= a)) return a === b ? i : i - 1 + (v - a) / (b - a);
  }
  return undefined;
}
