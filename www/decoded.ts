/** An archive that was decoded: described, looked at, saved. What workers do of it, those of the page and that of the self-extracting page. */
import { decompressTimed, formats, inspect, models, preview, type Backend, type Dataset, type Plane, type VariableReport } from 'deepcomp';
import type { Axis, Calls, Opened, Preview, Result, Saved, Views } from './protocol.ts';
import { job, type Post } from './serve.ts';

/** A decoded file, whole, or one variable at a time where it is larger than what fits into memory beside its source. */
export interface Decoded {
  fileName: string;
  /** Loads a variable, if it is not at hand, and returns the dataset that holds it and its number there. */
  of(variable: number): Promise<[Dataset, number]>;
  /** Does something with all of it. */
  whole<T>(use: (dataset: Dataset) => Promise<T>): Promise<T>;
  free(): void;
}

/** Bytes of values that are decoded whole. */
export const WHOLE = 2 ** 28;

export function decodedWhole(dataset: Dataset): Decoded {
  return { fileName: dataset.fileName, of: async (variable) => [dataset, variable], whole: (use) => use(dataset), free: () => dataset.free() };
}

export function decodedInParts(bytes: Uint8Array, file: number, fileName: string, backend: Backend): Decoded {
  let at: { variable: number; dataset: Dataset } | undefined;
  const free = () => (at?.dataset.free(), (at = undefined));
  const of = async (variable: number): Promise<[Dataset, number]> => {
    if (at?.variable !== variable) {
      free();
      const { dataset } = await decompressTimed(bytes, { file, variable, backend });
      // Whoever asked for another one in the meantime has looked at it by now.
      free();
      at = { variable, dataset };
    }
    return [at.dataset, 0];
  };
  const whole: Decoded['whole'] = async (use) => {
    const { dataset } = await decompressTimed(bytes, { file, backend });
    return use(dataset).finally(() => dataset.free());
  };
  return { fileName, of, free, whole };
}

/** What an archive came to. */
export interface Unpacked {
  decoded: Decoded;
  /** What it came from: bytes, which file in them, which of its variables may have base layers, and what it is called where that is known. */
  archive: { bytes: Uint8Array; file: number; layered: boolean[]; name?: string };
}

/** Decodes a file of an archive. */
export async function unpack(bytes: Uint8Array, { file, backend }: Calls['openFile']['args'], signal: AbortSignal, post: Post): Promise<{ unpacked: Unpacked; opened: Opened }> {
  const { version, comment, files } = await inspect(bytes);
  const { name = '', variables = [], bytes: fileBytes } = files[file] ?? {};
  const first = await firstPreview(bytes, file, variables);
  if (first) post.preview({ fileName: name, ...first });
  const { dataset, seconds, ran } = await decompressTimed(bytes, { file, ...job('checking', backend, post, signal) });
  const result: Result = {
    ...(fileBytes !== undefined && { fileBytes }),
    archiveBytes: files.length > 1 ? variables.reduce((sum, v) => sum + v.archiveBytes, 0) : bytes.length,
    version,
    ...(comment !== undefined && { comment }),
    variables,
    models: (await models()).list,
    decodeSeconds: seconds,
    decodeRan: ran,
  };
  const opened: Opened = { ...(await describe(dataset, bytes.length)), result, files: { names: files.map((f) => f.name), current: file } };
  const archive = { bytes, file, layered: variables.map(({ model }) => model !== undefined) };
  return { unpacked: { decoded: decodedWhole(dataset), archive }, opened };
}

/** What the base layer shows of the variable that will be looked at first: the largest. What is wrong with an archive is for decoding to say. */
async function firstPreview(bytes: Uint8Array, file: number, variables: VariableReport[]): Promise<Omit<Preview, 'fileName'> | undefined> {
  const maps = variables.flatMap((report, index) => (report.shape.length > 1 && report.dataType !== 'char' ? [{ report, index }] : []));
  const [largest] = maps.sort((a, b) => b.report.rawBytes - a.report.rawBytes);
  if (largest?.report.model === undefined) return undefined;
  const plane = await preview(bytes, largest.index, { file }).catch(() => undefined);
  return plane && { variable: largest.report.name, plane };
}

/** What there is to say of a dataset. */
export async function describe(dataset: Dataset, fileBytes: number): Promise<Opened> {
  const { fileName, format, variables, level, kept } = dataset;
  return { fileName, fileBytes, format, formats: await formats(), variables: [...variables], level, axes: axesOf(dataset), ...(kept !== undefined && { why: kept }) };
}

/** What positions along its dimensions mean, by their names. */
export function axesOf(dataset: Dataset): Record<string, Axis> {
  const axes: Record<string, Axis> = {};
  for (const { name, coordinate, dataType, units, attributes } of dataset.variables) {
    if (!coordinate || dataType === 'char') continue;
    const { calendar } = attributes;
    axes[name] = { name, values: Float64Array.from(dataset.values(name) as Float64Array, Number), ...(units && { units }), ...(typeof calendar === 'string' && { calendar }) };
  }
  return axes;
}

/** Planes of a variable, and what their base layers draw and leave to be added. */
export async function decodedViews({ decoded, archive }: Unpacked, variable: number, planes: number[]): Promise<Views> {
  const [dataset, index] = await decoded.of(variable);
  const whole = planes.map((plane) => dataset.plane(index, plane));
  const base = await baseOf(archive, variable, planes);
  return { decoded: whole, ...(base && { base, detail: whole.map((plane, i) => detail(plane, base[i]!)) }) };
}

/** What base layers draw of planes, if all of them have one. */
async function baseOf({ bytes, file, layered }: Unpacked['archive'], variable: number, planes: number[]): Promise<Plane[] | undefined> {
  if (!layered[variable]) return undefined;
  const drawn: Plane[] = [];
  for (const plane of planes) {
    const base = await preview(bytes, variable, { file, plane });
    if (!base) return undefined;
    drawn.push(base);
  }
  return drawn;
}

/** What is added to a base layer to have the whole. */
function detail(whole: Plane, base: Plane): Plane {
  const values = whole.values.map((value, i) => value - base.values[i]!);
  const largest = values.reduce((most, value) => (Math.abs(value) > most ? Math.abs(value) : most), 0);
  return { ...whole, values, min: -largest, max: largest };
}

/** Smallest and largest value of a variable. */
export async function decodedRange({ decoded }: Unpacked, variable: number): Promise<Calls['look']['result']> {
  const [dataset, index] = await decoded.of(variable);
  return dataset.range(index);
}

/** The archive, or what it holds in any format. */
export async function save({ decoded, archive }: Unpacked, { kind, variable, plane }: Calls['save']['args']): Promise<Saved> {
  const stem = stemOf(decoded.fileName);
  if (kind === 'archive') return saved(archive.bytes.slice(), archive.name ?? archiveName(decoded.fileName));
  if (kind === 'original') return decoded.whole((dataset) => dataset.original()) as Promise<Saved>;
  const { saves, extension } = (await formats()).find(({ name }) => name === kind)!;
  if (saves === 'dataset') return decoded.whole(async (dataset) => saved(await dataset.save(kind), `${stem}.${extension}`));
  const [dataset, index] = await decoded.of(variable);
  const { name: own = '', planes = 1 } = dataset.variables[index] ?? {};
  const name = archive.layered.length > 1 ? `${stem}.${own.replace(/[^\p{L}\p{N}\-_.]/gu, '_')}` : stem;
  const one = saves !== 'plane' || planes === 1 || (await formats()).some((format) => format.name === dataset.format && format.picture);
  return saved(await dataset.save(kind, index, plane), one ? `${name}.${extension}` : `${name}.${String(plane).padStart(4, '0')}.${extension}`);
}

function stemOf(fileName: string): string {
  return fileName.replace(/\.[^.]*$/, '') || 'data';
}

/** What the archive of a file is called. */
export function archiveName(fileName: string): string {
  return `${stemOf(fileName)}.dca`;
}

function saved(bytes: Uint8Array, fileName: string): Saved {
  return { bytes: bytes as Uint8Array<ArrayBuffer>, fileName };
}
