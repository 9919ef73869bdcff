/** The table of certificates: a line for each variable, of what the archive says of it, or what was measured beside the source. It is shown of what was decoded and checked. */
import type { Comparison, Variable, VariableReport } from 'deepcomp';
import { bytes, number, quantity, shape, unit, whole } from '../format.ts';
import { byId, make } from './dom.ts';
import { inOrder, roleOf } from './variables.ts';

/** What is known of a variable. */
interface Certified {
  report: VariableReport;
  units: string;
  /** Whether every bit came back. */
  exact: boolean;
  comparison: Comparison | undefined;
  /** Why it could not be decoded. */
  damage: string | undefined;
}

const COLUMNS: [title: string, text: (certified: Certified) => string][] = [
  ['Type and shape', ({ report }) => `${report.dataType === 'char' ? 'text' : report.dataType} ${shape(report.shape)}`],
  ['Raw', ({ report }) => bytes(report.rawBytes)],
  ['Archive', ({ report }) => bytes(report.archiveBytes)],
  ['Ratio', ({ report }) => (report.archiveBytes > 0 ? `${number(report.rawBytes / report.archiveBytes, 3)}×` : '–')],
  ['Bound', ({ report, exact, units }) => (exact ? 'lossless' : report.bound.kind === 'pointwise' ? `${number(100 * report.bound.value)} % of each value` : quantity(report.absoluteBound, units))],
  ['Largest error', ({ report, exact, units, comparison }) => (exact ? '0' : quantity(comparison?.maxAbsError ?? report.maxAbsError, units))],
  ['Mean error', ({ report, exact, units }) => (exact ? '0' : quantity(report.meanError, units, 3))],
  ['Kept exactly', ({ report, exact }) => (exact ? 'all' : kept(report) || '–')],
  ['Missing', ({ report }) => (report.missing === 0 ? 'none' : whole(report.missing))],
  ['Predictor', ({ report }) => (report.model === undefined ? 'classical' : 'network')],
  ['Checksum', ({ report, damage }) => (damage === undefined ? `✓ ${report.checksum}` : `✗ ${damage}`)],
];

/** Fills the table; `damage` says by number of the variable what could not be decoded. */
export function showCertificates(reports: readonly VariableReport[], variables: readonly Variable[], comparisons: readonly Comparison[] = [], damage: readonly (string | undefined)[] = []): void {
  byId('titles', HTMLTableRowElement).replaceChildren(...['Variable', ...COLUMNS.map(([title]) => title)].map((textContent) => make('th', { scope: 'col', textContent })));
  byId('rows', HTMLTableSectionElement).replaceChildren(...inOrder(variables).map((i) => row(reports[i]!, variables[i], comparisons[i], damage[i])));
}

function row(report: VariableReport, variable: Variable | undefined, comparison: Comparison | undefined, damage: string | undefined): HTMLTableRowElement {
  const certified: Certified = { report, units: unit(variable?.units), exact: report.absoluteBound === 0, comparison, damage };
  const cells = COLUMNS.map(([title, text]) => {
    const cell = make('td', { textContent: text(certified) });
    cell.dataset.title = title;
    return cell;
  });
  const role = variable ? roleOf(variable) : '';
  const name = make('th', { scope: 'row' }, report.name, ...(role ? [make('small', { textContent: `${role}: ${variable!.why}` })] : []));
  return make('tr', { className: damage === undefined ? '' : 'damaged' }, name, ...cells);
}

/** Values that came back as they were. */
export function kept({ kept, signsKept }: VariableReport): string {
  const values = kept.map(({ value, count }) => `${number(value)} (${whole(count)} times)`);
  return [...values, ...(signsKept ? ['every sign'] : [])].join(', ');
}

/** What the certificate of a variable says, once all of them were checked. */
export function certificateSentence({ name, shape: lengths, units }: Variable, { absoluteBound, maxAbsError, bound }: VariableReport): string {
  const largest = `largest error ${quantity(maxAbsError, unit(units))}`;
  const allowed = bound.kind === 'pointwise' ? `within ${number(100 * bound.value)} % of each value` : `≤ ${quantity(absoluteBound, unit(units))}`;
  const promise = absoluteBound === 0 ? 'stored without loss' : `${largest} ${allowed} when it was made`;
  return `Certificate checked: the decoded values of every variable match their checksums. ${name}: ${promise}, all ${shape(lengths)} values.`;
}
