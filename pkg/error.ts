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
  /** Of `unreadable` and `changed`: the address concerned. */
  readonly url?: string;
  /** Of `unreadable`: what the server answered, such as 404. */
  readonly status?: number;
}
export const DeepCompError = wasm.DeepCompError as new (code: string, message: string, options?: ErrorOptions) => DeepCompError;

/** A job was stopped by its signal. */
export const cancelled = (): DeepCompError => new DeepCompError('cancelled', 'cancelled; nothing was written');

/** An archive is another than it was when it was opened. */
export const changed = (url: string): DeepCompError => Object.assign(new DeepCompError('changed', `${url} changed while it was read; open it again`), { url });
