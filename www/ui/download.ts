/** Bytes on their way into a person's folder of downloads. */
import type { Saved } from '../protocol.ts';
import { make } from './dom.ts';

/** Milliseconds after which a browser has taken them. */
const TAKEN = 60_000;

export function download({ bytes, fileName }: Saved): void {
  const url = URL.createObjectURL(new Blob([bytes], { type: 'application/octet-stream' }));
  make('a', { href: url, download: fileName }).click();
  setTimeout(() => URL.revokeObjectURL(url), TAKEN);
}
