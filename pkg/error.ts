import * as wasm from '#wasm';

/** A variable of which an absolute bound would leave little. */
export interface CoarseBound {
  name: string;
  /** In the variable's units. */
  bound: number;
  /** The part of its range that the bound is: 0.05 and more. */
  part: number;
}

/** What every function here throws: an `Error` with a stable `code`, such as `not-an-archive`. */
export interface DeepCompError extends Error {
  readonly code: string;
  /** Of `bound-too-coarse`: the variables concerned. */
  readonly coarse?: CoarseBound[];
  /** Of `mixed-units`: each unit with a variable that has it, in words. */
  readonly units?: string[];
}
export const DeepCompError = wasm.DeepCompError as new (code: string, message: string, options?: ErrorOptions) => DeepCompError;
