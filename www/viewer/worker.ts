/** What decodes the archive of a self-extracting page, in a worker or, where there can be none, beside the page. */
import { addModel, DeepCompError, inspect, load } from 'deepcomp';
import { decodedRange, decodedViews, save, unpack, WHOLE, type Unpacked } from '../decoded.ts';
import type { Calls, Opened } from '../protocol.ts';
import { serve, type Asked, type Page, type Post } from '../serve.ts';
import { canStart, startWorker } from './blobs.ts';
import { salvage } from './salvage.ts';

/** What a page gives a worker at first. */
export interface Equipment {
  /** The module, as gzip. */
  module: Uint8Array<ArrayBuffer>;
  /** That of the heavy formats, if it is there. */
  formats?: Uint8Array<ArrayBuffer>;
  weights: Uint8Array<ArrayBuffer>[];
  /** What workers run that share in the chunks; absent where there can be none. */
  script?: string;
}


let unpacked: Unpacked | undefined;

/** Answers a page. */
export function work(page: Page): void {
  let equipped: Promise<void> | undefined;
  page.addEventListener('message', ({ data }: MessageEvent<{ equipment?: Equipment }>) => {
    if (!data.equipment) return;
    equipped = equip(data.equipment);
    equipped.catch(() => {});
  });
  serve(page, async (request, signal, post) => {
    await equipped;
    return perform(request, signal, post);
  });
}

async function equip({ module, formats, weights, script }: Equipment): Promise<void> {
  if (typeof DecompressionStream === 'undefined' || typeof WebAssembly === 'undefined') {
    throw new DeepCompError('not-loaded', 'this browser cannot run the decoder; open the file in a current Chrome, Edge, Firefox or Safari, with WebAssembly allowed');
  }
  const workers = script !== undefined && (await canStart(script)) && (() => startWorker(script, 'chunks'));
  await load(await inflated(module), { weights: false, formats: formats ? await inflated(formats) : false, workers });
  for (const bytes of weights) {
    await addModel(bytes).catch((cause: unknown) => {
      throw new DeepCompError('not-loaded', 'the network in this file was changed on its way: ask for the file again', { cause });
    });
  }
}

async function inflated(bytes: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer> {
  try {
    return await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))).arrayBuffer();
  } catch (error) {
    throw new DeepCompError('not-loaded', 'the decoder in this file was changed on its way: ask for the file again', { cause: error });
  }
}

async function perform(request: Asked, signal: AbortSignal, post: Post): Promise<Calls[keyof Calls]['result']> {
  switch (request.call) {
    case 'open': return open(new Uint8Array(await request.args.file.arrayBuffer()), request.args.name, 0, signal, post);
    case 'openFile': return open(current().archive.bytes, current().archive.name ?? '', request.args.file, signal, post);
    case 'views': return decodedViews(current(), request.args.variable, request.args.planes);
    case 'look': return decodedRange(current(), request.args.variable);
    case 'save': return save(current(), request.args);
    default: throw new DeepCompError('unsupported', 'this page only decodes');
  }
}

function current(): Unpacked {
  if (!unpacked) throw new DeepCompError('invalid-argument', 'nothing was opened');
  return unpacked;
}

/** Opens a file of the archive: whole, or variable by variable where it is damaged or large. */
async function open(bytes: Uint8Array, name: string, file: number, signal: AbortSignal, post: Post): Promise<Opened> {
  const { files } = await inspect(bytes);
  unpacked?.decoded.free();
  unpacked = undefined;
  const size = files[file]?.variables.reduce((sum, { rawBytes }) => sum + rawBytes, 0) ?? 0;
  const whole = size > WHOLE ? undefined : await unpack(bytes, { file, backend: 'cpu' }, signal, post).catch((error: unknown) => (isDamage(error) ? undefined : Promise.reject(error)));
  const { unpacked: came, opened } = whole ?? (await salvage(bytes, file, signal, post));
  unpacked = { ...came, archive: { ...came.archive, name } };
  return { ...opened, fileBytes: opened.result?.fileBytes ?? size };
}

/** Whether other variables may be whole. */
function isDamage(error: unknown): boolean {
  return error instanceof DeepCompError && ['checksum-mismatch', 'corrupt', 'truncated', 'malformed', 'model-unavailable'].includes(error.code);
}
