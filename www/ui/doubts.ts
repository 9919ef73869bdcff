/** What a bound that holds does not say: that errors lean to one side, or that little is left of a variable. */
import type { VariableReport } from 'deepcomp';
import { number } from '../format.ts';
import { byId, make } from './dom.ts';

/** A mean error of this part of the mean magnitude is told. */
const BIASED = 1e-3;
/** Variables named in a line. */
const NAMED = 8;

export function showDoubts(variables: readonly VariableReport[]): void {
  const lines = [
    line(variables, lean, 'Sums change, since the mean error is that part of the mean magnitude', 'Take a smaller bound, one of each value, or the recommended one.'),
    line(variables, ({ coarse }) => coarse, 'The bound is that part of the range, so that little is left', 'Take a smaller one unless this is meant.'),
  ].filter((text) => text !== undefined);
  const list = byId('doubts', HTMLUListElement);
  list.hidden = lines.length === 0;
  list.replaceChildren(...lines.map((textContent) => make('li', { className: 'doubt', textContent })));
}

/** The mean error as a part of the mean magnitude, where sums suffer from it. */
function lean({ meanError, meanMagnitude = Infinity }: VariableReport): number | undefined {
  return Math.abs(meanError) > BIASED * meanMagnitude ? Math.abs(meanError) / meanMagnitude : undefined;
}

function line(variables: readonly VariableReport[], of: (report: VariableReport) => number | undefined, what: string, remedy: string): string | undefined {
  const parts = variables.flatMap((report) => {
    const part = of(report);
    return part === undefined ? [] : [`${report.name} (${number(100 * part, 3)}\u202f%)`];
  });
  const more = parts.length > NAMED ? ` and ${parts.length - NAMED} more` : '';
  return parts.length === 0 ? undefined : `${what}: ${parts.slice(0, NAMED).join(', ')}${more}. ${remedy}`;
}
