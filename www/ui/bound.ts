/** The error a person allows, Compress, progress and Cancel. */
import type { Range, Variable } from 'deepcomp';
import { number, plain, quantity, unit } from '../format.ts';
import type { Base, Bound, Opened, Predictor, Stage } from '../protocol.ts';
import { byId } from './dom.ts';

type Kind = 'abs' | 'rel' | 'lossless';
const BASES: Record<Base, string> = {
  auto: 'A coarse map that an autoencoder draws out of a few bytes, where that makes the archive smaller.',
  always: 'A coarse map out of a few bytes, to be seen at once when the archive is opened. It may cost more than it saves.',
  never: 'No coarse map: the predictor alone.',
};
const STAGES: Record<Stage, string> = { compressing: 'Compressing', checking: 'Decoding and checking' };

export class BoundForm {
  readonly #form = byId('bound', HTMLFormElement);
  readonly #amount = byId('amount', HTMLInputElement);
  readonly #unit = byId('amount-unit', HTMLElement);
  readonly #hint = byId('amount-hint', HTMLElement);
  readonly #button = byId('compress', HTMLButtonElement);
  readonly #cancel = byId('cancel', HTMLButtonElement);
  readonly #typed: Record<Kind, string> = { abs: '', rel: '0.1', lossless: '' };
  #variable: Variable | undefined;
  #range: Range | undefined;
  #several = false;
  #archive = false;
  /** What is under way, and since when. */
  #stage: Stage | undefined;
  #since = 0;
  #clock = 0;

  constructor(onSubmit: (bound: Bound, model: Predictor, base: Base) => void, onCancel: () => void) {
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      if (!this.#button.disabled) onSubmit(this.#bound(), this.#model(), this.#base());
    });
    this.#form.addEventListener('change', () => this.#update());
    this.#amount.addEventListener('input', () => {
      this.#typed[this.#kind()] = this.#amount.value;
      this.#explain();
    });
    this.#cancel.addEventListener('click', onCancel);
  }

  /** Suggests a bound for a variable; what a person typed for the same file stays. */
  suggest({ variables, result }: Opened, variable: Variable, range: Range, newFile: boolean): void {
    this.#variable = variable;
    this.#range = range;
    this.#several = variables.filter((v) => !v.coordinate).length > 1;
    this.#archive = result !== undefined;
    if (newFile) {
      this.#typed.abs = plain(suggestion(range));
      const measured = variable.dataType.startsWith('float') || 'scale_factor' in variable.attributes;
      const kind: Kind = measured ? (this.#several ? 'rel' : 'abs') : 'lossless';
      this.#form.querySelectorAll<HTMLInputElement>('[name=kind]').forEach((input) => (input.checked = input.value === kind));
    }
    this.#update();
  }

  /** Whether there is anything to compress. */
  enable(enabled: boolean): void {
    this.#button.disabled = !enabled;
  }

  /** Shows how far it is. Parts of a file take seconds each, so until the first is done the bar only moves, and the seconds are counted. */
  progress(stage: Stage, fraction: number): void {
    if (this.#stage !== stage) {
      this.#stage = stage;
      this.#since = performance.now();
      clearInterval(this.#clock);
      this.#clock = window.setInterval(() => this.#tick(), 250);
      this.#cancel.disabled = false;
    }
    byId('progress', HTMLElement).hidden = this.#cancel.hidden = false;
    const bar = byId('bar', HTMLProgressElement);
    if (fraction > 0) bar.value = fraction;
    else bar.removeAttribute('value');
    this.#tick();
  }

  /** Says that Cancel was heard. */
  stopping(): void {
    this.#cancel.disabled = true;
  }

  #tick(): void {
    if (!this.#stage) return;
    const bar = byId('bar', HTMLProgressElement);
    const done = bar.hasAttribute('value') ? ` ${Math.floor(bar.value * 100)} %` : '';
    const waited = Math.floor((performance.now() - this.#since) / 1000);
    byId('stage', HTMLElement).textContent = `${STAGES[this.#stage]}${done}${waited > 0 ? ` · ${waited} s` : ''}`;
  }

  idle(): void {
    clearInterval(this.#clock);
    this.#stage = undefined;
    const focused = document.activeElement === this.#cancel || (this.#cancel.disabled && document.activeElement === document.body);
    this.#cancel.disabled = false;
    byId('progress', HTMLElement).hidden = this.#cancel.hidden = true;
    if (focused) this.#button.focus();
  }

  #kind(): Kind {
    return new FormData(this.#form).get('kind') as Kind;
  }

  #model(): Predictor {
    return new FormData(this.#form).get('predictor') as Predictor;
  }

  /** Nothing is drawn without the network, whose absence disables the choice. */
  #base(): Base {
    return (new FormData(this.#form).get('base') ?? 'never') as Base;
  }

  #bound(): Bound {
    const value = this.#amount.value.trim() === '' ? NaN : Number(this.#amount.value);
    switch (this.#kind()) {
      case 'abs': return { abs: value };
      case 'rel': return { rel: value / 100 };
      case 'lossless': return { lossless: true };
    }
  }

  #update(): void {
    const kind = this.#kind();
    this.#amount.closest('p')!.hidden = kind === 'lossless';
    this.#amount.value = this.#typed[kind];
    this.#unit.textContent = kind === 'rel' ? '% of the range' : unit(this.#variable?.units);
    const classical = (byId('base', HTMLFieldSetElement).disabled = this.#model() === 'none');
    byId('base-hint', HTMLElement).textContent = classical ? 'Only with the network, which draws it.' : BASES[this.#base()];
    this.#explain();
  }

  #explain(): void {
    const { min, max } = this.#range ?? {};
    const units = unit(this.#variable?.units);
    const name = this.#variable?.name ?? '';
    const bound = this.#bound();
    if (this.#archive) this.#hint.textContent = 'This is an archive. To make one, open a data file.';
    else if ('lossless' in bound) this.#hint.textContent = 'Every value comes back bit for bit.';
    else if (min === undefined || max === undefined) this.#hint.textContent = 'Every value is missing.';
    else if ('rel' in bound) this.#hint.textContent = `${name} ranges over ${quantity(max - min, units)}, so by at most ${quantity(bound.rel * (max - min), units, 3)}.`;
    else this.#hint.textContent = `${name} lies between ${number(min)} and ${quantity(max, units)}${units ? '' : '; the file names no unit'}.${this.#several ? ' The bound holds for every variable, in its own unit.' : ''}`;
  }
}

/** A round number below 1/2000 of the range. */
function suggestion({ min, max }: Range): number {
  if (min === undefined || max === undefined || max <= min) return 0.01;
  const target = (max - min) / 2000;
  const power = 10 ** Math.floor(Math.log10(target));
  return power * (target >= 5 * power ? 5 : target >= 2 * power ? 2 : 1);
}
