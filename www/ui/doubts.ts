/** What a bound that holds does not say: that errors lean to one side, that little is left of a variable, or that one was taken otherwise than asked. */
import type { VariableReport } from 'deepcomp';
import { number, whole } from '../format.ts';
import { byId, make } from './dom.ts';

/** Variables named in a line. */
const NAMED = 8;

/** Shows them, with `advice` to whoever can still do otherwise. */
export function showDoubts(variables: readonly VariableReport[], advice = true): void {
  const line = (named: string[], what: string, remedy: string) => sentence(named, what, advice ? ` ${remedy}` : '');
  const lines = [
    line(parts(variables, ({ biased, bias }) => (biased ? bias : undefined)), 'Sums change, since the mean error is that part of the mean magnitude', 'Take a smaller bound, one of each value, or the recommended one.'),
    line(parts(variables, ({ coarse }) => coarse), 'The bound is that part of the range, so that little is left', 'Take a smaller one unless this is meant.'),
    line(codes(variables, true), 'Taken as missing and kept exactly, though the file does not say so', 'They are data with Missing: Nothing under More options.'),
    line(codes(variables, false), 'Looks like a code for missing, and the file does not say so', 'If it is one, name it under More options.'),
    ...unmet(variables),
  ].filter((text) => text !== undefined);
  const list = byId('doubts', HTMLUListElement);
  list.hidden = lines.length === 0;
  list.replaceChildren(...lines.map((textContent) => make('li', { className: 'doubt', textContent })));
}

function parts(variables: readonly VariableReport[], of: (report: VariableReport) => number | undefined): string[] {
  return variables.flatMap((report) => {
    const part = of(report);
    return part === undefined ? [] : [`${report.name} (${number(100 * part, 3)}\u202f%)`];
  });
}

/** Values that look like codes for missing, and were taken as such or not. */
function codes(variables: readonly VariableReport[], wanted: boolean): string[] {
  return variables.flatMap(({ name, suspects }) => suspects.filter(({ taken }) => taken === wanted).map(({ value, count }) => `${number(value)} in ${name} (${whole(count)} times)`));
}

/** Variables that cannot be held to their bounds. */
function unmet(variables: readonly VariableReport[]): string[] {
  const all = variables.filter((report) => report.unmet !== undefined);
  const more = all.length > NAMED ? [`${all.length - NAMED} more variables came back bit for bit for that reason.`] : [];
  return [...all.slice(0, NAMED).map((report) => `${report.name} came back bit for bit: ${report.unmet}.`), ...more];
}

function sentence(named: string[], what: string, remedy: string): string | undefined {
  const more = named.length > NAMED ? ` and ${named.length - NAMED} more` : '';
  return named.length === 0 ? undefined : `${what}: ${named.slice(0, NAMED).join(', ')}${more}.${remedy}`;
}
