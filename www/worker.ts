/** The engine: runs the npm package, so that the page never waits. One holds the open file; another makes archives, and is ended to cancel that. */
import { acceptance, addModel, compare, compress, decompressTimed, difference, formats, inspect, models, openAny, preview, DeepCompError, type Acceptance, type Backend, type Comparison, type Dataset, type JobOptions, type Plane, type Ran, type VariableReport } from 'deepcomp';
import type { Axis, Calls, Opened, Packed, Preview, Refusal, Reply, Request, Result, Stage, Views } from './protocol.ts';

let source: Dataset | undefined;
let sourceBytes = 0;
let decoded: Decoded | undefined;
/** What `decoded` came from: its bytes, which file in them, and which of its variables may have base layers. */
let archive: { bytes: Uint8Array; file: number; layered: boolean[] } | undefined;

/** A decoded file, whole, or one variable at a time where it is larger than what fits into memory beside its source. */
interface Decoded {
  fileName: string;
  /** Loads a variable, if it is not at hand, and returns the dataset that holds it and its number there. */
  of(variable: number): Promise<[Dataset, number]>;
  /** Does something with all of it. */
  whole<T>(use: (dataset: Dataset) => Promise<T>): Promise<T>;
  free(): void;
}

/** Bytes of values that are decoded whole. */
const WHOLE = 2 ** 28;

function decodedWhole(dataset: Dataset): Decoded {
  return { fileName: dataset.fileName, of: async (variable) => [dataset, variable], whole: (use) => use(dataset), free: () => dataset.free() };
}

function decodedInParts(bytes: Uint8Array, file: number, fileName: string, backend: Backend): Decoded {
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
    const refusal = known && refusalOf(error);
    send({ id, error: { code: known ? error.code : 'internal', message, ...(refusal && { refusal }) }, fatal: error instanceof WebAssembly.RuntimeError });
  } finally {
    running.delete(id);
  }
}

/** What bounds were refused for, if that is what went wrong. */
function refusalOf({ coarse, units }: DeepCompError): Refusal | undefined {
  return coarse ? { coarse } : units && { units };
}

function perform(request: Exclude<Request, { call: 'cancel' }>, signal: AbortSignal, post: Post): Promise<Calls[keyof Calls]['result']> {
  switch (request.call) {
    case 'open': return open(request.args, signal, post);
    case 'openFile': return openArchive(archive?.bytes ?? new Uint8Array(), request.args, signal, post);
    case 'compress': return pack(request.args, post);
    case 'check': return check(request.args, signal, post);
    case 'setMissing': return setMissing(request.args);
    case 'addModel': return addModel(request.args.bytes);
    case 'views': return views(request.args.variable, request.args.planes);
    case 'look': return look(request.args.variable);
    case 'acceptance': return accept(request.args.variable);
    case 'save': return save(request.args);
  }
}

function job(stage: Stage, backend: Backend, post: Post, signal?: AbortSignal): JobOptions {
  return { ...(signal && { signal }), backend, onProgress: ({ doneBytes, totalBytes }) => post.stage(stage, totalBytes > 0 ? doneBytes / totalBytes : 1) };
}

function keep(next: { source?: Dataset | undefined; decoded?: Decoded | undefined; archive?: typeof archive }): void {
  if (next.source !== source) source?.free();
  if (next.decoded !== decoded) decoded?.free();
  ({ source, decoded, archive } = next);
}

async function open({ file, name, backend }: Calls['open']['args'], signal: AbortSignal, post: Post): Promise<Opened> {
  const start = new Uint8Array(await file.slice(0, SIGNATURE.length).arrayBuffer());
  if (SIGNATURE.every((byte, i) => start[i] === byte)) return openArchive(new Uint8Array(await file.arrayBuffer()), { file: 0, backend }, signal, post);
  const dataset = await openAny(file, name);
  keep({ source: dataset });
  sourceBytes = file.size;
  return describe(dataset, file.size);
}

async function setMissing({ variable, value }: Calls['setMissing']['args']): Promise<Opened> {
  if (!source) throw new DeepCompError('invalid-argument', 'open a data file first');
  source.setMissing(variable, value);
  keep({ source });
  return describe(source, sourceBytes);
}

async function openArchive(bytes: Uint8Array, { file, backend }: Calls['openFile']['args'], signal: AbortSignal, post: Post): Promise<Opened> {
  const { version, files } = await inspect(bytes);
  const { name = '', variables = [], bytes: fileBytes } = files[file] ?? {};
  const first = await firstPreview(bytes, file, variables);
  if (first) post.preview({ fileName: name, ...first });
  const layered = variables.map(({ model }) => model !== undefined);
  const archiveBytes = files.length > 1 ? variables.reduce((sum, v) => sum + v.archiveBytes, 0) : bytes.length;
  const { dataset, seconds, ran } = await decompressTimed(bytes, { file, ...job('checking', backend, post, signal) });
  keep({ decoded: decodedWhole(dataset), archive: { bytes, file, layered } });
  const result: Result = { ...(fileBytes !== undefined && { fileBytes }), archiveBytes, version, variables, models: (await models()).list, decodeSeconds: seconds, decodeRan: ran };
  return { ...(await describe(dataset, bytes.length)), result, files: { names: files.map((f) => f.name), current: file } };
}

/** What the base layer shows of the variable that will be looked at first: the largest. What is wrong with an archive is for decoding to say. */
async function firstPreview(bytes: Uint8Array, file: number, variables: VariableReport[]): Promise<Omit<Preview, 'fileName'> | undefined> {
  const maps = variables.flatMap((report, index) => (report.shape.length > 1 && report.dataType !== 'char' ? [{ report, index }] : []));
  const [largest] = maps.sort((a, b) => b.report.rawBytes - a.report.rawBytes);
  if (largest?.report.model === undefined) return undefined;
  const plane = await preview(bytes, largest.index, { file }).catch(() => undefined);
  return plane && { variable: largest.report.name, plane };
}

async function describe(dataset: Dataset, fileBytes: number): Promise<Opened> {
  const { fileName, format, variables, level, kept } = dataset;
  const axes: Record<string, Axis> = {};
  for (const { name, coordinate, dataType, units, attributes } of variables) {
    if (!coordinate || dataType === 'char') continue;
    const { calendar } = attributes;
    axes[name] = { name, values: Float64Array.from(dataset.values(name) as Float64Array, Number), ...(units && { units }), ...(typeof calendar === 'string' && { calendar }) };
  }
  return { fileName, fileBytes, format, formats: await formats(), variables: [...variables], level, axes, ...(kept !== undefined && { why: kept }) };
}

async function pack({ file, name, bounds, missing, level, base, backend }: Calls['compress']['args'], post: Post): Promise<Packed> {
  const dataset = await openAny(file, name);
  missing.forEach(([variable, value]) => dataset.setMissing(variable, value));
  const { bytes: archive, variables, seconds, ran, warning } = await compress(dataset, { ...bounds, level, base, ...job('compressing', backend, post) });
  dataset.free();
  return { archive: archive as Uint8Array<ArrayBuffer>, variables, seconds, ran, base: level !== 'best' || warning !== undefined ? 'never' : base, ...(warning !== undefined && { warning }) };
}

/** Decodes the very bytes that will be saved and compares every value with the source. */
async function check({ packed, backend }: Calls['check']['args'], signal: AbortSignal, post: Post): Promise<Result> {
  const { archive: bytes, variables, seconds, ran, base, warning } = packed;
  const original = source;
  if (!original) throw new DeepCompError('invalid-argument', 'open a data file first');
  const back = await checkAll(packed, original, backend, signal, post);
  if (source !== original) {
    back.decoded.free();
    throw new DeepCompError('cancelled', 'another file was opened');
  }
  keep({ source, decoded: back.decoded, archive: { bytes, file: 0, layered: variables.map(({ base }) => (base?.chunks ?? 0) > 0) } });
  const { version } = await inspect(bytes);
  return {
    fileBytes: sourceBytes,
    archiveBytes: bytes.length,
    version,
    variables,
    models: (await models()).list,
    ...(warning !== undefined && { warning }),
    base,
    comparisons: back.comparisons,
    encodeSeconds: seconds,
    decodeSeconds: back.seconds,
    encodeRan: ran,
    decodeRan: back.ran,
  };
}

/** Decodes all variables and compares them with the source: at once, or one after the other where they are large. */
async function checkAll({ archive: bytes, variables }: Packed, original: Dataset, backend: Backend, signal: AbortSignal, post: Post) {
  const total = variables.reduce((sum, v) => sum + v.rawBytes, 0);
  if (total <= WHOLE) {
    const { dataset, seconds, ran } = await decompressTimed(bytes, job('checking', backend, post, signal));
    return { decoded: decodedWhole(dataset), seconds, ran, comparisons: original.variables.map((_, i) => compare(original, dataset, i)) };
  }
  const comparisons: Comparison[] = [];
  let [done, seconds, ran]: [number, number, Ran] = [0, 0, { backend: 'cpu', workers: 0 }];
  for (const [variable, { rawBytes }] of variables.entries()) {
    const onProgress = ({ doneBytes }: { doneBytes: number }) => post.stage('checking', (done + doneBytes) / total);
    const back = await decompressTimed(bytes, { variable, backend, signal, onProgress });
    try {
      comparisons.push(compare(original, back.dataset, variable, 0));
    } finally {
      back.dataset.free();
    }
    done += rawBytes;
    seconds += back.seconds;
    ran = back.ran;
  }
  return { decoded: decodedInParts(bytes, 0, original.fileName, backend), seconds, ran, comparisons };
}

/** Range of a variable, and of data a value that may mean "missing". */
async function look(variable: number): Promise<Calls['look']['result']> {
  if (source) {
    const suspect = source.suspect(variable);
    return { ...source.range(variable), ...(suspect !== undefined && { suspect }) };
  }
  if (!decoded) throw new DeepCompError('invalid-argument', 'open a file first');
  const [dataset, index] = await decoded.of(variable);
  return dataset.range(index);
}

async function views(variable: number, planes: number[]): Promise<Views> {
  const of = (plane: (index: number) => Plane) => planes.map(plane);
  const before = source;
  const [after, index] = (await decoded?.of(variable)) ?? [undefined, 0];
  const whole: Views = {
    ...(before && { original: of((p) => before.plane(variable, p)) }),
    ...(after && { decoded: of((p) => after.plane(index, p)) }),
    ...(before && after && { error: of((p) => difference(before, after, variable, p, index)) }),
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

async function accept(variable: number): Promise<Acceptance> {
  if (!source || !decoded) throw new DeepCompError('invalid-argument', 'open a data file and compress it first');
  const [dataset, index] = await decoded.of(variable);
  return acceptance(source, dataset, variable, index);
}

async function save({ kind, variable, plane }: Calls['save']['args']): Promise<Calls['save']['result']> {
  if (!decoded || !archive) throw new DeepCompError('invalid-argument', 'compress first');
  const stem = decoded.fileName.replace(/\.[^.]*$/, '') || 'data';
  if (kind === 'archive') return saved(archive.bytes.slice(), `${stem}.dca`);
  if (kind === 'original') return decoded.whole((dataset) => dataset.original()) as Promise<Calls['save']['result']>;
  const { saves, extension } = (await formats()).find(({ name }) => name === kind)!;
  if (saves === 'dataset') return decoded.whole(async (dataset) => saved(await dataset.save(kind), `${stem}.${extension}`));
  const [dataset, index] = await decoded.of(variable);
  const { name: own = '', planes = 1 } = dataset.variables[index] ?? {};
  const name = archive.layered.length > 1 ? `${stem}.${own.replace(/[^\p{L}\p{N}\-_.]/gu, '_')}` : stem;
  const one = saves !== 'plane' || planes === 1 || (await formats()).some((format) => format.name === dataset.format && format.picture);
  return saved(await dataset.save(kind, index, plane), one ? `${name}.${extension}` : `${name}.${String(plane).padStart(4, '0')}.${extension}`);
}

function saved(bytes: Uint8Array, fileName: string): Calls['save']['result'] {
  return { bytes: bytes as Uint8Array<ArrayBuffer>, fileName };
}

/** Arrays in a reply that can change hands instead of being copied. */
function buffers(result: Calls[keyof Calls]['result']): Transferable[] {
  if ('bytes' in result) return [result.bytes.buffer];
  if ('archive' in result) return [result.archive.buffer];
  const planes = 'original' in result || 'decoded' in result ? [result.original, result.decoded, result.error, result.base, result.detail] : [];
  return planes.flatMap((list) => list?.map((p) => p.values.buffer) ?? []);
}
