/** How a decoded dataset differs from its source. */
import * as wasm from '#wasm';
import type { Dataset } from './dataset.js';
import type { Acceptance, Comparison, Plane } from './types.js';

/** How a decoded variable differs from its source; `counterpart` is its number in the decoded dataset where that is another. */
export function compare(original: Dataset, decoded: Dataset, variable: string | number = 0, counterpart?: number): Comparison {
  const index = original.index(variable);
  return wasm.compare(original.inner, decoded.inner, index, counterpart ?? index);
}

/** Runs the acceptance tests on a decoded variable and its source: about a second for 25 MB. */
export function acceptance(original: Dataset, decoded: Dataset, variable: string | number = 0, counterpart?: number): Acceptance {
  const index = original.index(variable);
  return wasm.acceptance(original.inner, decoded.inner, index, counterpart ?? index);
}

/** Decoded − original, one plane, in physical units. */
export function difference(original: Dataset, decoded: Dataset, variable: string | number = 0, plane = 0, counterpart?: number): Plane {
  const index = original.index(variable);
  return wasm.difference(original.inner, decoded.inner, index, counterpart ?? index, plane);
}
