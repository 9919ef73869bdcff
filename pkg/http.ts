/** An archive at the other end of a network, of which stretches are asked for. */
import { reason } from './assets.js';
import { cancelled, changed, DeepCompError } from './error.js';
import type { Origin } from './origin.js';

/** Bytes from the start on that are asked for first: the answer says how many there are, and the smallest archives are whole with it. */
const HEAD = 1 << 14;
/** Bytes that are taken at once of a server that gives no stretches. */
const MOST = 2 ** 30;

/** What is asked over HTTP. All answers have to be of the same version of the archive. */
export class Http implements Origin {
  length = 0;
  fetched = 0;
  bytes: Uint8Array | undefined;
  #head: Uint8Array | undefined;
  /** What the server calls this version. */
  #version: string | undefined;

  private constructor(readonly request: Request) {}

  static async open(source: URL | string | Request, signal: AbortSignal | undefined): Promise<Http> {
    const http = new Http(requestOf(source));
    const head = await http.#stretch(0, HEAD, signal);
    http.#head = head.subarray(0, HEAD);
    return http;
  }

  get whole(): boolean {
    return this.bytes !== undefined;
  }

  async fetch(begin: number, end: number, signal: AbortSignal | undefined): Promise<Uint8Array> {
    const near = this.bytes ?? this.#head;
    return near && end <= near.length ? near.subarray(begin, end) : this.#stretch(begin, end, signal);
  }

  async #stretch(begin: number, end: number, signal: AbortSignal | undefined): Promise<Uint8Array> {
    const response = await this.#ask('GET', signal, `bytes=${begin}-${end - 1}`);
    try {
      const known = this.#version !== undefined;
      const [, first, last, total] = /^bytes (?:(\d+)-(\d+)|\*)\/(\d+)$/.exec(response.headers.get('content-range') ?? '') ?? [];
      if (response.status === 416) {
        if (known) throw changed(this.request.url);
        if (total === '0') return new Uint8Array();
      }
      if (response.status !== 206 && response.status !== 200) throw this.#refused(response);
      this.#isOfVersion(response);
      if (response.status === 200) {
        this.bytes = await this.#body(response, MOST, signal);
        this.#hasLength(this.bytes.length, known);
        return this.bytes.subarray(begin, end);
      }
      this.#hasLength(total === undefined ? (known ? this.length : await this.#lengthAlone(signal)) : Number(total), known);
      const stop = Math.min(end, this.length);
      if (first !== undefined && (Number(first) !== begin || Number(last) !== stop - 1)) throw this.#error(`sent bytes ${first} to ${last} where ${begin} to ${stop - 1} were asked for`);
      const bytes = await this.#body(response, stop - begin, signal);
      if (bytes.length !== stop - begin) throw this.#error(`sent ${bytes.length} bytes where ${stop - begin} were asked for`);
      return bytes;
    } finally {
      if (!response.bodyUsed) response.body?.cancel().catch(() => {});
    }
  }

  /** Bytes in all, where the server does not let a page of another origin see them beside a stretch. */
  async #lengthAlone(signal: AbortSignal | undefined): Promise<number> {
    const { ok, headers } = await this.#ask('HEAD', signal);
    const length = headers.get('content-length');
    if (!ok || length === null) throw this.#error('does not say how long the archive is; let it expose the header Content-Range');
    return Number(length);
  }

  async #ask(method: string, signal: AbortSignal | undefined, range?: string): Promise<Response> {
    const headers = new Headers(this.request.headers);
    if (range !== undefined) headers.set('Range', range);
    try {
      // A cache would give one stretch after the other, and perhaps of an earlier version.
      return await fetch(new Request(this.request, { method, headers, cache: 'no-store', signal: signal ?? null }));
    } catch (cause) {
      if (signal?.aborted) throw cancelled();
      throw this.#error(`did not answer (${reason(cause)}); check the address, the connection, and that the server lets this page read it`, { cause });
    }
  }

  /** Bytes of an answer, of which there may be so many. */
  async #body({ body }: Response, most: number, signal: AbortSignal | undefined): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    let length = 0;
    const reader = body?.getReader();
    try {
      for (let part; reader && (part = await reader.read()).value; ) {
        parts.push(part.value);
        length += part.value.length;
        this.fetched += part.value.length;
        if (length > most) throw new DeepCompError('limit-exceeded', `${this.request.url} sent more than the ${most} bytes that were asked for or can be taken at once; take a server that gives ranges of bytes, or a copy on this machine`);
      }
    } catch (cause) {
      if (signal?.aborted) throw cancelled();
      throw cause instanceof DeepCompError ? cause : this.#error(`broke off (${reason(cause)}); try again`, { cause });
    } finally {
      reader?.cancel().catch(() => {});
    }
    const bytes = new Uint8Array(length);
    let at = 0;
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }

  #isOfVersion({ headers }: Response): void {
    const version = `${headers.get('etag') ?? ''} ${headers.get('last-modified') ?? ''}`;
    this.#version ??= version;
    if (version !== this.#version) throw changed(this.request.url);
  }

  #hasLength(length: number, known: boolean): void {
    if (known && length !== this.length) throw changed(this.request.url);
    this.length = length;
  }

  #refused({ status, statusText }: Response): DeepCompError {
    return Object.assign(this.#error(`answered ${status}${statusText && ` ${statusText}`}; check the address and that it may be read`), { status });
  }

  #error(what: string, options?: ErrorOptions): DeepCompError {
    const { url } = this.request;
    return Object.assign(new DeepCompError('unreadable', `${url} ${what}`, options), { url });
  }
}

function requestOf(source: URL | string | Request): Request {
  try {
    return new Request(source);
  } catch (cause) {
    throw new DeepCompError('invalid-argument', `an archive is bytes, a Blob, or an address, not ${String(source)} (${reason(cause)})`, { cause });
  }
}
