/** The self-extracting page: one script that is the page and, started again out of a blob, its workers. */
import { workOnChunks } from 'deepcomp';
import type { Purpose } from './blobs.ts';
import { openPage } from './page.ts';
import { work } from './worker.ts';

const PURPOSES: Record<Purpose, () => void> = { probe: () => postMessage('here'), archive: () => work(self), chunks: workOnChunks };

if (typeof document === 'undefined') PURPOSES[self.name as Purpose]();
else {
  const { textContent } = document.currentScript!;
  document.addEventListener('DOMContentLoaded', () => void openPage(textContent));
}
