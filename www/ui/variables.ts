/** The list of variables: one is shown, all are compressed. */
import type { Variable } from 'deepcomp';
import { bytes, sentence, unit } from '../format.ts';
import type { Opened } from '../protocol.ts';
import { byId, make } from './dom.ts';

export function showVariables({ fileName, fileBytes, variables }: Opened, selected: number, onSelect: (variable: number) => void): void {
  byId('file-name', HTMLElement).replaceChildren(`${fileName} `, make('span', { textContent: bytes(fileBytes) }));
  const list = byId('variables', HTMLFieldSetElement);
  list.replaceChildren(
    make('legend', { className: 'unseen', textContent: 'Variables' }),
    ...inOrder(variables).map((index) => {
      const variable = variables[index]!;
      const input = make('input', { type: 'radio', name: 'variable', value: String(index), checked: index === selected });
      input.addEventListener('change', () => onSelect(index));
      const title = make('span', {}, make('b', { textContent: variable.name }), variable.longName ? `  ${sentence(variable.longName)}` : '');
      return make('label', { className: 'variable' }, input, title, make('small', { textContent: summary(variable) }));
    }),
  );
  // Of many variables that which is shown may be far down.
  const chosen = list.querySelector<HTMLElement>('label:has(:checked)');
  list.scrollTop = chosen ? chosen.offsetTop - list.offsetTop : 0;
}

/** Numbers of variables as a person would look for them: measurements come first, coordinates last. */
export function inOrder(variables: readonly Variable[]): number[] {
  return [...variables.keys()].sort((a, b) => rank(variables[a]!) - rank(variables[b]!));
}

function rank({ role, coordinate }: Variable): number {
  return coordinate ? 2 : role === 'measurement' ? 0 : 1;
}

/** Roles that the type says already, or that go without saying. */
const UNSAID = ['measurement', 'text', 'file'];

/** What a variable was taken for, where that is to be said. */
export function roleOf({ role }: Variable): string {
  return UNSAID.includes(role) ? '' : role;
}

function summary(variable: Variable): string {
  const { dimensions, shape, dataType, units } = variable;
  const named = dimensions.map((name, i) => (/^dim_\d+$|^[xyc]$/.test(name) ? String(shape[i]) : `${name} ${shape[i]}`)).join(' × ');
  return [named || 'one value', dataType === 'char' ? 'text' : dataType, unit(units), roleOf(variable)].filter(Boolean).join(' · ');
}

/** The variable to show first: the largest that is not a coordinate. */
export function firstVariable(variables: readonly Variable[]): number {
  const weight = (v: Variable) => (v.coordinate || v.dataType === 'char' ? 0 : v.bytes);
  return variables.reduce((best, v, i) => (weight(v) > weight(variables[best]!) ? i : best), 0);
}
