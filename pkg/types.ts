/** What the functions of this package take and give: types alone. */

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
  /** What it was taken for: `measurement`, or what else it is, which stays exact under any bound. */
  role: string;
  /** Why, in a few words, such as `named by "coordinates" of t`. */
  why: string;
  units?: string;
  longName?: string;
  /** What climate scientists advise for it (Python package compression-recommendations); absent where they are silent. */
  recommended?: ReportedBound;
  attributes: Record<string, AttributeValue>;
}

/** Something for which the format that a dataset is saved in has no place: variables and coordinates by their names, attributes, what only its own format has, or what a bound did to values. */
export interface LeftOut {
  kind: 'variables' | 'coordinates' | 'attributes' | 'own' | 'loss' | 'other';
  names?: string[];
  /** Why, of variables; what it is, of what only its own format has. */
  what?: string;
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
  /** Mean of decoded less source, in the variable's units: the bias. 0 when lossless. */
  meanError: number;
  /** Mean of the magnitudes of the source, by which the bias is told; absent when lossless. */
  meanMagnitude?: number;
  /** |meanError| / meanMagnitude: the part of themselves that sums change by; absent when lossless. */
  bias?: number;
  /** Whether that is more than 1e-3: then take a smaller bound, one of each value, or the recommended one. */
  biased: boolean;
  /** Values that came back as they were, in the variable's units, and how often each is in the source. */
  kept: { value: number; count: number }[];
  /** Whether every value kept its sign. */
  signsKept: boolean;
  /** Whether nothing moves when the values are compressed once more at the same bound. */
  stable: boolean;
  /** The part of the range that the bound is, where it is 5 % or more, so that little is left of the variable; in what `compress` says alone. */
  coarse?: number;
  /** Why it stayed lossless though it has a bound, which is finer than its precision; in what `compress` says alone. */
  unmet?: string;
  /** Stored values that look like codes for "missing" which the file does not declare, how often each is there, and whether it was `taken` as missing; in what `compress` says alone. */
  suspects: { value: number; count: number; taken: boolean }[];
  missing: number;
  /** Checksum of the decoded values, hexadecimal. */
  checksum: string;
  /** `id` of the model without which it cannot be decoded; absent where the classical predictor did it. */
  model?: string;
  /** The level it was compressed at; in what `compress` says alone. */
  level?: Level;
  /** What base layers came to while it was compressed; absent where none was tried, and in what `inspect` says. */
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
  /** What whoever made it says of it. */
  comment?: string;
  /** The networks that decoding takes, by hash. */
  models: string[];
  /** Those of them that lie in the archive: it opens without their files. */
  embedded: string[];
  /** The files that were compressed into it. */
  files: {
    name: string;
    /** Bytes it had on disk, where the archive says so. */
    bytes?: number;
    /** What `ranges` are of. */
    dimensions: { name: string; length: number }[];
    variables: VariableReport[];
  }[];
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

/** Indices that are wanted of dimensions, by their names: from the first on up to the second, which is not among them; or several such ranges, which come one behind the other. */
export type Ranges = Record<string, readonly [number, number] | readonly (readonly [number, number])[]>;

export interface DecompressOptions extends JobOptions {
  /** Of an archive that is encrypted. */
  passphrase?: string | undefined;
  /** Which file of the archive, by its name or from 0; the first when absent. */
  file?: number | string;
  /** The only variable to decode, by its name or from 0, for archives that are larger than memory. */
  variable?: number | string;
  /** The only variables to decode; all of them when this and `variable` are absent. */
  variables?: readonly (number | string)[];
  /** What is wanted of some dimensions, such as `{ time: [0, 10], lat: [[0, 5], [90, 100]] }`; all of the others. The names are those of {@link ArchiveInfo}. */
  ranges?: Ranges;
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

/**
 * Which values come back exactly under any bound: `auto` finds those that mean something (0 of rain, 0 and 1 of fractions, 100 of humidity, codes that nothing declares),
 * `sign` keeps the sign of every value and every 0 besides, `none` keeps none; or these, in the variable's units.
 */
export type Keep = 'auto' | 'none' | 'sign' | readonly number[];

/** How much time may go into a smaller archive. */
export type Level = 'fast' | 'balanced' | 'best' | 'max';

/** What `estimate` looks at beside what `compress` would be asked for. */
export interface EstimateOptions extends CompressOptions {
  /** Bounds, as multiples of those of the options; ten times, once and a tenth of them when absent. */
  times?: readonly number[];
}

/** What compressing at a level and at so many times the bounds would come to. */
export interface Estimate {
  level: Level;
  times: number;
  /** Of the archive. */
  bytes: number;
  /** Of one thread of this machine. */
  seconds: number;
}

/** The bound of all variables but those that are named. */
export interface CompressOptions extends JobOptions, Bound {
  /** Bounds of single variables, by name. */
  variables?: Record<string, Bound>;
  /**
   * Names of variables that are measurements whatever they look like. All else that is not one stays exact under any bound: coordinates, meshes, ids, flags,
   * masks, dates, whole numbers without a unit.
   */
  asData?: readonly string[];
  /**
   * Values that mean "no data" though the file does not say so: `auto`, the default, finds them where the evidence is overwhelming, such as 1e36 or -9999 far from
   * all others; `none` takes all values as data; or this one is. They come back exactly, and a bound relative to the range is not of a range with them. Reports list them as `suspects`.
   */
  missing?: 'auto' | 'none' | number;
  /** What is kept exactly, of all variables or by their names; `auto` when absent. */
  keep?: Keep | Record<string, Keep>;
  /**
   * Values lie on steps that type and bound alone set, so that what is decompressed and compressed again at the same bound, in whatever pieces, comes back bit for bit.
   * For stores that are appended to, copied and cut anew; it costs some bytes at loose bounds.
   */
  stable?: boolean;
  /** Takes absolute bounds of 5 % and more of a variable's range, and one bound for variables of several units, which are refused otherwise. */
  coarse?: boolean;
  /** Refuses what a bound is too fine for (`bound-below-precision`). Without it such a variable stays lossless, and its report says why (`unmet`). */
  strict?: boolean;
  /**
   * How much time may go into a smaller archive. `auto`, the default, is `best` up to 64 MiB of values and `balanced` above (`dataset.level`). `best` takes the network wherever it makes a chunk smaller; `balanced` the smallest of what takes none, several times
   * faster; `fast` one quick way alone, for bulk; `max` weighs many predictions of each value, some ten times slower than `best`, for what is written once and read for years.
   * Decoding is quick where encoding was, and needs no word of it.
   */
  level?: Level | 'auto';
  /**
   * What of an array lies together in a chunk, for whoever reads a part of it: `map`, the default, planes of the last two dimensions, which is the smallest; `series` all times of few points;
   * `both`, so that a map and a series are each read from less than a twentieth of a long series; or sizes by the names of dimensions, such as `{ time: 24, lat: 90 }`.
   */
  tiles?: 'map' | 'series' | 'both' | Record<string, number>;
  /**
   * Of the levels `best` and `max`. `auto`, the default, uses the network wherever it makes a chunk smaller, and the classical predictor where there are no weights. `none` uses
   * the classical predictor alone: larger archives, several times faster. A model that was added is used as `auto` uses the first.
   */
  model?: 'auto' | 'none' | Model;
  /**
   * Base layers that the autoencoder of the model draws: `auto`, the default, where they make a chunk smaller; `always` wherever one can be had, so
   * that `preview` has something to show; `never`.
   */
  base?: 'auto' | 'always' | 'never';
}

export interface Compressed {
  /** The archive. */
  bytes: Uint8Array;
  /** Bytes of the file that the dataset came from, to set beside those of the archive, which may be more; absent of arrays and of what was decoded. */
  fileBytes?: number;
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

/** A file format. */
export interface FormatInfo {
  /** As {@link Dataset.format} and {@link Format} have it. */
  readonly name: 'netcdf' | 'netcdf4' | 'grib' | 'tiff' | 'npy' | 'npz' | 'csv' | 'png' | 'picture' | 'file' | 'array';
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
  /** Whether the first module reads and writes it by itself; that of formats is loaded otherwise. */
  readonly here: boolean;
}

/** The formats that datasets can be saved in, whatever they came from; {@link formats} says what a file of each holds. */
export type Format = 'netcdf' | 'netcdf4' | 'tiff' | 'npz' | 'npy' | 'csv' | 'png';
