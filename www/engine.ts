/** The worker as asynchronous calls. A worker that died is replaced; what it held is lost, and its calls fail. */
import type { Call, Calls, Preview, Refusal, Reply, Request, Stage } from './protocol.ts';

/** What went wrong, with the code of the package's errors. */
export class EngineError extends Error {
  constructor(readonly code: string, message: string, readonly refusal?: Refusal) {
    super(message);
  }
}

export interface CallOptions {
  onProgress?: (stage: Stage, fraction: number) => void;
  /** Called at most once, when an archive has something to show before it is decoded. */
  onPreview?: (preview: Preview) => void;
  signal?: AbortSignal;
  transfer?: Transferable[];
}

interface Pending {
  resolve(result: unknown): void;
  reject(error: EngineError): void;
  onProgress?: CallOptions['onProgress'];
  onPreview?: CallOptions['onPreview'];
}

/** Milliseconds. */
const IDLE = 20_000;

/** A worker, or what does its work on this thread. */
export type Engineer = Pick<Worker, 'addEventListener' | 'postMessage' | 'terminate'>;

export class Engine {
  #worker: Engineer | undefined;
  #pending = new Map<number, Pending>();
  #idle = 0;
  #last = 0;

  constructor(readonly startWorker: () => Engineer) {}

  call<K extends Call>(call: K, args: Calls[K]['args'], { onProgress, onPreview, signal, transfer = [] }: CallOptions = {}): Promise<Calls[K]['result']> {
    const id = ++this.#last;
    clearTimeout(this.#idle);
    const worker = (this.#worker ??= this.#start());
    return new Promise<Calls[K]['result']>((resolve, reject) => {
      this.#pending.set(id, { resolve: resolve as Pending['resolve'], reject, onProgress, onPreview });
      worker.postMessage({ id, call, args } as Request, transfer);
      signal?.addEventListener('abort', () => worker.postMessage({ id, call: 'cancel' } satisfies Request), { once: true });
    });
  }

  #start(): Engineer {
    const worker = this.startWorker();
    worker.addEventListener('message', (event) => this.#receive((event as MessageEvent<Reply>).data));
    worker.addEventListener('error', () => this.#end('internal', 'the engine could not be started; reload the page'));
    return worker;
  }

  #receive(reply: Reply): void {
    const pending = this.#pending.get(reply.id);
    if ('stage' in reply) {
      pending?.onProgress?.(reply.stage, reply.fraction);
      return;
    }
    if ('preview' in reply) {
      pending?.onPreview?.(reply.preview);
      return;
    }
    this.#pending.delete(reply.id);
    if ('result' in reply) pending?.resolve(reply.result);
    else if (reply.fatal) {
      pending?.reject(new EngineError('internal', 'this file needs more memory than the browser gives, or met a fault in DeepComp; open another one'));
      this.#end('internal', 'the engine was restarted; open the file again');
    } else pending?.reject(new EngineError(reply.error.code, reply.error.message, reply.error.refusal));
  }

  /** Ends the worker when nothing is asked of it for a while, which gives its memory back. */
  rest(): void {
    clearTimeout(this.#idle);
    this.#idle = window.setTimeout(() => this.stop(), IDLE);
  }

  /** Ends the worker at once, in the middle of whatever it does; the next call starts another. */
  stop(): void {
    this.#end('cancelled', 'cancelled');
  }

  #end(code: string, message: string): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    for (const { reject } of this.#pending.values()) reject(new EngineError(code, message));
    this.#pending.clear();
  }
}
