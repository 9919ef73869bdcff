/** The one line in which the page says what went wrong, or is worth knowing. */
import { byId } from './dom.ts';

export function tell(text: string, bad = true): void {
  const message = byId('message', HTMLElement);
  message.hidden = text === '';
  message.classList.toggle('calm', !bad);
  if (text) queueMicrotask(() => message.scrollIntoView({ block: 'nearest' }));
  message.textContent = text && text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?)]$/.test(text) ? '' : '.');
}
