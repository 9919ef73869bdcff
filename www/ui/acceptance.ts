/** The acceptance tests of climate science on the variable that is shown. They take seconds on large ones, so they run when a person looks. */
import type { Acceptance, Comparison, Variable } from 'deepcomp';
import { number, quantity, unit } from '../format.ts';
import type { Opened, Result } from '../protocol.ts';
import { byId, make } from './dom.ts';

interface Test {
  key: keyof Acceptance['passes'];
  name: string;
  value: (acceptance: Acceptance) => string;
  limit: string;
  meaning: string;
}

const TESTS: Test[] = [
  {
    key: 'pearson',
    name: 'Pearson correlation',
    value: ({ pearson = NaN, oneMinusPearson = NaN }) => (oneMinusPearson > 0 && oneMinusPearson < 0.01 ? `1 − ${number(oneMinusPearson, 2)}` : number(pearson)),
    limit: 'At least 0.99999, which is 1 − 1e−5',
    meaning: 'Do the values rise and fall as they did before? Over all values. Baker et al. 2014.',
  },
  {
    key: 'ksP',
    name: 'Kolmogorov–Smirnov test',
    value: ({ ksP = NaN }) => `p = ${number(ksP, 3)}`,
    limit: 'At least 0.05',
    meaning: 'Are high and low values as frequent as before? In the map where they differ most. Baker et al. 2017.',
  },
  {
    key: 'spatialRelativeError',
    name: 'Spatial relative error',
    value: ({ spatialRelativeError = NaN }) => `${number(100 * spatialRelativeError, 3)} % of the values`,
    limit: 'At most 5 %',
    meaning: 'How many values moved by more than 1/10,000 of their own size? Strict where values come close to zero. Baker et al. 2017.',
  },
  {
    key: 'dssim',
    name: 'DSSIM, data structural similarity',
    value: ({ dssim = NaN }) => number(dssim, 6),
    limit: 'At least 0.9995',
    meaning: 'Would the maps look the same, part by part, in 256 colours? In the map that differs most; maps of 11×11 or more. Baker et al. 2022.',
  },
];

export class AcceptancePanel {
  readonly #details = byId('acceptance', HTMLDetailsElement);
  readonly #note = byId('acceptance-note', HTMLElement);
  readonly #run: (variable: number) => Promise<Acceptance>;
  /** What is to be tested: another object whenever a result comes or another variable is shown. */
  #subject: { variable: number; tested: boolean } | undefined;

  constructor(run: (variable: number) => Promise<Acceptance>) {
    this.#run = run;
    this.#details.addEventListener('toggle', () => void this.#test());
  }

  /** Offers the tests of one variable, and runs them if they are being looked at. */
  show({ variables }: Opened, result: Result | undefined, index: number): void {
    const [variable, comparison] = [variables[index], result?.comparisons?.[index]];
    const applies = variable && comparison && variable.dataType !== 'char' && comparison.count > 0;
    this.#details.hidden = !applies;
    this.#subject = applies ? { variable: index, tested: false } : undefined;
    this.#note.textContent = '· Pearson, Kolmogorov–Smirnov, spatial relative error, DSSIM';
    if (applies) byId('acceptance-errors', HTMLElement).textContent = `${variable.name}: ${errors(variable, comparison)}.`;
    void this.#test();
  }

  async #test(): Promise<void> {
    const subject = this.#subject;
    if (!subject || subject.tested || !this.#details.open) return;
    subject.tested = true;
    this.#note.textContent = '· running …';
    list(undefined);
    try {
      const acceptance = await this.#run(subject.variable);
      if (subject !== this.#subject) return;
      const verdicts = Object.values(acceptance.passes).filter((passes) => passes !== undefined);
      this.#note.textContent = `· ${verdicts.filter(Boolean).length} of ${verdicts.length} passed`;
      list(acceptance);
    } catch (error) {
      if (subject === this.#subject) this.#note.textContent = `· ${error instanceof Error ? error.message : String(error)}`;
    }
  }
}

function errors({ units }: Variable, { rmse, bias, psnr }: Comparison): string {
  const parts = [`root-mean-square error ${quantity(rmse, unit(units), 3)}`, `mean error ${quantity(bias, unit(units), 3)}`];
  if (psnr !== undefined && Number.isFinite(psnr)) parts.push(`peak signal-to-noise ratio ${quantity(psnr, 'dB', 3)}`);
  return parts.join(', ');
}

/** Shows how the tests turned out; while they run, what they are. */
function list(acceptance: Acceptance | undefined): void {
  const items = TESTS.map(({ key, name, value, limit, meaning }) => {
    const passes = acceptance?.passes[key];
    const [className, verdict] = passes === undefined ? ['', acceptance ? 'does not apply' : '…'] : passes ? ['passed', '✓ passed'] : ['missed', '✗ missed'];
    const found = acceptance && passes !== undefined ? `: ${value(acceptance)}` : '';
    return make('li', {}, make('b', { textContent: name }), make('span', {}, make('b', { className, textContent: verdict }), found), make('span', { className: 'hint', textContent: `${limit}. ${meaning}` }));
  });
  byId('acceptance-tests', HTMLElement).replaceChildren(...items);
}
