/** Drives a job chunk by chunk, on workers or on this thread, so that a page stays alive, sees progress and can cancel. */
import { runJob } from '#wasm';
import { hasRealGpu } from './adapter.js';
import { Queue, type Chunk, type Source } from './crew.js';
import { crew, equipmentAtHand, loaded, workersAtHand } from './load.js';
import type { JobOptions, Progress, Ran } from './types.js';

interface Job<T> extends Source<Progress> {
  finish(): T;
  free(): void;
}

/** Does all chunks of a job and ends it. */
export async function drive<T>(job: Job<T>, options: JobOptions): Promise<{ result: T; seconds: number; ran: Ran }> {
  const start = performance.now();
  try {
    const { ran, pauses } = await work(job, options);
    const result = job.finish();
    return { result, seconds: (performance.now() - start - pauses) / 1000, ran };
  } finally {
    job.free();
  }
}

/** Does the chunks that a job has now: on the workers that were asked for; if those are gone, on workers of the CPU; what is left then, on this thread. */
export async function work(job: Source<Progress>, options: JobOptions): Promise<{ ran: Ran; pauses: number }> {
  const { onProgress, signal } = options;
  const queue = new Queue<Progress>(job, (progress) => onProgress?.(progress), signal);
  const ran = await crew.during(() => employ(queue, options));
  return { ran, pauses: await here(queue) };
}

async function employ(queue: Queue<Progress>, { backend = 'auto', workers }: JobOptions): Promise<Ran> {
  if (!workersAtHand()) return { backend: 'cpu', workers: 0, ...(backend === 'webgpu' && { fallback: 'the GPU takes a worker, and there are none here' }) };
  const equipment = equipmentAtHand();
  // A single chunk is not worth a worker of the CPU.
  const count = (await queue.ahead()) < 2 ? 0 : (workers ?? navigator.hardwareConcurrency);
  let ran: Ran = { backend: 'cpu', workers: 0 };
  if (backend === 'webgpu' || (backend === 'auto' && (await hasRealGpu()))) {
    const beside = backend === 'auto' ? crew.cpu(count, equipment) : [];
    const { accelerated, adapter, reason } = await queue.run([crew.gpu(equipment), ...beside]);
    ran = { backend: accelerated > 0 ? 'webgpu' : 'cpu', workers: beside.length, ...(adapter !== undefined && { adapter }), ...(reason !== undefined && { fallback: reason }) };
  }
  if (ran.workers === 0 && count > 0 && (await queue.ahead()) > 0) {
    await queue.run(crew.cpu(count, equipment));
    ran.workers = count;
  }
  return ran;
}

/** Milliseconds of work between two pauses: short enough for a page to answer, long enough that pauses cost nothing. */
const SLICE = 12;

/** Does the chunks that are left on this thread; returns milliseconds of pauses. */
async function here(queue: Queue<Progress>): Promise<number> {
  return slices(() => queue.next(), (done) => queue.accept(done));
}

/** Does all of a job on this thread, and tells it how many seconds each part took. */
export async function alone(job: { nextJob(): Chunk | undefined; accept(done: Uint8Array, seconds: number): void }, signal: AbortSignal | undefined): Promise<void> {
  const queue = new Queue<void>({ nextJob: () => job.nextJob(), accept: () => {} }, () => {}, signal);
  await slices(() => queue.next(), (done, seconds) => job.accept(done, seconds));
}

/** Works on this thread for as long as there is something to do, with pauses; returns the milliseconds of those. */
async function slices(next: () => Promise<Chunk | undefined>, accept: (done: Uint8Array, seconds: number) => void): Promise<number> {
  let pauses = 0;
  for (let rest = performance.now(), chunk: Chunk | undefined; (chunk = await next()); ) {
    const start = performance.now();
    const done = runJob(chunk.bytes, loaded());
    accept(done, (performance.now() - start) / 1000);
    const before = performance.now();
    if (before - rest > SLICE) {
      await pause();
      rest = performance.now();
      pauses += rest - before;
    }
  }
  return pauses;
}

/** Lets messages, timers and painting happen. */
function pause(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
