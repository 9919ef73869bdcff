/** The module that reads and writes NetCDF-4, GRIB, GeoTIFF, GIF, JPEG and WebP; it is loaded when a file needs it. */
import init, * as formats from '#wasm-formats';
import { DeepCompError } from './error.js';

export type Formats = typeof formats;

let loading: Promise<Formats> | undefined;

/** Whether an error says that this module is needed. */
export function needsFormats(error: unknown): boolean {
  return error instanceof DeepCompError && error.code === 'formats-needed';
}

/** The module, loaded from what `find` gives; once. */
export function loadFormats(find: () => Promise<WebAssembly.Module>): Promise<Formats> {
  loading ??= find()
    .then(async (module) => {
      await init({ module_or_path: module });
      return formats;
    })
    .catch((error: unknown) => {
      loading = undefined;
      const reason = error instanceof Error ? error.message : String(error);
      throw new DeepCompError('not-loaded', `the module that reads this format could not be loaded (${reason}); check the connection and its address`, { cause: error });
    });
  return loading;
}

/** What `work` returns; its errors as those of the package. */
export function withFormats<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof DeepCompError || !(error instanceof Error) || !('code' in error)) throw error;
    throw new DeepCompError(String(error.code), error.message);
  }
}
