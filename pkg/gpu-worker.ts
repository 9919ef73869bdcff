/** The worker of the GPU: loads the other module, proves that the adapter computes as the CPU does, then works on many chunks at a time. */
import init, { WasmAccelerator } from '#wasm-gpu';
import { adapterName } from './adapter.js';
import type { FromWorker, ToWorker } from './messages.js';

let accelerator: WasmAccelerator;
/** One call after the other: the module lends itself to one at a time. */
let turn: Promise<void> = Promise.resolve();

addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
  turn = turn.then(() => handle(data)).catch((error: unknown) => send({ failed: error instanceof Error ? error.message : String(error) }));
});

function send(message: FromWorker, transfer: Transferable[] = []): void {
  postMessage(message, { transfer });
}

async function handle(data: ToWorker): Promise<void> {
  if ('start' in data) {
    const [name] = await Promise.all([adapterName(), init()]);
    accelerator = await WasmAccelerator.open();
    for (const bytes of data.start.weights) await accelerator.add(bytes);
    send({ started: name });
  } else if ('weights' in data) await accelerator.add(data.weights);
  else await answer(data);
}

async function answer({ id, chunks }: Extract<ToWorker, { chunks: unknown }>): Promise<void> {
  try {
    const { done, reason } = (await accelerator.run(chunks)) as { done: Uint8Array<ArrayBuffer>[]; reason?: string };
    send({ id, done, ...(reason !== undefined && { reason }) }, done.map(({ buffer }) => buffer));
  } catch (error) {
    const { name, code, message } = error as Error & { code: string };
    if (name !== 'DeepCompError') throw error;
    send({ id, error: { code, message } });
  }
}
