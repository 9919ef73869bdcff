/** The self-extracting page: one script that is the page and, started again out of a blob, its worker. */
import { openPage } from './page.ts';
import { work } from './worker.ts';

if (typeof document === 'undefined') {
  work(self);
  postMessage({ ready: true });
} else {
  const { textContent } = document.currentScript!;
  document.addEventListener('DOMContentLoaded', () => void openPage(textContent));
}
