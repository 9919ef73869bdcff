/**
 * DeepComp: error-bounded and lossless compression of climate data, in a browser, a worker or Node.
 *
 * The WASM module does the work; this file loads it, gives it types, and drives its jobs chunk by chunk so that a page stays
 * alive, sees progress and can cancel. No algorithm lives here.
 */
import init, * as wasm from '#wasm';
import { hasRealGpu } from './adapter.js';
import { Crew, Queue, type Chunk } from './crew.js';
import { DeepCompError } from './error.js';
import { loadFormats, needsFormats, withFormats, type Formats } from './formats.js';
import { bytesOf, nameOf, stretchesOf, type FileSource } from './source.js';

export { DeepCompError, hasRealGpu };
export type { FileSource };

/** Element types of arrays; `char` is text. */
export type DataType = 'int8' | 'uint8' | 'int16' | 'uint16' | 'int32' | 'uint32' | 'int64' | 'uint64' | 'float32' | 'float64' | 'char';
export type TypedArray =
  | Int8Array | Uint8Array | Uint8ClampedArray | Int16Array | Uint16Array | Int32Array | Uint32Array
  | BigInt64Array | BigUint64Array | Float32Array | Float64Array;
export type AttributeValue = string | number | number[];

/** A bound as archives keep it: what kind, and how much. */
export interface ReportedBound {
  kind: 'abs' | 'rel' | 'pointwise' | 'lossless';
  value: number;
}

/** One variable of a dataset. */
export interface Variable {
  name: string;
  dataType: DataType;
  /** Names of the dimensions, slowest first. */
  dimensions: string[];
  shape: number[];
  /** Number of planes of the last two dimensions. */
  planes: number;
  /** Size of the values as stored. */
  bytes: number;
  /** Whether it is a coordinate (one dimension, of its own name): always kept without loss. */
  coordinate: boolean;
  units?: string;
  longName?: string;
  /** What climate scientists advise for it (Python package compression-recommendations); absent where they are silent. */
  recommended?: ReportedBound;
  attributes: Record<string, AttributeValue>;
}

/** Smallest and largest value in physical units, absent when every value is missing; number of missing values. */
export interface Range {
  min?: number;
  max?: number;
  missing: number;
}

/** Two dimensions of a variable in physical units, row by row; missing values are NaN. */
export interface Plane extends Range {
  values: Float32Array<ArrayBuffer>;
  width: number;
  height: number;
}

/** What an archive certifies about one variable. */
export interface VariableReport {
  name: string;
  dataType: DataType;
  shape: number[];
  rawBytes: number;
  archiveBytes: number;
  /** The bound as asked for; coordinates and text are always lossless. */
  bound: ReportedBound;
  /** The largest error that the bound allows, in the variable's units; 0 when lossless. */
  absoluteBound: number;
  /** Largest |decoded − source|, measured by the encoder. */
  maxAbsError: number;
  missing: number;
  /** Checksum of the decoded values, hexadecimal. */
  checksum: string;
  /** `id` of the model without which it cannot be decoded; absent where the classical predictor did it. */
  model?: string;
  /** What base layers came to while it was compressed; absent where none was tried, and in what {@link inspect} says. */
  base?: BaseReport;
}

/** What base layers came to. */
export interface BaseReport {
  /** Chunks that have one, of those that it was tried for. */
  chunks: number;
  tried: number;
  /** Bytes of the latents of those that have one. */
  bytes: number;
  /** Bytes that the archive is smaller with them than without: negative where `always` costs more than it gains. */
  saved: number;
}

/** The nets of a `.dcm` file: a predictor and, if `autoencoder` says so, what draws base layers. */
export interface Model {
  /** Hash of the file, hexadecimal: how archives name it. */
  id: string;
  name: string;
  autoencoder: boolean;
}

/** The models at hand. */
export interface Models {
  /** In the order they were added; the first is what `auto` takes. */
  list: readonly Model[];
  /** Why the weights that ship with this package are not among them. */
  warning?: string;
}

/** What an archive says about itself. */
export interface ArchiveInfo {
  /** Version of the format. */
  version: string;
  /** The files that were compressed into it. */
  files: { name: string; variables: VariableReport[] }[];
}

/** How a decoded variable differs from its source. */
export interface Comparison {
  maxAbsError: number;
  /** Largest |decoded − source| / |source|. */
  maxPointwiseError: number;
  rmse: number;
  /** Mean of decoded − source. */
  bias: number;
  /** Range over RMSE in dB: `Infinity` without error, absent without values or range. */
  psnr?: number;
  /** Largest minus smallest value of the source. */
  range: number;
  missingEqual: boolean;
  bitIdentical: boolean;
  /** Number of values compared. */
  count: number;
}

/**
 * How alike a decoded variable and its source are by the tests of climate science, as ldcpy runs them: over values present in both, in
 * physical units. A test that does not apply is absent.
 */
export interface Acceptance {
  /** Correlation of all values (Baker et al. 2014). */
  pearson?: number;
  /** The same with all its digits where it is all but 1. */
  oneMinusPearson?: number;
  /** p-value of the two-sample Kolmogorov–Smirnov test; the smallest of all planes (Baker et al. 2017). */
  ksP?: number;
  /** Share, 0 to 1, of values with a relative error above 1e-4 (Baker et al. 2017). */
  spatialRelativeError?: number;
  /** Data structural similarity; the smallest of all planes, which have to be 11×11 or more (Baker et al. 2022). */
  dssim?: number;
  /** Whether pearson ≥ 0.99999, ksP ≥ 0.05, spatialRelativeError ≤ 0.05, dssim ≥ 0.9995. */
  passes: { pearson?: boolean; ksP?: boolean; spatialRelativeError?: boolean; dssim?: boolean };
}

export interface Progress {
  doneBytes: number;
  totalBytes: number;
  /** Index of the variable being worked on. */
  variable: number;
}

export interface JobOptions {
  /** Called after every chunk. */
  onProgress?: (progress: Progress) => void;
  /** Stops the job: it rejects with a `DeepCompError` of code `cancelled`. On this thread that takes until the chunk at hand is done. */
  signal?: AbortSignal;
  /**
   * What runs the network. `auto`, the default: the GPU together with the CPU where there is WebGPU on a real GPU, otherwise the CPU. `webgpu`: the GPU
   * alone, be it in software. Where that fails the CPU goes on, and {@link Ran} says why. Every backend gives the same bytes and the same values.
   */
  backend?: Backend;
  /** Workers of the CPU that share the chunks: as many as there are cores when absent; 0 works on this thread. Node always works on this thread. */
  workers?: number;
}

export type Backend = 'auto' | 'cpu' | 'webgpu';

/** Where a job ran. */
export interface Ran {
  /** `webgpu` when the GPU had a share in it. */
  backend: 'cpu' | 'webgpu';
  /** Workers of the CPU; 0 when it ran on the calling thread. */
  workers: number;
  /** Name of the GPU. */
  adapter?: string;
  /** Why the GPU was not used, or no longer, though it was wanted. */
  fallback?: string;
}

export interface DecompressOptions extends JobOptions {
  /** Which file of the archive, from 0; the first when absent. */
  file?: number;
  /** The only variable to decode, from 0, for archives that are larger than memory; all of them when absent. */
  variable?: number;
}

/** How far a decoded value may lie from the source: exactly one of these. Coordinates, text and classes stay lossless whatever is asked. */
export interface Bound {
  /** |decoded − source| ≤ abs, in each variable's own units. */
  abs?: number;
  /** |decoded − source| ≤ rel · (largest − smallest value of the variable). */
  rel?: number;
  /** |decoded − source| ≤ pointwise · |source|, for each value. */
  pointwise?: number;
  /** Every value comes back bit for bit. */
  lossless?: boolean;
  /** What climate scientists advise for the variable ({@link Variable.recommended}), and lossless where they are silent. */
  recommended?: boolean;
}

/** The bound of all variables but those that are named. */
export interface CompressOptions extends JobOptions, Bound {
  /** Bounds of single variables, by name. */
  variables?: Record<string, Bound>;
  /**
   * `auto`, the default, uses the network wherever it makes a chunk smaller, and the classical predictor where there are no weights. `none` uses
   * the classical predictor alone: larger archives, several times faster. A model that was added is used as `auto` uses the first.
   */
  model?: 'auto' | 'none' | Model;
  /**
   * Base layers that the autoencoder of the model draws: `auto`, the default, where they make a chunk smaller; `always` wherever one can be had, so
   * that {@link preview} has something to show; `never`.
   */
  base?: 'auto' | 'always' | 'never';
}

export interface Compressed {
  /** The archive. */
  bytes: Uint8Array;
  variables: VariableReport[];
  /** Seconds it took; on this thread without the pauses. */
  seconds: number;
  ran: Ran;
  /** Why `auto` had to do without a network. */
  warning?: string;
}

export interface ArrayOptions {
  /** Name of the variable; `array` when absent. */
  name?: string;
  /** Length of each dimension, slowest first; one dimension when absent. */
  shape?: number[];
  /** Names of the dimensions. */
  dimensions?: string[];
  attributes?: Record<string, AttributeValue>;
  /** A value that means "missing"; NaN always does. */
  fillValue?: number | bigint;
}

type Bytes = URL | string | Request | Response | Promise<Response> | ArrayBuffer | ArrayBufferView<ArrayBuffer>;
type WasmSource = Bytes | WebAssembly.Module;

export interface LoadOptions {
  /** The module that reads and writes NetCDF-4, GRIB, GeoTIFF, GIF, JPEG and WebP, or its address; found beside this package, and loaded when it is needed. */
  formats?: WasmSource;
  /** The weights of the predictor, or their address; found beside this package when absent; `false` does without them. */
  weights?: Bytes | false;
}

const NODE = typeof process === 'object' && process.versions?.node !== undefined;
let loading: Promise<void> | undefined;
let networks: wasm.WasmModels | undefined;
let known: Models = { list: [] };
/** What workers are sent: the module, and the weights behind `known`. */
let compiled: WebAssembly.Module | undefined;
let weightsAtHand: Uint8Array<ArrayBuffer>[] = [];
const crew = new Crew();
let formatsSource: WasmSource | undefined;

/**
 * Loads the WASM module and the weights; every function that needs them does so by itself. Further calls wait for the first one. Where the weights
 * cannot be loaded all but their use still works, and {@link models} says why.
 *
 * @param source the module, its bytes or its address; found beside this package when absent
 */
export function load(source?: WasmSource, { weights, formats }: LoadOptions = {}): Promise<void> {
  formatsSource ??= formats;
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
  networks = new wasm.WasmModels();
  known = { list: [] };
  if (!file) return networks.looked('load() was told to do without weights');
  const { from, bytes } = await file;
  try {
    if (!(bytes instanceof Uint8Array)) throw bytes;
    known = { list: [networks.add(bytes)] };
    weightsAtHand = [bytes as Uint8Array<ArrayBuffer>];
    networks.looked(`the weights from ${from}`);
  } catch (error) {
    const warning = `the weights of the predictor could not be loaded from ${from}: ${reason(error)}`;
    networks.looked(warning);
    known = { list: [], warning };
  }
}

/** The module of formats. */
function formatsModule(): Promise<Formats> {
  return loadFormats(() => compile(formatsSource ?? new URL('../wasm-formats/deepcomp_formats_bg.wasm', import.meta.url)));
}

/** While it is still on its way, where that can be done. */
async function compile(source: WasmSource): Promise<WebAssembly.Module> {
  const from = await source;
  if (from instanceof WebAssembly.Module) return from;
  if (NODE || from instanceof ArrayBuffer || ArrayBuffer.isView(from)) return WebAssembly.compile(await bytesAt(from));
  const response = from instanceof Response ? from : await fetch(from);
  const again = response.clone();
  // A server that gives the module another type than application/wasm is no reason to fail.
  return WebAssembly.compileStreaming(response).catch(async () => WebAssembly.compile(await bytesAt(again)));
}

/** The bytes of the weights, or the error instead of them, and where they come from. */
async function fetchWeights(source: Bytes = new URL('../models/deepcomp.dcm', import.meta.url)): Promise<{ from: string; bytes: unknown }> {
  try {
    const awaited = await source;
    const from = awaited instanceof URL ? awaited.href : typeof awaited === 'string' ? awaited : 'url' in awaited ? awaited.url || 'a response' : 'the bytes given to load()';
    return { from, bytes: await bytesAt(awaited).catch((error: unknown) => error) };
  } catch (error) {
    return { from: 'the response given to load()', bytes: error };
  }
}

async function bytesAt(source: Exclude<Bytes, Promise<Response>>): Promise<Uint8Array<ArrayBuffer>> {
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  if (ArrayBuffer.isView(source)) return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
  if (NODE && source instanceof URL && source.protocol === 'file:') {
    const { readFile } = process.getBuiltinModule('node:fs/promises');
    return new Uint8Array(await readFile(source));
  }
  const response = source instanceof Response ? source : await fetch(source);
  if (!response.ok) throw new Error(`status ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
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
  weightsAtHand = [...weightsAtHand, copy];
  crew.add(copy);
  if (!known.list.some(({ id }) => id === model.id)) known = { ...known, list: [...known.list, model] };
  return model;
}

function loaded(): wasm.WasmModels {
  if (!networks) throw new DeepCompError('not-loaded', 'the WASM module is not loaded; await load() first');
  return networks;
}

/** A file format. */
export interface FormatInfo {
  /** As {@link Dataset.format} and {@link Format} have it. */
  readonly name: Dataset['format'];
  /** What a person calls it. */
  readonly title: string;
  /** What names of its files end on. */
  readonly extension: string;
  /** What a person calls the format that its files come back in. */
  readonly returned: string;
  /** Whether its variables are pictures. */
  readonly picture: boolean;
  /** What a file of it holds; only where anything can be saved in it, whatever it came from. */
  readonly saves?: 'dataset' | 'variable' | 'plane';
  /** Whether variables of text can be saved in it. */
  readonly text: boolean;
}

/** All formats, in the order in which a person would look for them. */
export async function formats(): Promise<readonly FormatInfo[]> {
  await load();
  return wasm.formats();
}

/** The formats that datasets can be saved in, whatever they came from; {@link formats} says what a file of each holds. */
export type Format = 'netcdf' | 'netcdf4' | 'tiff' | 'npz' | 'npy' | 'csv' | 'png';

/**
 * A dataset: in WASM memory, or, where its values take more than 256 MiB and the file is at hand, read variable by variable as they are asked for. Free it when done;
 * `using` does so by itself.
 */
export class Dataset {
  readonly fileName: string;
  /** The format it came from. */
  readonly format: 'netcdf' | 'netcdf4' | 'grib' | 'tiff' | 'npy' | 'npz' | 'csv' | 'png' | 'picture' | 'file' | 'array';
  variables: readonly Variable[];
  /** Why {@link openAny} keeps the file byte for byte and not as data. */
  readonly kept?: string;

  /** @internal */
  constructor(readonly inner: wasm.WasmDataset) {
    this.fileName = inner.fileName;
    if (inner.kept !== undefined) this.kept = inner.kept;
    this.format = inner.format as Dataset['format'];
    this.variables = inner.variables();
  }

  /** Two dimensions of a variable in physical units. */
  plane(variable: string | number, plane = 0): Plane {
    return this.inner.plane(this.index(variable), plane);
  }

  /** Smallest and largest value of a whole variable. */
  range(variable: string | number): Range {
    return this.inner.range(this.index(variable));
  }

  /** All values of a variable as stored, in C order. */
  values(variable: string | number): TypedArray {
    return this.inner.values(this.index(variable));
  }

  /** A stored value that looks like a code for "missing" though the file does not say so; {@link setMissing} makes it one. */
  suspect(variable: string | number): number | undefined {
    return this.inner.suspect(this.index(variable));
  }

  /** Takes stored values that equal `value` as missing from now on, though the file does not say so. Files saved later say it no more than this one. */
  setMissing(variable: string | number, value: number): void {
    this.inner.setMissing(this.index(variable), value);
    this.variables = this.inner.variables();
  }

  /** Bytes of a file in the format the dataset came from; typed arrays give NPY (one) or NetCDF (several), pictures PNG. */
  save(): Promise<Uint8Array>;
  /** Bytes of a file with everything: NetCDF classic, NetCDF-4, GeoTIFF, or a NumPy archive. */
  save(format: 'netcdf' | 'netcdf4' | 'tiff' | 'npz'): Promise<Uint8Array>;
  /** Bytes of a file of one variable: a NumPy array, or text. */
  save(format: 'npy' | 'csv', variable: string | number): Promise<Uint8Array>;
  /** Bytes of a picture of one plane; a dataset read from a picture gives that one back exactly. */
  save(format: 'png', variable: string | number, plane?: number): Promise<Uint8Array>;
  /** Bytes of a file in any of the formats; {@link formats} says whether it holds everything, that variable or that plane. */
  save(format: Format, variable?: string | number, plane?: number): Promise<Uint8Array>;
  async save(format?: Format, variable: string | number = 0, plane = 0): Promise<Uint8Array> {
    if (format === undefined) return (await this.original()).bytes;
    return this.#write(() => this.inner.save(format, this.index(variable), plane), (writer) => writer.save(format));
  }

  /** As `save()`, with the name it should have: it ends otherwise than the one the file had where it has to be another format, as PNG for JPEG. */
  async original(): Promise<{ bytes: Uint8Array; fileName: string }> {
    const { bytes, extension }: { bytes: Uint8Array; extension?: string } = await this.#write(() => this.inner.original(), (writer) => writer.original());
    return { bytes, fileName: extension === undefined ? this.fileName : `${this.fileName.replace(/\.[^.]*$/, '')}.${extension}` };
  }

  /** Writes here, or in the module of formats where that has to. */
  async #write<T>(here: () => T, there: (writer: InstanceType<Formats['FormatsWriter']>) => T): Promise<T> {
    try {
      return here();
    } catch (error) {
      if (!needsFormats(error)) throw error;
    }
    const { FormatsWriter } = await formatsModule();
    return withFormats(() => {
      const writer = new FormatsWriter(this.inner.header());
      try {
        this.variables.forEach((_, i) => writer.add(this.inner.valueBytes(i)));
        return there(writer);
      } finally {
        writer.free();
      }
    });
  }

  /** Releases the memory; the dataset is unusable afterwards. */
  free(): void {
    this.inner.free();
  }

  [Symbol.dispose](): void {
    this.free();
  }

  /** @internal */
  index(variable: string | number): number {
    if (typeof variable === 'number') return variable;
    const index = this.variables.findIndex((v) => v.name === variable);
    if (index >= 0) return index;
    const available = this.variables.map((v) => v.name).join(', ');
    throw new DeepCompError('no-such-variable', `no variable "${variable}"; there are: ${available}`);
  }
}

/**
 * Reads NetCDF, GRIB, GeoTIFF, NPY, NPZ, CSV or a picture, told by their content. In a worker a `Blob`, and in Node the `URL` of a file, is read as it is needed, so that
 * it may be larger than memory; anywhere else it is read whole.
 *
 * @param name file name; its stem names the variable of formats that have no names
 */
export function openDataset(file: FileSource, name = nameOf(file)): Promise<Dataset> {
  return open(file, name, false);
}

/** As {@link openDataset}; a file of a kind that is not read is kept byte for byte, and {@link Dataset.kept} says why. A damaged file is an error. */
export function openAny(file: FileSource, name = nameOf(file)): Promise<Dataset> {
  return open(file, name, true);
}

async function open(file: FileSource, name: string, any: boolean): Promise<Dataset> {
  await load();
  const { length, read } = await stretchesOf(file);
  try {
    return new Dataset(wasm.WasmDataset.open(length, read, name, any));
  } catch (error) {
    if (!needsFormats(error)) throw error;
  }
  const { FormatsFile } = await formatsModule();
  const opened = withFormats(() => FormatsFile.open(length, read, name, any));
  return new Dataset(wasm.WasmDataset.fromFormats(opened, name));
}

/** Any file, to be kept in an archive byte for byte; {@link Dataset.save} gives it back. */
export async function fromFile(file: FileSource, name = nameOf(file)): Promise<Dataset> {
  await load();
  return new Dataset(wasm.WasmDataset.fromFile(await bytesOf(file), name));
}

/** A dataset of one typed array. */
export async function fromArray(values: TypedArray, options: ArrayOptions = {}): Promise<Dataset> {
  await load();
  const { name = 'array', shape = [values.length], dimensions, attributes, fillValue } = options;
  const fill = fillValue === undefined ? undefined : new (values.constructor as new (v: unknown[]) => TypedArray)([fillValue]);
  return new Dataset(wasm.WasmDataset.fromArrays([{ name, values, shape, dimensions, attributes, fill }], `${name}.npy`));
}

/** Compresses a dataset; it stays usable. */
export async function compress(dataset: Dataset, options: CompressOptions): Promise<Compressed> {
  const { model = 'auto', base = 'auto', variables = {} } = options;
  const bounds = { others: boundOf(options, ''), named: Object.entries(variables).map(([name, bound]) => [name, boundOf(bound, ` for "${name}"`)]) };
  const job = new wasm.WasmCompressor(dataset.inner, bounds, loaded(), typeof model === 'string' ? model : model.id, base);
  const warning = model === 'auto' && known.list.length === 0 ? known.warning : undefined;
  const { result, seconds, ran } = await drive(job, options);
  return { ...(result as Pick<Compressed, 'bytes' | 'variables'>), seconds, ran, ...(warning !== undefined && { warning }) };
}

/** Decompresses one file of an archive and checks every checksum and certificate of it. */
export async function decompress(archive: FileSource, options: DecompressOptions = {}): Promise<Dataset> {
  return (await decompressTimed(archive, options)).dataset;
}

/** As {@link decompress}, with the seconds it took and where it ran. */
export async function decompressTimed(archive: FileSource, options: DecompressOptions = {}): Promise<{ dataset: Dataset; seconds: number; ran: Ran }> {
  await load();
  const { result, seconds, ran } = await drive(new wasm.WasmDecompressor(await bytesOf(archive), options.file ?? 0, options.variable, loaded()), options);
  return { dataset: new Dataset(result), seconds, ran };
}

/** What an archive holds, without decoding it. */
export async function inspect(archive: FileSource): Promise<ArchiveInfo> {
  await load();
  return wasm.inspect(await bytesOf(archive));
}

/**
 * What the base layer alone shows of one plane: a coarse picture out of a few hundred bytes, long before the rest is decoded. `undefined` where that
 * plane has no base layer; with `base: 'always'` the first of every eight or more planes has one.
 */
export async function preview(archive: FileSource, variable: number, { file = 0, plane = 0 } = {}): Promise<Plane | undefined> {
  await load();
  return wasm.preview(await bytesOf(archive), file, variable, plane, loaded());
}

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

function boundOf({ abs, rel, pointwise, lossless, recommended }: Bound, whose: string): { kind: string; value: number } {
  const amounts = { abs, rel, pointwise, ...(lossless && { lossless: 0 }), ...(recommended && { recommended: 0 }) };
  const [given, ...more] = Object.entries(amounts).filter(([, value]) => value !== undefined);
  if (!given || more.length > 0) throw new DeepCompError('invalid-argument', `give exactly one of abs, rel, pointwise, lossless and recommended${whose}`);
  return { kind: given[0], value: given[1] as number };
}

interface Job<T> {
  nextJob(): Chunk | undefined;
  accept(done: Uint8Array): Progress;
  finish(): T;
  free(): void;
}

/** Does all chunks of a job: on the workers that were asked for; if those are gone, on workers of the CPU; what is left then, on this thread. */
async function drive<T>(job: Job<T>, options: JobOptions): Promise<{ result: T; seconds: number; ran: Ran }> {
  const { onProgress, signal } = options;
  const queue = new Queue<Progress>(job, (progress) => onProgress?.(progress), signal);
  const start = performance.now();
  try {
    const ran = await crew.during(() => employ(queue, options));
    const pauses = await here(queue);
    const result = job.finish();
    return { result, seconds: (performance.now() - start - pauses) / 1000, ran };
  } finally {
    job.free();
  }
}

/** Whether there can be workers; those of Node are of another kind. */
const WORKERS = !NODE && typeof Worker === 'function';

async function employ(queue: Queue<Progress>, { backend = 'auto', workers }: JobOptions): Promise<Ran> {
  if (!WORKERS) return { backend: 'cpu', workers: 0, ...(backend === 'webgpu' && { fallback: 'the GPU takes a worker, and there are none here' }) };
  const equipment = { ...(compiled && { module: compiled }), weights: weightsAtHand };
  // A single chunk is not worth a worker of the CPU.
  const count = queue.ahead() < 2 ? 0 : (workers ?? navigator.hardwareConcurrency);
  let ran: Ran = { backend: 'cpu', workers: 0 };
  if (backend === 'webgpu' || (backend === 'auto' && (await hasRealGpu()))) {
    const beside = backend === 'auto' ? crew.cpu(count, equipment) : [];
    const { accelerated, adapter, reason } = await queue.run([crew.gpu(equipment), ...beside]);
    ran = { backend: accelerated > 0 ? 'webgpu' : 'cpu', workers: beside.length, ...(adapter !== undefined && { adapter }), ...(reason !== undefined && { fallback: reason }) };
  }
  if (ran.workers === 0 && count > 0 && queue.ahead() > 0) {
    await queue.run(crew.cpu(count, equipment));
    ran.workers = count;
  }
  return ran;
}

/** Milliseconds of work between two pauses: short enough for a page to answer, long enough that pauses cost nothing. */
const SLICE = 12;

/** Does the chunks that are left on this thread; returns milliseconds of pauses. */
async function here(queue: Queue<Progress>): Promise<number> {
  let pauses = 0;
  for (let rest = performance.now(), chunk: Chunk | undefined; (chunk = queue.next()); ) {
    queue.accept(wasm.runJob(chunk.bytes, loaded()));
    const before = performance.now();
    if (before - rest > SLICE) {
      await pause();
      rest = performance.now();
      pauses += rest - before;
    }
  }
  return pauses;
}

/** Lets messages, timers and painting happen. */
function pause(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
