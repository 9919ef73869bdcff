import * as wasm from '#wasm';

/** What every function here throws: an `Error` with a stable `code`, such as `not-an-archive`. */
export interface DeepCompError extends Error {
  readonly code: string;
}
export const DeepCompError = wasm.DeepCompError as new (code: string, message: string, options?: ErrorOptions) => DeepCompError;
