/**
 * Workers that work on chunks: on the CPU one for each core, and one for the GPU. They share no memory: chunks travel as bytes, and any worker's result is
 * the same. They stay for the next call, and go when there is none for a while.
 */
import { cancelled, DeepCompError } from './error.js';
import type { Equipment, FromWorker, ToWorker } from './messages.js';

/** A chunk to work on. */
export interface Chunk {
  bytes: Uint8Array<ArrayBuffer>;
  samples: number;
}

/** What hands out chunks, where need be once they were fetched, and takes back what became of them. */
export interface Source<P> {
  nextJob(): Chunk | undefined | Promise<Chunk | undefined>;
  accept(done: Uint8Array): P;
}

/** Chunks that a worker takes at a time: the GPU has to have much to do at once, within its memory. */
const CPU = { chunks: 1, samples: 1 };
const GPU = { chunks: 32, samples: 1 << 22 };
/** Milliseconds without work after which workers give their memory back. */
const IDLE = 20_000;

/** A worker at work. */
export class Member {
  /** The adapter of the GPU; rejects when the worker cannot work. */
  readonly ready: Promise<string>;
  readonly limit: typeof GPU;
  #waiting = new Map<number, { resolve(reply: { done: Uint8Array[]; reason?: string }): void; reject(error: Error): void }>();
  #last = 0;
  #gone: Error | undefined;
  #start!: { resolve(adapter: string): void; reject(error: Error): void };

  constructor(readonly worker: Worker, { weights, module }: Equipment, readonly gpu: boolean) {
    this.limit = gpu ? GPU : CPU;
    this.ready = new Promise((resolve, reject) => (this.#start = { resolve, reject }));
    this.ready.catch(() => {});
    worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => this.#receive(data));
    worker.addEventListener('error', (event) => this.#end(event.message || 'it could not be loaded'));
    this.#send({ start: { weights, ...(module && { module }) } });
  }

  /** Works on chunks; rejects with a `DeepCompError` for what is wrong with them, with another error when the worker is gone. */
  async run(chunks: Chunk[]): Promise<{ done: Uint8Array[]; reason?: string }> {
    await this.ready;
    if (this.#gone) throw this.#gone;
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#send({ id, chunks: chunks.map(({ bytes }) => bytes) });
    });
  }

  /** Weights that were added later. */
  add(weights: Uint8Array<ArrayBuffer>): void {
    this.#send({ weights });
  }

  get usable(): boolean {
    return this.#gone === undefined;
  }

  end(why: string): void {
    this.#end(why);
  }

  #send(message: ToWorker): void {
    this.worker.postMessage(message);
  }

  #receive(reply: FromWorker): void {
    if ('started' in reply) return this.#start.resolve(reply.started);
    if ('failed' in reply) return this.#end(reply.failed);
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if ('done' in reply) waiting?.resolve(reply);
    else waiting?.reject(new DeepCompError(reply.error.code, reply.error.message));
  }

  #end(why: string): void {
    this.#gone ??= new Error(why);
    this.worker.terminate();
    this.#start.reject(this.#gone);
    for (const { reject } of this.#waiting.values()) reject(this.#gone);
    this.#waiting.clear();
  }
}

/** All workers that there are. */
export class Crew {
  #cpu: Member[] = [];
  #gpu: Member | undefined;
  #idle: ReturnType<typeof setTimeout> | undefined;
  #calls = 0;

  /** Makes a worker of the CPU. */
  make = (): Worker => new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });

  /** CPU workers, started if need be. */
  cpu(count: number, equipment: Equipment): Member[] {
    this.#cpu = this.#cpu.filter((member) => member.usable);
    while (this.#cpu.length < count) {
      this.#cpu.push(new Member(this.make(), equipment, false));
    }
    return this.#cpu.slice(0, count);
  }

  /** The GPU worker, started if need be. */
  gpu({ weights }: Equipment): Member {
    if (this.#gpu?.usable) return this.#gpu;
    const worker = new Worker(new URL('./gpu-worker.js', import.meta.url), { type: 'module' });
    return (this.#gpu = new Member(worker, { weights }, true));
  }

  add(weights: Uint8Array<ArrayBuffer>): void {
    for (const member of this.#all()) member.add(weights);
  }

  #all(): Member[] {
    return [...this.#cpu, ...(this.#gpu ? [this.#gpu] : [])];
  }

  /** Keeps the workers while a call runs, and for a while after it. */
  async during<T>(call: () => Promise<T>): Promise<T> {
    this.#calls++;
    clearTimeout(this.#idle);
    try {
      return await call();
    } finally {
      if (--this.#calls === 0 && this.#all().length > 0) this.#idle = setTimeout(() => this.#dismiss(), IDLE);
    }
  }

  #dismiss(): void {
    for (const member of this.#all()) member.end('it was idle');
    this.#cpu = [];
    this.#gpu = undefined;
  }
}

/** What came of it. */
export interface Outcome {
  /** Chunks done by the GPU worker. */
  accelerated: number;
  adapter?: string;
  /** Why the GPU was given up, or could not be had. */
  reason?: string;
}

/** Chunks that are handed out; those of workers that are gone come back to be handed out again. */
export class Queue<P> {
  #returned: Chunk[] = [];

  constructor(readonly source: Source<P>, readonly onProgress: (progress: P) => void, readonly signal: AbortSignal | undefined) {}

  async next(): Promise<Chunk | undefined> {
    if (this.signal?.aborted) throw cancelled();
    return this.#returned.pop() ?? this.source.nextJob();
  }

  /** How many chunks there are still, as far as two. */
  async ahead(): Promise<number> {
    const chunks = [await this.next(), await this.next()].filter((chunk) => chunk !== undefined);
    this.giveBack(chunks.reverse());
    return chunks.length;
  }

  /** The chunks a worker takes next. */
  async take({ chunks, samples }: typeof GPU): Promise<Chunk[]> {
    const taken: Chunk[] = [];
    for (let total = 0; taken.length < chunks && total < samples; ) {
      const chunk = await this.next();
      if (!chunk) break;
      taken.push(chunk);
      total += chunk.samples;
    }
    return taken;
  }

  giveBack(chunks: Chunk[]): void {
    this.#returned.push(...chunks);
  }

  accept(done: Uint8Array): void {
    this.onProgress(this.source.accept(done));
  }

  /** Lets members work until there is nothing left to hand out. A member that is gone gives its chunks back. */
  async run(members: Member[]): Promise<Outcome> {
    const outcome: Outcome = { accelerated: 0 };
    const all = Promise.all(members.map((member) => this.#employ(member, outcome)));
    await Promise.race([all, this.#aborted()]);
    return outcome;
  }

  async #employ(member: Member, outcome: Outcome): Promise<void> {
    let taken: Chunk[] = [];
    try {
      const adapter = await member.ready;
      if (member.gpu) outcome.adapter = adapter;
      for (;;) {
        taken = await this.take(member.limit);
        if (taken.length === 0) return;
        const { done, reason } = await member.run(taken);
        if (this.signal?.aborted) return;
        taken = [];
        done.forEach((bytes) => this.accept(bytes));
        if (member.gpu) outcome.accelerated += done.length;
        if (reason !== undefined) {
          outcome.reason = reason;
          return member.end(reason);
        }
      }
    } catch (error) {
      if (error instanceof DeepCompError || member.usable) throw error;
      this.giveBack(taken);
      if (member.gpu) outcome.reason = error instanceof Error ? error.message : String(error);
    }
  }

  #aborted(): Promise<never> {
    return new Promise((_, reject) => {
      this.signal?.addEventListener('abort', () => reject(cancelled()), { once: true });
    });
  }
}
