/** The choice among the files of an archive. */
import type { Opened } from '../protocol.ts';
import { byId, make } from './dom.ts';

/** The list of files in an archive that holds more than one. */
export function showFilesInside({ files }: Opened): void {
  byId('inside', HTMLElement).hidden = (files?.names.length ?? 0) < 2;
  const select = byId('inside-file', HTMLSelectElement);
  select.replaceChildren(...(files?.names ?? []).map((name, i) => make('option', { value: String(i), textContent: name, selected: i === files?.current })));
}

export function watchFilesInside(onPick: (file: number) => void): void {
  const select = byId('inside-file', HTMLSelectElement);
  select.addEventListener('change', () => onPick(Number(select.value)));
}
