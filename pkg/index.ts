/**
 * DeepComp: error-bounded and lossless compression of climate data, in a browser, a worker or Node.
 *
 * The WASM module does the work; this package loads it, gives it types, and drives its jobs chunk by chunk so that a page stays
 * alive, sees progress and can cancel. No algorithm lives here, and in this file nothing but what is public.
 */
export { hasRealGpu } from './adapter.js';
export { openArchive, type Archive, type OpenOptions } from './archive.js';
export { acceptance, compare, difference } from './compare.js';
export { workOnChunks } from './chunks.js';
export { compress, estimate } from './compress.js';
export { Dataset } from './dataset.js';
export { decompress, decompressTimed, inspect, preview } from './decompress.js';
export { decrypt, encrypt } from './envelope.js';
export { DeepCompError, type CoarseBound } from './error.js';
export { addModel, formats, load, models, type LoadOptions } from './load.js';
export { fromArray, fromFile, openAny, openDataset } from './open.js';
export { compressStream, readStream, type ArrivedChunk, type ArrivedFile, type Arrival, type ComingChunk, type CompressedStream, type StreamHeader, type StreamOptions, type StreamVariable } from './stream.js';
export { selfExtracting, type SelfExtractingOptions } from './self-extracting.js';
export type { ArchiveSource, FileSource } from './source.js';
export type {
  Acceptance, ArchiveInfo, ArrayOptions, AttributeValue, Backend, BaseReport, Bound, Comparison, Compressed, CompressOptions, DataType, DecompressOptions, Estimate, EstimateOptions, Format, FormatInfo, JobOptions,
  Keep, LeftOut, Level, Model, Models, Plane, Progress, Ran, Range, Ranges, ReportedBound, TypedArray, Variable, VariableReport,
} from './types.js';
