/** Bounds that nobody can have meant: what they are refused for, and the ways on. */
import type { CoarseBound, Variable } from 'deepcomp';
import { number, quantity, unit } from '../format.ts';
import type { Opened, Refusal } from '../protocol.ts';
import { byId, make } from './dom.ts';

/** What a person may do; the names are of variables whose bound is refused. */
export interface Ways {
  recommended(names: string[]): void;
  each(names: string[]): void;
  anyway(): void;
}

let refused: string[] = [];

export function watchRefusal({ recommended, each, anyway }: Ways): void {
  const ways = { recommended: () => recommended(refused), each: () => each(refused), anyway };
  for (const [name, take] of Object.entries(ways)) byId(`refusal-${name}`, HTMLButtonElement).addEventListener('click', take);
}

/** `sharing` are the variables that share the bound which cannot be meant for all of them. */
export function showRefusal({ variables }: Opened, { coarse = [] }: Refusal, sharing: Variable[]): void {
  refused = coarse.map(({ name }) => name);
  const unitOf = (name: string) => unit(variables.find((variable) => variable.name === name)?.units);
  byId('refusal-title', HTMLElement).textContent =
    coarse.length > 0 ? `Not compressed: the bound would leave little of ${coarse.length === 1 ? 'a variable' : `${coarse.length} variables`}` : 'Not compressed: one bound cannot be meant for variables of several units';
  const lines = coarse.length > 0 ? coarse.map((bound) => told(bound, unitOf(bound.name))) : byUnit(sharing);
  byId('refusal-list', HTMLElement).replaceChildren(...lines.map((textContent) => make('li', { textContent })));
  byId('refusal-recommended', HTMLButtonElement).hidden = !variables.some(({ recommended }) => recommended !== undefined);
  const box = byId('refusal', HTMLElement);
  box.hidden = false;
  queueMicrotask(() => box.scrollIntoView({ block: 'nearest' }));
}

export function hideRefusal(): void {
  byId('refusal', HTMLElement).hidden = true;
}

/** A line for each unit, with all that have it. */
function byUnit(variables: Variable[]): string[] {
  const names = new Map<string, string[]>();
  for (const { name, units } of variables) names.set(unit(units), [...(names.get(unit(units)) ?? []), name]);
  return [...names].map(([units, named]) => `${units || 'no unit'}: ${named.join(', ')}`);
}

function told({ name, bound, part }: CoarseBound, units: string): string {
  return `${name}: ${quantity(bound, units)} is ${number(100 * part, 2)}\u202f% of its range`;
}
