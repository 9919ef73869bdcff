/** The engine: runs the npm package, so that the page never waits. One holds the open file; another makes archives, and is ended to cancel that. */
import { acceptance, addModel, compare, compress, decompressTimed, difference, fromFile, inspect, models, openDataset, preview, DeepCompError, type Acceptance, type Backend, type Dataset, type JobOptions, type Plane, type VariableReport } from 'deepcomp';
import { PICTURES, type Axis, type Calls, type Opened, type Packed, type Preview, type Reply, type Request, type Result, type Stage, type Views } from './protocol.ts';

let source: Dataset | undefined;
let sourceBytes = 0;
let decoded: Dataset | undefined;
/** What `decoded` came from: its bytes, which file in them, and which of its variables may have base layers. */
let archive: { bytes: Uint8Array; file: number; layered: boolean[] } | undefined;

interface Post {
  stage(stage: Stage, fraction: number): void;
  preview(preview: Preview): void;
}
const running = new Map<number, AbortController>();
const SIGNATURE = [0x89, 0x44, 0x43, 0x41];

addEventListener('message', ({ data }: MessageEvent<Request>) => {
  if (data.call === 'cancel') running.get(data.id)?.abort();
  else void answer(data);
});

async function answer(request: Exclude<Request, { call: 'cancel' }>): Promise<void> {
  const { id } = request;
  const send = (reply: Reply, transfer: Transferable[] = []) => postMessage(reply, { transfer });
  const controller = new AbortController();
  running.set(id, controller);
  try {
    const post: Post = { stage: (stage, fraction) => send({ id, stage, fraction }), preview: (preview) => send({ id, preview }, [preview.plane.values.buffer]) };
    const result = await perform(request, controller.signal, post);
    send({ id, result }, buffers(result));
  } catch (error) {
    const known = error instanceof DeepCompError;
    const { message } = error instanceof Error ? error : { message: String(error) };
    send({ id, error: { code: known ? error.code : 'internal', message }, fatal: error instanceof WebAssembly.RuntimeError });
  } finally {
    running.delete(id);
  }
}

function perform(request: Exclude<Request, { call: 'cancel' }>, signal: AbortSignal, post: Post): Promise<Calls[keyof Calls]['result']> {
  switch (request.call) {
    case 'open': return open(request.args, signal, post);
    case 'openFile': return openArchive(archive?.bytes ?? new Uint8Array(), request.args, signal, post);
    case 'compress': return pack(request.args, post);
    case 'check': return check(request.args, signal, post);
    case 'setMissing': return Promise.resolve(setMissing(request.args));
    case 'addModel': return addModel(request.args.bytes);
    case 'views': return views(request.args.variable, request.args.planes);
    case 'range': return Promise.resolve(shown().range(request.args.variable));
    case 'acceptance': return Promise.resolve(accept(request.args.variable));
    case 'save': return Promise.resolve(save(request.args));
  }
}

function job(stage: Stage, backend: Backend, post: Post, signal?: AbortSignal): JobOptions {
  return { ...(signal && { signal }), backend, onProgress: ({ doneBytes, totalBytes }) => post.stage(stage, totalBytes > 0 ? doneBytes / totalBytes : 1) };
}

function keep(next: { source?: Dataset | undefined; decoded?: Dataset | undefined; archive?: typeof archive }): void {
  if (next.source !== source) source?.free();
  if (next.decoded !== decoded) decoded?.free();
  ({ source, decoded, archive } = next);
}

async function open({ bytes: buffer, name, backend }: Calls['open']['args'], signal: AbortSignal, post: Post): Promise<Opened> {
  const bytes = new Uint8Array(buffer);
  if (!SIGNATURE.every((byte, i) => bytes[i] === byte)) {
    const { dataset, why } = await openAny(bytes, name);
    keep({ source: dataset });
    sourceBytes = bytes.length;
    return { ...describe(dataset, bytes.length), ...(why !== undefined && { why }) };
  }
  return openArchive(bytes, { file: 0, backend }, signal, post);
}

/** A file that is no data is kept as it is. A damaged one is an error. */
async function openAny(bytes: Uint8Array<ArrayBuffer>, name: string): Promise<{ dataset: Dataset; why?: string }> {
  try {
    return { dataset: await openDataset(bytes, name) };
  } catch (error) {
    if (!(error instanceof DeepCompError) || !['unknown-format', 'unsupported'].includes(error.code)) throw error;
    return { dataset: await fromFile(bytes, name), why: error.message };
  }
}

function setMissing({ variable, value }: Calls['setMissing']['args']): Opened {
  if (!source) throw new DeepCompError('invalid-argument', 'open a data file first');
  source.setMissing(variable, value);
  keep({ source });
  return describe(source, sourceBytes);
}

async function openArchive(bytes: Uint8Array, { file, backend }: Calls['openFile']['args'], signal: AbortSignal, post: Post): Promise<Opened> {
  const { version, files } = await inspect(bytes);
  const { name = '', variables = [] } = files[file] ?? {};
  const first = await firstPreview(bytes, file, variables);
  if (first) post.preview({ fileName: name, ...first });
  const { dataset, seconds, ran } = await decompressTimed(bytes, { file, ...job('checking', backend, post, signal) });
  keep({ decoded: dataset, archive: { bytes, file, layered: variables.map(({ model }) => model !== undefined) } });
  const archiveBytes = files.length > 1 ? variables.reduce((sum, v) => sum + v.archiveBytes, 0) : bytes.length;
  const result: Result = { archiveBytes, version, variables, models: (await models()).list, decodeSeconds: seconds, decodeRan: ran };
  return { ...describe(dataset, bytes.length), result, files: { names: files.map((f) => f.name), current: file } };
}

/** What the base layer shows of the variable that will be looked at first: the largest. What is wrong with an archive is for decoding to say. */
async function firstPreview(bytes: Uint8Array, file: number, variables: VariableReport[]): Promise<Omit<Preview, 'fileName'> | undefined> {
  const maps = variables.flatMap((report, index) => (report.shape.length > 1 && report.dataType !== 'char' ? [{ report, index }] : []));
  const [largest] = maps.sort((a, b) => b.report.rawBytes - a.report.rawBytes);
  if (largest?.report.model === undefined) return undefined;
  const plane = await preview(bytes, largest.index, { file }).catch(() => undefined);
  return plane && { variable: largest.report.name, plane };
}

function describe(dataset: Dataset, fileBytes: number): Opened {
  const { fileName, format, variables } = dataset;
  const axes: Record<string, Axis> = {};
  for (const { name, coordinate, dataType, units, attributes } of variables) {
    if (!coordinate || dataType === 'char') continue;
    const { calendar } = attributes;
    axes[name] = { name, values: Float64Array.from(dataset.values(name) as Float64Array, Number), ...(units && { units }), ...(typeof calendar === 'string' && { calendar }) };
  }
  return { fileName, fileBytes, format, variables: [...variables], axes };
}

async function pack({ bytes, name, bounds, missing, model, base, backend }: Calls['compress']['args'], post: Post): Promise<Packed> {
  const { dataset } = await openAny(new Uint8Array(bytes), name);
  missing.forEach(([variable, value]) => dataset.setMissing(variable, value));
  const { bytes: archive, variables, seconds, ran, warning } = await compress(dataset, { ...bounds, model, base, ...job('compressing', backend, post) });
  dataset.free();
  return { archive: archive as Uint8Array<ArrayBuffer>, variables, seconds, ran, base: model === 'none' || warning !== undefined ? 'never' : base, ...(warning !== undefined && { warning }) };
}

/** Decodes the very bytes that will be saved and compares every value with the source. */
async function check({ packed, backend }: Calls['check']['args'], signal: AbortSignal, post: Post): Promise<Result> {
  const { archive: bytes, variables, seconds, ran, base, warning } = packed;
  const original = source;
  if (!original) throw new DeepCompError('invalid-argument', 'open a data file first');
  const back = await decompressTimed(bytes, job('checking', backend, post, signal));
  if (source !== original) {
    back.dataset.free();
    throw new DeepCompError('cancelled', 'another file was opened');
  }
  keep({ source, decoded: back.dataset, archive: { bytes, file: 0, layered: variables.map(({ base }) => (base?.chunks ?? 0) > 0) } });
  const { version } = await inspect(bytes);
  return {
    archiveBytes: bytes.length,
    version,
    variables,
    models: (await models()).list,
    ...(warning !== undefined && { warning }),
    base,
    comparisons: original.variables.map((_, i) => compare(original, back.dataset, i)),
    encodeSeconds: seconds,
    decodeSeconds: back.seconds,
    encodeRan: ran,
    decodeRan: back.ran,
  };
}

function shown(): Dataset {
  const dataset = source ?? decoded;
  if (!dataset) throw new DeepCompError('invalid-argument', 'open a file first');
  return dataset;
}

async function views(variable: number, planes: number[]): Promise<Views> {
  const of = (plane: (index: number) => Plane) => planes.map(plane);
  const [before, after] = [source, decoded];
  const whole: Views = {
    ...(before && { original: of((p) => before.plane(variable, p)) }),
    ...(after && { decoded: of((p) => after.plane(variable, p)) }),
    ...(before && after && { error: of((p) => difference(before, after, variable, p)) }),
  };
  const base = await baseOf(variable, planes);
  return { ...whole, ...(base && whole.decoded && { base, detail: whole.decoded.map((plane, i) => detail(plane, base[i]!)) }) };
}

/** What base layers draw of planes, if all of them have one. */
async function baseOf(variable: number, planes: number[]): Promise<Plane[] | undefined> {
  if (!archive?.layered[variable]) return undefined;
  const { bytes, file } = archive;
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

function accept(variable: number): Acceptance {
  if (!source || !decoded) throw new DeepCompError('invalid-argument', 'open a data file and compress it first');
  return acceptance(source, decoded, variable);
}

function save({ kind, variable, plane }: Calls['save']['args']): Calls['save']['result'] {
  if (!decoded || !archive) throw new DeepCompError('invalid-argument', 'compress first');
  const { fileName, variables, format } = decoded;
  const stem = fileName.replace(/\.[^.]*$/, '') || 'data';
  const safe = (variables[variable]?.name ?? '').replace(/[^\p{L}\p{N}\-_.]/gu, '_');
  const name = variables.length > 1 ? `${stem}.${safe}` : stem;
  const many = !PICTURES.includes(format) && (variables[variable]?.planes ?? 1) > 1;
  const bytes = (b: Uint8Array) => b as Uint8Array<ArrayBuffer>;
  switch (kind) {
    case 'archive': return { bytes: bytes(archive.bytes.slice()), fileName: `${stem}.dca` };
    case 'original': return decoded.original() as Calls['save']['result'];
    case 'netcdf': case 'netcdf4': return { bytes: bytes(decoded.save(kind)), fileName: `${stem}.nc` };
    case 'tiff': return { bytes: bytes(decoded.save('tiff')), fileName: `${stem}.tif` };
    case 'npz': return { bytes: bytes(decoded.save('npz')), fileName: `${stem}.npz` };
    case 'npy': case 'csv': return { bytes: bytes(decoded.save(kind, variable)), fileName: `${name}.${kind}` };
    case 'png': return { bytes: bytes(decoded.save('png', variable, plane)), fileName: many ? `${name}.${String(plane).padStart(4, '0')}.png` : `${name}.png` };
  }
}

/** Arrays in a reply that can change hands instead of being copied. */
function buffers(result: Calls[keyof Calls]['result']): Transferable[] {
  if ('bytes' in result) return [result.bytes.buffer];
  if ('archive' in result) return [result.archive.buffer];
  const planes = 'original' in result || 'decoded' in result ? [result.original, result.decoded, result.error, result.base, result.detail] : [];
  return planes.flatMap((list) => list?.map((p) => p.values.buffer) ?? []);
}
