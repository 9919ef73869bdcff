/** Datasets into archives. */
import { WasmCompressor, WasmEstimator } from '#wasm';
import type { Dataset } from './dataset.js';
import { DeepCompError } from './error.js';
import { alone, drive } from './job.js';
import { loaded, modelsAtHand } from './load.js';
import type { Bound, Compressed, CompressOptions, Estimate, EstimateOptions, Keep } from './types.js';

/** Compresses a dataset; it stays usable. */
export async function compress(dataset: Dataset, options: CompressOptions): Promise<Compressed> {
  const { level = 'auto', model = 'auto', base = 'auto' } = options;
  const job = new WasmCompressor(dataset.inner, asked(options), loaded(), named(model), base);
  const { list, warning: missing } = modelsAtHand();
  const warning = level !== 'fast' && level !== 'balanced' && model === 'auto' && list.length === 0 ? missing : undefined;
  const { result, seconds, ran } = await drive(job, options);
  const { fileBytes } = dataset;
  return { ...(result as Pick<Compressed, 'bytes' | 'variables'>), ...(fileBytes !== undefined && { fileBytes }), seconds, ran, ...(warning !== undefined && { warning }) };
}

/** What archives of a dataset would come to, told from pieces of its values: at each level, at the bounds of the options and at multiples of them. It runs on the calling thread, with pauses. */
export async function estimate(dataset: Dataset, options: EstimateOptions): Promise<Estimate[]> {
  const { times = [10, 1, 0.1], model = 'auto', signal } = options;
  const job = new WasmEstimator(dataset.inner, asked(options), loaded(), named(model), Float64Array.from(times));
  try {
    await alone(job, signal);
    return job.finish() as Estimate[];
  } finally {
    job.free();
  }
}

export const named = (model: NonNullable<CompressOptions['model']>): string => (typeof model === 'string' ? model : model.id);

/** What is asked of the values, as the module takes it. */
export function asked(options: CompressOptions): object {
  const { level = 'auto', variables = {}, asData = [], missing = 'auto', keep = 'auto', stable = false, coarse = false, strict = false, tiles = 'map' } = options;
  const named = Object.entries(variables).map(([name, bound]) => [name, boundOf(bound, ` for "${name}"`)]);
  return { others: boundOf(options, ''), named, asData: [...asData], missing: String(missing), keep: keepsOf(keep), stable, coarse, strict, level, tiles: tilesOf(tiles) };
}

const tilesOf = (tiles: NonNullable<CompressOptions['tiles']>): string =>
  typeof tiles === 'string' ? tiles : Object.entries(tiles).map(([name, size]) => `${name}=${size}`).join(',');

/** What is kept as lists of words and numbers: of single variables, and of those that are not named. */
function keepsOf(keep: NonNullable<CompressOptions['keep']>): { others: string; named: [string, string][] } {
  const isByName = (of: typeof keep): of is Record<string, Keep> => typeof of === 'object' && !Array.isArray(of);
  const words = (of: Keep) => (typeof of === 'string' ? of : of.join(',') || 'none');
  return isByName(keep) ? { others: 'auto', named: Object.entries(keep).map(([name, of]) => [name, words(of)]) } : { others: words(keep), named: [] };
}

function boundOf({ abs, rel, pointwise, lossless, recommended }: Bound, whose: string): { kind: string; value: number } {
  const amounts = { abs, rel, pointwise, ...(lossless && { lossless: 0 }), ...(recommended && { recommended: 0 }) };
  const [given, ...more] = Object.entries(amounts).filter(([, value]) => value !== undefined);
  if (!given || more.length > 0) throw new DeepCompError('invalid-argument', `give exactly one of abs, rel, pointwise, lossless and recommended${whose}`);
  return { kind: given[0], value: given[1] as number };
}
