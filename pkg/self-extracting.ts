/** An archive as a page of its own: one HTML file that decodes it, shows it and saves what it holds, from a disk, without a network. */
import { bytesAt, reason, type Bytes } from './assets.js';
import { inspect } from './decompress.js';
import { DeepCompError } from './error.js';
import { load, weightsOf } from './load.js';
import { part, PLACE } from './part.js';
import { bytesOf, nameOf, type FileSource } from './source.js';

export interface SelfExtractingOptions {
  /** What the archive is called when it is saved from the page; the name of a `File`, otherwise `archive.dca`. */
  name?: string;
  /** Whether the page has the module of the heavy formats, 1 MB more: files of NetCDF-4, GRIB and GeoTIFF come out of it as they were only so; otherwise their values do. */
  formats?: boolean;
  /** The page without an archive, or its address; found beside this package when absent. */
  viewer?: Bytes;
}

/** Bytes of an archive that are put into a page: as text they are a third more, and browsers hold strings of at most 512 MiB. */
const MOST = 2 ** 28;

/** Bytes of an HTML file with the archive inside, and the weights where it needs them. */
export async function selfExtracting(archive: FileSource, options: SelfExtractingOptions = {}): Promise<Uint8Array> {
  const { name = archive instanceof Blob ? nameOf(archive) : 'data', formats = false, viewer = new URL('../viewer/viewer.html', import.meta.url) } = options;
  const bytes = await bytesOf(archive);
  if (bytes.length > MOST) throw new DeepCompError('limit-exceeded', `the archive has ${bytes.length} bytes, and a page holds at most ${MOST}; share the archive itself, or compress fewer variables into it`);
  const { models, embedded } = await inspect(bytes);
  // Those that lie in the archive are in the page with it.
  const parts = models.filter((id) => !embedded.includes(id)).map((id) => part('weights', id, weights(id)));
  parts.push(part('archive', name === 'data' ? 'archive.dca' : name, bytes));
  const [before, module, after] = await template(viewer);
  return new TextEncoder().encode([before, formats ? module : '', ...parts, after].join(''));
}

function weights(id: string): Uint8Array {
  const found = weightsOf(id);
  if (!found) throw new DeepCompError('model-unavailable', `the archive needs the network ${id}, which has to be in the page; add its .dcm file with addModel() first`);
  return found;
}

/** What comes before the module of the heavy formats, that, and what comes after the archive. */
async function template(viewer: Bytes): Promise<[string, string, string]> {
  await load();
  const text = await Promise.resolve(viewer)
    .then(async (source) => new TextDecoder().decode(await bytesAt(source)))
    .catch((error: unknown) => {
      throw new DeepCompError('not-loaded', `the page that archives are put into could not be loaded (${reason(error)}); check the connection and its address`, { cause: error });
    });
  const [before = '', rest = ''] = text.split(PLACE[0]);
  const [module = '', after] = rest.split(PLACE[1]);
  if (after === undefined) throw new DeepCompError('not-loaded', 'what was loaded is not the page that archives are put into; give viewer.html of this package');
  return [before, module, after];
}
