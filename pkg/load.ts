/** Loads the WASM module and the weights, and keeps what is at hand: the module, the networks, the workers. */
import init, { WasmModels, formats as allFormats } from '#wasm';
import { compile, fetchWeights, reason, type Bytes, type WasmSource } from './assets.js';
import { Crew } from './crew.js';
import { DeepCompError } from './error.js';
import { loadFormats, type Formats } from './formats.js';
import type { Equipment } from './messages.js';
import { NODE } from './platform.js';
import { bytesOf, type FileSource } from './source.js';
import type { FormatInfo, Model, Models } from './types.js';

export interface LoadOptions {
  /** The module that reads and writes NetCDF-4, GRIB, GeoTIFF, GIF, JPEG and WebP, or its address; found beside this package, and loaded when it is needed; `false` does without it. */
  formats?: WasmSource | false;
  /** Makes a worker of the CPU, where none can be loaded from beside this package: one that calls {@link workOnChunks}. `false` does without: all is done on the calling thread. */
  workers?: (() => Worker) | false;
  /** The weights of the predictor, or their address; found beside this package when absent; `false` does without them. */
  weights?: Bytes | false;
}

let loading: Promise<void> | undefined;
let networks: WasmModels | undefined;
let known: Models = { list: [] };
let compiled: WebAssembly.Module | undefined;
/** Those behind `known`, by its ids. */
let weightsAtHand = new Map<string, Uint8Array<ArrayBuffer>>();
let formatsSource: WasmSource | false | undefined;
/** Whether chunks may go to workers: there are none of this kind in Node. */
let mayEmploy = !NODE && typeof Worker === 'function';
/** The workers, which get the weights that are added later as well. */
export const crew = new Crew();

/**
 * Loads the WASM module and the weights; every function that needs them does so by itself. Further calls wait for the first one. Where the weights
 * cannot be loaded all but their use still works, and {@link models} says why.
 *
 * @param source the module, its bytes or its address; found beside this package when absent
 */
export function load(source?: WasmSource, { weights, formats, workers }: LoadOptions = {}): Promise<void> {
  formatsSource ??= formats;
  if (workers === false) mayEmploy = false;
  else if (workers) crew.make = workers;
  loading ??= start(source, weights).catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

async function start(source: WasmSource | undefined, weights: LoadOptions['weights']): Promise<void> {
  const file = weights === false ? undefined : fetchWeights(weights);
  try {
    compiled = await compile(source ?? new URL('../wasm/deepcomp_bg.wasm', import.meta.url));
    await init({ module_or_path: compiled });
  } catch (error) {
    throw new DeepCompError('not-loaded', `the WASM module could not be loaded (${reason(error)}); check the connection, its address and the content security policy`, { cause: error });
  }
  networks = new WasmModels();
  known = { list: [] };
  if (!file) return networks.looked('load() was told to do without weights');
  const { from, bytes } = await file;
  try {
    if (!(bytes instanceof Uint8Array)) throw bytes;
    const model: Model = networks.add(bytes);
    known = { list: [model] };
    weightsAtHand = new Map([[model.id, bytes as Uint8Array<ArrayBuffer>]]);
    networks.looked(`the weights from ${from}`);
  } catch (error) {
    const warning = `the weights of the predictor could not be loaded from ${from}: ${reason(error)}`;
    networks.looked(warning);
    known = { list: [], warning };
  }
}

/** All formats, in the order in which a person would look for them. */
export async function formats(): Promise<readonly FormatInfo[]> {
  await load();
  return allFormats();
}

/** The module of formats. */
export async function formatsModule(): Promise<Formats> {
  if (formatsSource === false) throw new DeepCompError('formats-needed', 'load() was told to do without the module of this format');
  return loadFormats(() => compile(formatsSource || new URL('../wasm-formats/deepcomp_formats_bg.wasm', import.meta.url)));
}

/** The networks at hand; loads those of this package. */
export async function models(): Promise<Models> {
  await load();
  return known;
}

/** Adds the network of a `.dcm` file: archives that need it can be opened from now on. It stays until the page or the program ends. */
export async function addModel(file: FileSource): Promise<Model> {
  await load();
  const bytes = await bytesOf(file);
  const model: Model = loaded().add(bytes);
  const copy = bytes.slice();
  weightsAtHand.set(model.id, copy);
  crew.add(copy);
  if (!known.list.some(({ id }) => id === model.id)) known = { ...known, list: [...known.list, model] };
  return model;
}

/** The networks at hand, as the module knows them. */
export function loaded(): WasmModels {
  if (!networks) throw new DeepCompError('not-loaded', 'the WASM module is not loaded; await load() first');
  return networks;
}

/** The networks at hand, of a module that is loaded already. */
export function modelsAtHand(): Models {
  return known;
}

/** Whether there can be workers. */
export function workersAtHand(): boolean {
  return mayEmploy;
}

/** The weights of a network at hand, as its file has them. */
export function weightsOf(id: string): Uint8Array<ArrayBuffer> | undefined {
  return weightsAtHand.get(id);
}

/** What workers are sent. */
export function equipmentAtHand(): Equipment {
  return { ...(compiled && { module: compiled }), weights: [...weightsAtHand.values()] };
}
