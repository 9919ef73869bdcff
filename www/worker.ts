/** The engine: runs the npm package, so that the page never waits. One holds the open file; another makes archives, and is ended to cancel that. */
import { acceptance, addModel, compare, compress, decompressTimed, difference, inspect, models, openDataset, DeepCompError, type Acceptance, type Dataset, type JobOptions, type Plane } from 'deepcomp';
import type { Axis, Calls, Opened, Packed, Reply, Request, Result, Stage, Views } from './protocol.ts';

let source: Dataset | undefined;
let decoded: Dataset | undefined;
let archive: Uint8Array | undefined;

type Post = (stage: Stage, fraction: number) => void;
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
    const result = await perform(request, controller.signal, (stage, fraction) => send({ id, stage, fraction }));
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
    case 'open': return open(request.args.bytes, request.args.name, signal, post);
    case 'openFile': return openArchive(archive ?? new Uint8Array(), request.args.file, signal, post);
    case 'compress': return pack(request.args, post);
    case 'check': return check(request.args.packed, signal, post);
    case 'addModel': return addModel(request.args.bytes);
    case 'views': return Promise.resolve(views(request.args.variable, request.args.planes));
    case 'range': return Promise.resolve(shown().range(request.args.variable));
    case 'acceptance': return Promise.resolve(accept(request.args.variable));
    case 'save': return Promise.resolve(save(request.args));
  }
}

function job(stage: Stage, post: Post, signal?: AbortSignal): JobOptions {
  return { ...(signal && { signal }), onProgress: ({ doneBytes, totalBytes }) => post(stage, totalBytes > 0 ? doneBytes / totalBytes : 1) };
}

function keep(next: { source?: Dataset | undefined; decoded?: Dataset | undefined; archive?: Uint8Array | undefined }): void {
  if (next.source !== source) source?.free();
  if (next.decoded !== decoded) decoded?.free();
  ({ source, decoded, archive } = next);
}

async function open(buffer: ArrayBuffer, name: string, signal: AbortSignal, post: Post): Promise<Opened> {
  const bytes = new Uint8Array(buffer);
  if (!SIGNATURE.every((byte, i) => bytes[i] === byte)) {
    const dataset = await openDataset(bytes, name);
    keep({ source: dataset });
    return describe(dataset, bytes.length);
  }
  return openArchive(bytes, 0, signal, post);
}

async function openArchive(bytes: Uint8Array, file: number, signal: AbortSignal, post: Post): Promise<Opened> {
  const { version, files } = await inspect(bytes);
  const { dataset, seconds } = await decompressTimed(bytes, { file, ...job('checking', post, signal) });
  keep({ decoded: dataset, archive: bytes });
  const { variables = [] } = files[file] ?? {};
  const archiveBytes = files.length > 1 ? variables.reduce((sum, v) => sum + v.archiveBytes, 0) : bytes.length;
  const result: Result = { archiveBytes, version, variables, models: (await models()).list, decodeSeconds: seconds };
  return { ...describe(dataset, bytes.length), result, files: { names: files.map((f) => f.name), current: file } };
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

async function pack({ bytes, name, bound, model }: Calls['compress']['args'], post: Post): Promise<Packed> {
  const dataset = await openDataset(bytes, name);
  const { bytes: archive, variables, seconds, warning } = await compress(dataset, { ...bound, model, ...job('compressing', post) });
  dataset.free();
  return { archive: archive as Uint8Array<ArrayBuffer>, variables, seconds, ...(warning !== undefined && { warning }) };
}

/** Decodes the very bytes that will be saved and compares every value with the source. */
async function check({ archive: bytes, variables, seconds, warning }: Packed, signal: AbortSignal, post: Post): Promise<Result> {
  const original = source;
  if (!original) throw new DeepCompError('invalid-argument', 'open a data file first');
  const back = await decompressTimed(bytes, job('checking', post, signal));
  if (source !== original) {
    back.dataset.free();
    throw new DeepCompError('cancelled', 'another file was opened');
  }
  keep({ source, decoded: back.dataset, archive: bytes });
  const { version } = await inspect(bytes);
  return {
    archiveBytes: bytes.length,
    version,
    variables,
    models: (await models()).list,
    ...(warning !== undefined && { warning }),
    comparisons: original.variables.map((_, i) => compare(original, back.dataset, i)),
    encodeSeconds: seconds,
    decodeSeconds: back.seconds,
  };
}

function shown(): Dataset {
  const dataset = source ?? decoded;
  if (!dataset) throw new DeepCompError('invalid-argument', 'open a file first');
  return dataset;
}

function views(variable: number, planes: number[]): Views {
  const of = (plane: (index: number) => Plane) => planes.map(plane);
  const [before, after] = [source, decoded];
  return {
    ...(before && { original: of((p) => before.plane(variable, p)) }),
    ...(after && { decoded: of((p) => after.plane(variable, p)) }),
    ...(before && after && { error: of((p) => difference(before, after, variable, p)) }),
  };
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
  const many = format !== 'png' && (variables[variable]?.planes ?? 1) > 1;
  const bytes = (b: Uint8Array) => b as Uint8Array<ArrayBuffer>;
  switch (kind) {
    case 'archive': return { bytes: bytes(archive.slice()), fileName: `${stem}.dca` };
    case 'netcdf': return { bytes: bytes(format === 'netcdf' ? decoded.save() : decoded.save('netcdf')), fileName: `${stem}.nc` };
    case 'npy': return { bytes: bytes(decoded.save('npy', variable)), fileName: `${name}.npy` };
    case 'png': return { bytes: bytes(decoded.save('png', variable, plane)), fileName: many ? `${name}.${String(plane).padStart(4, '0')}.png` : `${name}.png` };
  }
}

/** Arrays in a reply that can change hands instead of being copied. */
function buffers(result: Calls[keyof Calls]['result']): Transferable[] {
  if ('bytes' in result) return [result.bytes.buffer];
  if ('archive' in result) return [result.archive.buffer];
  const planes = 'original' in result || 'decoded' in result ? [result.original, result.decoded, result.error] : [];
  return planes.flatMap((list) => list?.map((p) => p.values.buffer) ?? []);
}
