/** Archives into datasets, and what archives say without being decoded: each opens an archive, does one thing with it and is done. */
import { openArchive, type Archive, type OpenOptions } from './archive.js';
import type { Dataset } from './dataset.js';
import type { ArchiveSource } from './source.js';
import type { ArchiveInfo, DecompressOptions, Plane, Ran } from './types.js';

/** Decompresses one file of an archive, or a part of it, and checks every checksum and certificate of it. */
export async function decompress(archive: ArchiveSource, options: DecompressOptions = {}): Promise<Dataset> {
  return (await decompressTimed(archive, options)).dataset;
}

/** As {@link decompress}, with the seconds it took and where it ran. */
export function decompressTimed(archive: ArchiveSource, options: DecompressOptions = {}): Promise<{ dataset: Dataset; seconds: number; ran: Ran }> {
  return once(archive, options, (opened) => opened.readTimed(options));
}

/** What an archive holds, without decoding it. */
export function inspect(archive: ArchiveSource, options: OpenOptions = {}): Promise<ArchiveInfo> {
  return once(archive, options, async ({ version, comment, models, embedded, files }) => ({ version, ...(comment !== undefined && { comment }), models: [...models], embedded: [...embedded], files }));
}

/**
 * What the base layer alone shows of one plane: a coarse picture out of a few hundred bytes, long before the rest is decoded. `undefined` where that
 * plane has no base layer; with `base: 'always'` the first of every eight or more planes has one.
 */
export function preview(archive: ArchiveSource, variable: number | string, options: { file?: number | string; plane?: number } & OpenOptions = {}): Promise<Plane | undefined> {
  return once(archive, options, (opened) => opened.preview(variable, options));
}

async function once<T>(archive: ArchiveSource, options: OpenOptions, work: (opened: Archive) => Promise<T>): Promise<T> {
  const opened = await openArchive(archive, options);
  try {
    return await work(opened);
  } finally {
    opened.free();
  }
}
