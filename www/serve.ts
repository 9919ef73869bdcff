/** A worker's side of the calls: each is performed and answered, and may be cancelled. */
import { DeepCompError, type Backend, type JobOptions } from 'deepcomp';
import type { Calls, Preview, Refusal, Reply, Request, Stage } from './protocol.ts';

/** What is asked for. */
export type Asked = Exclude<Request, { call: 'cancel' }>;
type Answer = Calls[keyof Calls]['result'];

/** What is told while a call is performed. */
export interface Post {
  stage(stage: Stage, fraction: number): void;
  preview(preview: Preview): void;
}

/** The page, as a worker sees it. */
export interface Page {
  postMessage(message: Reply, options: { transfer: Transferable[] }): void;
  addEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
}

/** Answers the calls of a page; what else it says is for others. */
export function serve(page: Page, perform: (request: Asked, signal: AbortSignal, post: Post) => Promise<Answer>): void {
  const running = new Map<number, AbortController>();
  page.addEventListener('message', ({ data }: MessageEvent<Request>) => {
    if (data.call === 'cancel') running.get(data.id)?.abort();
    else if ('call' in data) void answer(data);
  });

  async function answer(request: Asked): Promise<void> {
    const { id } = request;
    const send = (reply: Reply, transfer: Transferable[] = []) => page.postMessage(reply, { transfer });
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
}

/** Options of a job that tells how far it is. */
export function job(stage: Stage, backend: Backend, post: Post, signal?: AbortSignal): JobOptions {
  return { ...(signal && { signal }), backend, onProgress: ({ doneBytes, totalBytes }) => post.stage(stage, totalBytes > 0 ? doneBytes / totalBytes : 1) };
}

/** What bounds were refused for, if that is what went wrong. */
function refusalOf({ coarse, units }: DeepCompError): Refusal | undefined {
  return coarse ? { coarse } : units && { units };
}

/** Arrays in a reply that can change hands instead of being copied. */
function buffers(result: Answer): Transferable[] {
  if ('bytes' in result) return [result.bytes.buffer];
  if ('archive' in result) return [result.archive.buffer];
  const planes = 'original' in result || 'decoded' in result ? [result.original, result.decoded, result.error, result.base, result.detail] : [];
  return planes.flatMap((list) => list?.map((p) => p.values.buffer) ?? []);
}
