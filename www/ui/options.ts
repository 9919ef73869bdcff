/** What else may be asked of an archive: values that are kept, codes for missing, steps that stay, names of measurements. */
import type { Options } from '../protocol.ts';
import { byId } from './dom.ts';

const HINTS: Record<string, string> = {
  auto: 'What means something: 0 of rain, 0 and 1 of fractions, 100 of humidity, codes that nothing declares.',
  sign: 'Those, every 0, and the sign of every value.',
  values: 'In the units of the variables, with commas between them.',
  none: 'Values that mean something may move as far as all others.',
};

export class MoreOptions {
  readonly #keep = byId('keep', HTMLSelectElement);
  readonly #values = byId('keep-values', HTMLInputElement);
  readonly #missing = byId('missing', HTMLSelectElement);
  readonly #code = byId('missing-value', HTMLInputElement);
  readonly #stable = byId('stable', HTMLInputElement);
  readonly #asData = byId('as-data', HTMLInputElement);

  constructor() {
    for (const select of [this.#keep, this.#missing]) select.addEventListener('change', () => this.#update());
    this.#update();
  }

  /** Forgets what is of one file alone. */
  reset(): void {
    this.#asData.value = '';
  }

  chosen(): Options {
    const numbers = this.#values.value.split(/[\s,;]+/).filter(Boolean).map(Number);
    const keep = this.#keep.value === 'values' ? numbers : (this.#keep.value as 'auto' | 'sign' | 'none');
    const code = this.#code.value.trim();
    const missing = this.#missing.value === 'value' ? (code === '' ? 'auto' : Number(code)) : (this.#missing.value as 'auto' | 'none');
    const asData = this.#asData.value.split(',').map((name) => name.trim()).filter(Boolean);
    return { keep, missing, stable: this.#stable.checked, asData };
  }

  #update(): void {
    this.#values.hidden = this.#keep.value !== 'values';
    this.#code.hidden = this.#missing.value !== 'value';
    byId('keep-hint', HTMLElement).textContent = HINTS[this.#keep.value] ?? '';
  }
}
