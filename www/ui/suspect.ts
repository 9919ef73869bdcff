/** A value that looks like a code for "missing" where the file is silent, and the offer to take it as one. */
import { number } from '../format.ts';
import type { Opened } from '../protocol.ts';
import { byId } from './dom.ts';

let shown: { variable: number; value: number } | undefined;

export function showSuspect({ variables, result }: Opened, variable: number, suspect: number | undefined): void {
  const value = result ? undefined : suspect;
  shown = value === undefined ? undefined : { variable, value };
  byId('suspect', HTMLElement).hidden = !shown;
  if (value === undefined) return;
  byId('suspect-text', HTMLElement).textContent = `${number(value)} stands far from all other values of ${variables[variable]!.name}, as codes for missing values do, and the file does not say what it means.`;
  byId('suspect-name', HTMLButtonElement).textContent = 'It means missing';
}

export function watchSuspect(onName: (variable: number, value: number) => void): void {
  byId('suspect-name', HTMLButtonElement).addEventListener('click', () => shown && onName(shown.variable, shown.value));
}
