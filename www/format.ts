/** Numbers and words as people read them. */

const THIN = '\u202f';

/** A number with up to `digits` significant digits, without noise. */
export function number(value: number, digits = 4): string {
  if (!Number.isFinite(value)) return String(value);
  if (value === 0) return '0';
  const size = Math.abs(value);
  const text = size >= 1e6 || size < 1e-4 ? value.toExponential(Math.max(0, digits - 1)).replace(/\.?0+e/, 'e') : String(Number(value.toPrecision(digits)));
  return text.replace('-', '−');
}

/** A number to be typed again: plain, with an exponent where shorter. */
export function plain(value: number): string {
  return String(Number(value.toPrecision(6)));
}

/** A number of things, every digit of it. */
export function whole(count: number): string {
  return count.toLocaleString('en');
}

export function bytes(count: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB'];
  const power = count < 1000 ? 0 : Math.min(3, Math.floor(Math.log10(count) / 3));
  return `${power === 0 ? count : Number((count / 1000 ** power).toPrecision(3))}${THIN}${units[power]}`;
}

export function seconds(value: number): string {
  return value < 1 ? `${number(value * 1000, 2)}${THIN}ms` : `${number(value, 3)}${THIN}s`;
}

export function rate(count: number, value: number): string {
  return value > 0 ? `${number(count / 1e6 / value, 2)}${THIN}MB/s` : '–';
}

export function shape(lengths: readonly number[]): string {
  return lengths.length === 0 ? 'one value' : lengths.join('×');
}

/** Units in their usual spelling where files use another. */
export function unit(units: string | undefined): string {
  const text = units?.trim() ?? '';
  if (/^deg(ree)?s?[_ ]?c(elsius)?$|^celsius$/i.test(text)) return '°C';
  if (/^(deg(ree)?s?[_ ]?)?k(elvin)?$/i.test(text)) return 'K';
  if (/^m\/s$|^m s-1$|^m s\*\*-1$/i.test(text)) return 'm/s';
  if (/^g\/kg$/i.test(text)) return 'g/kg';
  if (/^mb$/i.test(text)) return 'mb';
  return text === '1' ? '' : text.replace(/(?<=[A-Za-z])(?:\*\*|\^)?(-?)([1-9])\b/g, (_, minus, digit) => (minus ? '⁻' : '') + '⁰¹²³⁴⁵⁶⁷⁸⁹'.charAt(Number(digit)));
}

/** A value with its unit. */
export function quantity(value: number, units: string, digits = 4): string {
  return units ? `${number(value, digits)}${THIN}${units}` : number(value, digits);
}

/** Names in capitals, as old files have them, as a sentence. */
export function sentence(text: string): string {
  return /\s/.test(text) && text === text.toUpperCase() ? text.charAt(0) + text.slice(1).toLowerCase() : text;
}
