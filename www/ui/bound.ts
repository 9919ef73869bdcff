/** The error a person allows, Compress, progress and Cancel. */
import type { Bound, Level, Range, Variable } from 'deepcomp';
import { number, plain, quantity, unit } from '../format.ts';
import type { Base, Bounds, Opened, Stage } from '../protocol.ts';
import { byId } from './dom.ts';
import { MoreOptions } from './options.ts';

type Kind = 'abs' | 'rel' | 'pointwise' | 'lossless' | 'recommended';

/** A bound as it is typed: percents of ranges and of values. */
interface Typed {
  kind: Kind;
  amounts: Record<Kind, string>;
}
const PERCENT: Kind[] = ['rel', 'pointwise'];
const WITHOUT_AMOUNT: Kind[] = ['lossless', 'recommended'];
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
  readonly #alone = byId('alone', HTMLInputElement);
  readonly #more = new MoreOptions();
  /** The bound of all variables, and of those that have their own, by name. */
  #all: Typed = { kind: 'abs', amounts: { abs: '', rel: '0.1', pointwise: '1', lossless: '', recommended: '' } };
  readonly #own = new Map<string, Typed>();
  readonly #onSubmit: (bounds: Bounds, level: Level, base: Base) => void;
  #variables: readonly Variable[] = [];
  #variable: Variable | undefined;
  #range: Range | undefined;
  #several = false;
  #archive = false;
  /** Whether a person chose the level. */
  #chosen = false;
  /** What is under way, and since when. */
  #stage: Stage | undefined;
  #since = 0;
  #clock = 0;

  constructor(onSubmit: (bounds: Bounds, level: Level, base: Base) => void, onCancel: () => void) {
    this.#onSubmit = onSubmit;
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.submit(false);
    });
    this.#form.addEventListener('change', ({ target }) => {
      this.#chosen ||= target instanceof HTMLInputElement && target.name === 'level';
      if (target === this.#alone) this.#separate();
      else this.#typed().kind = new FormData(this.#form).get('kind') as Kind;
      this.#update();
    });
    this.#amount.addEventListener('input', () => {
      this.#typed().amounts[this.#kind()] = this.#amount.value;
      this.#explain();
    });
    this.#cancel.addEventListener('click', onCancel);
  }

  /** Suggests a bound for a variable; what a person typed for the same file stays. */
  suggest({ variables, level, result }: Opened, variable: Variable, range: Range, newFile: boolean): void {
    this.#variables = variables;
    this.#variable = variable;
    this.#range = range;
    this.#several = variables.filter((v) => !v.coordinate).length > 1;
    this.#archive = result !== undefined;
    if (newFile) {
      this.#own.clear();
      this.#all.amounts.abs = plain(suggestion(range));
      const measured = variable.dataType.startsWith('float') || 'scale_factor' in variable.attributes;
      const advised = variables.some(({ role, recommended }) => role === 'measurement' && recommended !== undefined);
      this.#all.kind = advised ? 'recommended' : measured ? (this.#several ? 'rel' : 'abs') : 'lossless';
      this.#more.reset();
      if (!this.#chosen) this.#form.querySelectorAll<HTMLInputElement>('[name=level]').forEach((input) => (input.checked = input.value === level));
    }
    this.#update();
  }

  /** Compresses as it says; `coarse` says that bounds which would be refused are meant. */
  submit(coarse: boolean): void {
    if (!this.#button.disabled) this.#onSubmit({ ...this.#bounds(), ...this.#more.chosen(), coarse }, this.#level(), this.#base());
  }

  /** Compresses with what climate scientists advise, in place of bounds that were refused: that of all variables, or those of these. */
  recommend(names: string[]): void {
    names.forEach((name) => this.#own.delete(name));
    this.#all.kind = 'recommended';
    this.#update();
    this.submit(false);
  }

  /** Numbers of these variables, and of all that share an absolute bound. */
  sharing(names: string[]): number[] {
    const shares = (variable: Variable) => this.#all.kind === 'abs' && variable.role === 'measurement' && !this.#own.has(variable.name);
    return this.#variables.flatMap((variable, i) => (names.includes(variable.name) || shares(variable) ? [i] : []));
  }

  /** Gives a variable an absolute bound of its own, which suits its range. */
  separate(name: string, range: Range): void {
    this.#own.set(name, { kind: 'abs', amounts: { ...this.#all.amounts, abs: plain(suggestion(range)) } });
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

  /** What is being typed: the bound of the variable shown, where it has its own. */
  #typed(): Typed {
    return this.#own.get(this.#variable?.name ?? '') ?? this.#all;
  }

  #kind(): Kind {
    return this.#typed().kind;
  }

  /** Gives the variable shown a bound of its own, or takes it away. */
  #separate(): void {
    const name = this.#variable?.name ?? '';
    if (!this.#alone.checked) this.#own.delete(name);
    else this.#own.set(name, { kind: this.#all.kind, amounts: { ...this.#all.amounts, abs: plain(suggestion(this.#range ?? { missing: 0 })) } });
  }

  #level(): Level {
    return new FormData(this.#form).get('level') as Level;
  }

  /** Nothing is drawn without the network, whose absence disables the choice. */
  #base(): Base {
    return (new FormData(this.#form).get('base') ?? 'never') as Base;
  }

  #bounds(): Bounds {
    return { ...bound(this.#all), variables: Object.fromEntries([...this.#own].map(([name, typed]) => [name, bound(typed)])) };
  }

  #update(): void {
    const kind = this.#kind();
    const name = this.#variable?.name ?? '';
    this.#form.querySelectorAll<HTMLInputElement>('[name=kind]').forEach((input) => (input.checked = input.value === kind));
    this.#amount.closest('p')!.hidden = WITHOUT_AMOUNT.includes(kind);
    this.#amount.value = this.#typed().amounts[kind];
    this.#unit.textContent = kind === 'rel' ? '% of the range' : kind === 'pointwise' ? '% of each value' : unit(this.#variable?.units);
    byId('alone-line', HTMLElement).hidden = !this.#several || this.#archive || this.#variable?.coordinate === true;
    this.#alone.checked = this.#own.has(name);
    byId('alone-label', HTMLElement).textContent = `Only for ${name}`;
    const classical = (byId('base', HTMLFieldSetElement).disabled = this.#level() !== 'best');
    byId('base-hint', HTMLElement).textContent = classical ? 'Only at the level Best, whose network draws it.' : BASES[this.#base()];
    this.#explain();
  }

  #explain(): void {
    this.#hint.textContent = this.#archive ? 'This is an archive. To make one, open a data file.' : [this.#explanation(), this.#others()].filter(Boolean).join(' ');
  }

  #explanation(): string {
    const { min, max } = this.#range ?? {};
    const units = unit(this.#variable?.units);
    const name = this.#variable?.name ?? '';
    const { abs, rel, pointwise, lossless, recommended } = bound(this.#typed());
    if (this.#variable?.coordinate) return 'Coordinates always come back bit for bit.';
    if (this.#variable && this.#variable.role !== 'measurement') return `${name} is no measurement (${this.#variable.role}: ${this.#variable.why}), so it comes back bit for bit.`;
    if (lossless) return 'Every value comes back bit for bit.';
    if (min === undefined || max === undefined) return 'Every value is missing.';
    if (rel !== undefined) return `${name} ranges over ${quantity(max - min, units)}, so by at most ${quantity(rel * (max - min), units, 3)}.`;
    if (pointwise !== undefined) return 'Small values come back more closely than large ones, and zeros exactly.';
    if (recommended) return advice(name, this.#variable?.recommended, units);
    return `${name} lies between ${number(min)} and ${quantity(max, units)}${units ? '' : '; the file names no unit'}.${this.#several && abs !== undefined && !this.#alone.checked ? ` ${this.#shared()}` : ''}`;
  }

  /** What one absolute bound means for several variables. */
  #shared(): string {
    const units = new Set(this.sharing([]).map((number) => unit(this.#variables[number]!.units)));
    if (units.size < 2) return 'The bound holds for every variable.';
    const named = [...units].map((name) => name || 'none').join(', ');
    return `Variables of several units (${named}) need a bound each, or a relative or recommended one.`;
  }

  /** Which other variables have bounds of their own. */
  #others(): string {
    const names = [...this.#own].filter(([name]) => name !== this.#variable?.name).map(([name, typed]) => name + this.#amountOf(name, typed));
    return names.length === 0 ? '' : `Bounds of their own: ${names.join(', ')}.`;
  }

  #amountOf(name: string, { kind, amounts }: Typed): string {
    if (WITHOUT_AMOUNT.includes(kind)) return '';
    const units = PERCENT.includes(kind) ? '%' : unit(this.#variables.find((variable) => variable.name === name)?.units);
    return ` ${quantity(Number(amounts[kind]), units)}`;
  }
}

function bound({ kind, amounts }: Typed): Bound {
  if (WITHOUT_AMOUNT.includes(kind)) return { [kind]: true };
  const value = amounts[kind].trim() === '' ? NaN : Number(amounts[kind]);
  return { [kind]: PERCENT.includes(kind) ? value / 100 : value };
}

/** What climate scientists advise for a variable. */
function advice(name: string, bound: Variable['recommended'], units: string): string {
  const amount = bound && { abs: quantity(bound.value, units), pointwise: `${number(100 * bound.value)} % of each value`, rel: `${number(100 * bound.value)} % of the range`, lossless: 'no loss' }[bound.kind];
  return amount === undefined ? `Nothing is advised for ${name}: it comes back bit for bit.` : `For ${name} climate scientists advise ${amount}. Variables without advice come back bit for bit.`;
}

/** A round number below 1/2000 of the range. */
function suggestion({ min, max }: Range): number {
  if (min === undefined || max === undefined || max <= min) return 0.01;
  const target = (max - min) / 2000;
  const power = 10 ** Math.floor(Math.log10(target));
  return power * (target >= 5 * power ? 5 : target >= 2 * power ? 2 : 1);
}
