/** What gives the bytes of archives a stretch at a time: memory, a `Blob`, a file on disk. */
import { reason } from './assets.js';
import { changed, DeepCompError } from './error.js';

/** What gives stretches of bytes. */
export interface Origin {
  /** Bytes in all. */
  readonly length: number;
  /** All of them, where they are at hand: then none are fetched. */
  readonly bytes?: Uint8Array | undefined;
  /** Bytes that were fetched so far. */
  readonly fetched: number;
  /** Whether all of them had to be fetched at once. */
  readonly whole: boolean;
  /** The bytes from `begin` up to, but not including, `end`. */
  fetch(begin: number, end: number, signal: AbortSignal | undefined): Promise<Uint8Array>;
}

export class OfMemory implements Origin {
  readonly length: number;
  readonly fetched = 0;
  readonly whole = false;

  constructor(readonly bytes: Uint8Array) {
    this.length = bytes.length;
  }

  async fetch(begin: number, end: number): Promise<Uint8Array> {
    return this.bytes.subarray(begin, end);
  }
}

export class OfBlob implements Origin {
  readonly length: number;
  readonly whole = false;
  fetched = 0;

  constructor(readonly blob: Blob) {
    this.length = blob.size;
  }

  async fetch(begin: number, end: number): Promise<Uint8Array> {
    try {
      const bytes = new Uint8Array(await this.blob.slice(begin, end).arrayBuffer());
      this.fetched += bytes.length;
      return bytes;
    } catch (cause) {
      throw new DeepCompError('unreadable', `the file cannot be read: ${reason(cause)}; open it again`, { cause });
    }
  }
}

/** A file of Node, opened for each stretch, so that none stays open. */
export class OfFile implements Origin {
  readonly whole = false;
  fetched = 0;

  private constructor(readonly file: URL, readonly length: number, readonly modified: number) {}

  static async open(file: URL): Promise<OfFile> {
    try {
      const { size, mtimeMs } = await process.getBuiltinModule('node:fs/promises').stat(file);
      return new OfFile(file, size, mtimeMs);
    } catch (cause) {
      throw unreadable(file, cause);
    }
  }

  async fetch(begin: number, end: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(end - begin);
    try {
      const open = await process.getBuiltinModule('node:fs/promises').open(this.file);
      try {
        const { size, mtimeMs } = await open.stat();
        if (size !== this.length || mtimeMs !== this.modified) throw changed(this.file.href);
        for (let done = 0, count = 1; done < bytes.length && count > 0; done += count, this.fetched += count) {
          count = (await open.read(bytes, done, bytes.length - done, begin + done)).bytesRead;
        }
      } finally {
        await open.close();
      }
    } catch (cause) {
      throw cause instanceof DeepCompError ? cause : unreadable(this.file, cause);
    }
    return bytes;
  }
}

function unreadable({ href: url }: URL, cause: unknown): DeepCompError {
  return Object.assign(new DeepCompError('unreadable', `${url} cannot be read: ${reason(cause)}; check the address`, { cause }), { url });
}
