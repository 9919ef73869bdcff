/** The engine: runs the npm package, so that the page never waits. One holds the open file; another makes archives, and is ended to cancel that. */
import { acceptance, addModel, compare, compress, decompressTimed, decrypt, difference, formats as allFormats, inspect, models, openAny, selfExtracting, DeepCompError, type Acceptance, type Backend, type Comparison, type Dataset, type Ran } from 'deepcomp';
import { archiveName, decodedInParts, decodedRange, decodedViews, decodedWhole, describe, save, unpack, WHOLE, type Unpacked } from './decoded.ts';
import type { Calls, Opened, Packed, Result, Saved, Views } from './protocol.ts';
import { job, serve, type Asked, type Post } from './serve.ts';

let source: Dataset | undefined;
let sourceBytes = 0;
let unpacked: Unpacked | undefined;

const SIGNATURE = [0x89, 0x44, 0x43, 0x41];
/** Of an archive that is encrypted. */
const ENVELOPE = [0x89, 0x44, 0x43, 0x45];

serve(self, perform);

function perform(request: Asked, signal: AbortSignal, post: Post): Promise<Calls[keyof Calls]['result']> {
  switch (request.call) {
    case 'open': return open(request.args, signal, post);
    case 'openFile': return openArchive(unpacked?.archive.bytes ?? new Uint8Array(), request.args, signal, post);
    case 'compress': return pack(request.args, post);
    case 'check': return check(request.args, signal, post);
    case 'setMissing': return setMissing(request.args);
    case 'addModel': return addModel(request.args.bytes);
    case 'views': return views(request.args.variable, request.args.planes);
    case 'look': return look(request.args.variable);
    case 'acceptance': return accept(request.args.variable);
    case 'save': return save(opened(), request.args);
    case 'page': return page(opened());
  }
}

function keep(next: { source?: Dataset | undefined; unpacked?: Unpacked | undefined }): void {
  if (next.source !== source) source?.free();
  if (next.unpacked?.decoded !== unpacked?.decoded) unpacked?.decoded.free();
  ({ source, unpacked } = next);
}

/** What was decoded last. */
function opened(): Unpacked {
  if (!unpacked) throw new DeepCompError('invalid-argument', 'compress first');
  return unpacked;
}

async function open({ file, name, backend, passphrase }: Calls['open']['args'], signal: AbortSignal, post: Post): Promise<Opened> {
  const start = new Uint8Array(await file.slice(0, SIGNATURE.length).arrayBuffer());
  if (SIGNATURE.every((byte, i) => start[i] === byte)) return openArchive(new Uint8Array(await file.arrayBuffer()), { file: 0, backend }, signal, post);
  if (ENVELOPE.every((byte, i) => start[i] === byte)) {
    if (passphrase === undefined) throw new DeepCompError('passphrase-needed', 'the archive is encrypted; open it again and give its passphrase');
    return openArchive((await decrypt(new Uint8Array(await file.arrayBuffer()), passphrase)) as Uint8Array<ArrayBuffer>, { file: 0, backend }, signal, post);
  }
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

async function openArchive(bytes: Uint8Array, args: Calls['openFile']['args'], signal: AbortSignal, post: Post): Promise<Opened> {
  const { unpacked, opened } = await unpack(bytes, args, signal, post);
  keep({ unpacked });
  return opened;
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
  keep({ source, unpacked: { decoded: back.decoded, archive: { bytes, file: 0, layered: variables.map(({ base }) => (base?.chunks ?? 0) > 0) } } });
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
  if (!unpacked) throw new DeepCompError('invalid-argument', 'open a file first');
  return decodedRange(unpacked, variable);
}

async function views(variable: number, planes: number[]): Promise<Views> {
  const before = source;
  const after = unpacked;
  const whole = after && (await decodedViews(after, variable, planes));
  if (!before) return whole ?? {};
  const original = planes.map((plane) => before.plane(variable, plane));
  if (!after) return { original };
  const [dataset, index] = await after.decoded.of(variable);
  return { ...whole, original, error: planes.map((plane) => difference(before, dataset, variable, plane, index)) };
}

/** The archive as a page that opens by itself, with what the file that is open takes to be written. */
async function page({ decoded, archive: { bytes } }: Unpacked): Promise<Saved> {
  const name = archiveName(decoded.fileName);
  const [dataset] = await decoded.of(0);
  const formats = !(await allFormats()).find((format) => format.name === dataset.format)!.here;
  return { bytes: (await selfExtracting(bytes, { name, formats })) as Uint8Array<ArrayBuffer>, fileName: name.replace(/dca$/, 'html') };
}

async function accept(variable: number): Promise<Acceptance> {
  if (!source || !unpacked) throw new DeepCompError('invalid-argument', 'open a data file and compress it first');
  const [dataset, index] = await unpacked.decoded.of(variable);
  return acceptance(source, dataset, variable, index);
}
