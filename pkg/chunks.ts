/** What a worker of the CPU does: it loads the module, then works on whatever chunks it is sent. */
import init, { WasmModels, runJob } from '#wasm';
import type { FromWorker, ToWorker } from './messages.js';
import { DeepCompError } from './error.js';

let models: WasmModels;

/** Makes this thread, which has to be a worker's, one of those that chunks are shared among. */
export function workOnChunks(): void {
  addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
    if ('start' in data) void start(data.start);
    else if ('weights' in data) models.add(data.weights);
    else answer(data);
  });
}

function send(message: FromWorker, transfer: Transferable[] = []): void {
  postMessage(message, { transfer });
}

async function start({ module, weights }: Extract<ToWorker, { start: unknown }>['start']): Promise<void> {
  try {
    await init(module && { module_or_path: module });
    models = new WasmModels();
    weights.forEach((bytes) => models.add(bytes));
    send({ started: 'CPU' });
  } catch (error) {
    send({ failed: String(error) });
  }
}

function answer({ id, chunks }: Extract<ToWorker, { chunks: unknown }>): void {
  try {
    const done = chunks.map((bytes) => runJob(bytes, models) as Uint8Array<ArrayBuffer>);
    send({ id, done }, done.map(({ buffer }) => buffer));
  } catch (error) {
    // What is no error of ours has broken the module, most likely for want of memory.
    send(error instanceof DeepCompError ? { id, error: { code: error.code, message: error.message } } : { failed: String(error) });
  }
}
