/** Where the bytes of files and archives come from. */
import { Http } from './http.js';
import { OfBlob, OfFile, OfMemory, type Origin } from './origin.js';
import { NODE } from './platform.js';

/** A file: bytes, something of a browser, or in Node its address. */
export type FileSource = Uint8Array | ArrayBuffer | Blob | URL;

/** How many bytes there are, and a function that gives a stretch of them at once. */
export interface Stretches {
  length: number;
  read(at: number, length: number): Uint8Array;
}

/** Only workers have it. */
declare const FileReaderSync: undefined | (new () => { readAsArrayBuffer(blob: Blob): ArrayBuffer });

/** The bytes of a file as they are needed; all of them at once where the platform has no other way. */
export async function stretchesOf(file: FileSource): Promise<Stretches> {
  if (file instanceof URL) return onDisk(file);
  if (file instanceof Blob && typeof FileReaderSync === 'function') {
    const reader = new FileReaderSync();
    return { length: file.size, read: (at, length) => new Uint8Array(reader.readAsArrayBuffer(file.slice(at, at + length))) };
  }
  const bytes = await bytesOf(file);
  return { length: bytes.length, read: (at, length) => bytes.subarray(at, at + length) };
}

/** A file of Node, opened for each stretch, so that none stays open. */
function onDisk(file: URL): Stretches {
  const { closeSync, openSync, readSync, statSync } = process.getBuiltinModule('node:fs');
  const read = (at: number, length: number) => {
    const bytes = new Uint8Array(length);
    const open = openSync(file, 'r');
    try {
      for (let done = 0, count = 1; done < length && count > 0; done += count) count = readSync(open, bytes, done, length - done, at + done);
    } finally {
      closeSync(open);
    }
    return bytes;
  };
  return { length: statSync(file).size, read };
}

/** All bytes of a file. */
export async function bytesOf(file: FileSource): Promise<Uint8Array> {
  if (file instanceof URL) return new Uint8Array(await process.getBuiltinModule('node:fs/promises').readFile(file));
  if (file instanceof Blob) file = await file.arrayBuffer();
  return file instanceof Uint8Array ? file : new Uint8Array(file);
}

/** The name of a file, where it has one. */
export function nameOf(file: FileSource): string {
  if (file instanceof URL) return decodeURIComponent(file.pathname.split('/').at(-1) ?? 'data');
  return typeof File === 'function' && file instanceof File ? file.name : 'data';
}

/** An archive: bytes, a `Blob`, the `URL` of a file in Node, or what is asked over HTTP: an address, or a `Request` with the headers and credentials that it takes. */
export type ArchiveSource = FileSource | string | Request;

/** What gives the bytes of an archive. */
export async function originOf(source: ArchiveSource, signal: AbortSignal | undefined): Promise<Origin> {
  if (source instanceof Blob) return new OfBlob(source);
  if (NODE && (source instanceof URL || typeof source === 'string') && /^file:/i.test(String(source))) return OfFile.open(new URL(source));
  if (source instanceof ArrayBuffer) return new OfMemory(new Uint8Array(source));
  if (source instanceof Uint8Array) return new OfMemory(source);
  return Http.open(source, signal);
}
