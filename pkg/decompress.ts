/** Archives into datasets, and what archives say without being decoded. */
import * as wasm from '#wasm';
import { Dataset } from './dataset.js';
import { drive } from './job.js';
import { load, loaded } from './load.js';
import { needsFormats } from './formats.js';
import { openDataset } from './open.js';
import { bytesOf, type FileSource } from './source.js';
import type { ArchiveInfo, DecompressOptions, Plane, Ran } from './types.js';

/** Decompresses one file of an archive and checks every checksum and certificate of it. */
export async function decompress(archive: FileSource, options: DecompressOptions = {}): Promise<Dataset> {
  return (await decompressTimed(archive, options)).dataset;
}

/** As {@link decompress}, with the seconds it took and where it ran. */
export async function decompressTimed(archive: FileSource, options: DecompressOptions = {}): Promise<{ dataset: Dataset; seconds: number; ran: Ran }> {
  await load();
  const job = new wasm.WasmDecompressor(await bytesOf(archive), options.file ?? 0, options.variable, loaded());
  const { whole } = job;
  const { result, seconds, ran } = await drive(job, options);
  const dataset = new Dataset(result);
  return { dataset: whole ? await parsed(dataset) : dataset, seconds, ran };
}

/** What the bytes hold of a file that is kept whole; where its module is done without, that very file. */
async function parsed(file: Dataset): Promise<Dataset> {
  const bytes = file.values(0) as Uint8Array;
  try {
    const dataset = await openDataset(bytes, file.fileName);
    dataset.whole = bytes;
    file.free();
    return dataset;
  } catch (error) {
    if (needsFormats(error)) return file;
    file.free();
    throw error;
  }
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
