/** Files and arrays into datasets. */
import { WasmDataset } from '#wasm';
import { Dataset } from './dataset.js';
import { needsFormats, withFormats } from './formats.js';
import { formatsModule, load } from './load.js';
import { bytesOf, nameOf, stretchesOf, type FileSource } from './source.js';
import type { ArrayOptions, TypedArray } from './types.js';

/**
 * Reads NetCDF, GRIB, GeoTIFF, NPY, NPZ, CSV or a picture, told by their content. In a worker a `Blob`, and in Node the `URL` of a file, is read as it is needed, so that
 * it may be larger than memory; anywhere else it is read whole.
 *
 * @param name file name; its stem names the variable of formats that have no names
 */
export function openDataset(file: FileSource, name = nameOf(file)): Promise<Dataset> {
  return open(file, name, false);
}

/** As {@link openDataset}; a file that cannot be read, since it is damaged or of another kind, is kept byte for byte, and {@link Dataset.kept} says why. */
export function openAny(file: FileSource, name = nameOf(file)): Promise<Dataset> {
  return open(file, name, true);
}

async function open(file: FileSource, name: string, any: boolean): Promise<Dataset> {
  await load();
  const { length, read } = await stretchesOf(file);
  try {
    return new Dataset(WasmDataset.open(length, read, name, any));
  } catch (error) {
    if (!needsFormats(error)) throw error;
  }
  const { FormatsFile } = await formatsModule();
  const opened = withFormats(() => FormatsFile.open(length, read, name, any));
  return new Dataset(WasmDataset.fromFormats(opened, length, read, name));
}

/** Any file, to be kept in an archive byte for byte; {@link Dataset.save} gives it back. */
export async function fromFile(file: FileSource, name = nameOf(file)): Promise<Dataset> {
  await load();
  return new Dataset(WasmDataset.fromFile(await bytesOf(file), name));
}

/** A dataset of one typed array. */
export async function fromArray(values: TypedArray, options: ArrayOptions = {}): Promise<Dataset> {
  await load();
  const { name = 'array', shape = [values.length], dimensions, attributes, fillValue } = options;
  const fill = fillValue === undefined ? undefined : new (values.constructor as new (v: unknown[]) => TypedArray)([fillValue]);
  return new Dataset(WasmDataset.fromArrays([{ name, values, shape, dimensions, attributes, fill }], `${name}.npy`));
}
