/** The bytes of the modules and of the weights, from wherever they are given. */
import { NODE } from './platform.js';

export type Bytes = URL | string | Request | Response | Promise<Response> | ArrayBuffer | ArrayBufferView<ArrayBuffer>;
export type WasmSource = Bytes | WebAssembly.Module;

/** A module, compiled while it is still on its way where that can be done. */
export async function compile(source: WasmSource): Promise<WebAssembly.Module> {
  const from = await source;
  if (from instanceof WebAssembly.Module) return from;
  if (NODE || from instanceof ArrayBuffer || ArrayBuffer.isView(from)) return WebAssembly.compile(await bytesAt(from));
  const response = from instanceof Response ? from : await fetch(from);
  const again = response.clone();
  // A server that gives the module another type than application/wasm is no reason to fail.
  return WebAssembly.compileStreaming(response).catch(async () => WebAssembly.compile(await bytesAt(again)));
}

/** The bytes of the weights, or the error instead of them, and where they come from. */
export async function fetchWeights(source: Bytes = new URL('../models/deepcomp.dcm', import.meta.url)): Promise<{ from: string; bytes: unknown }> {
  try {
    const awaited = await source;
    const from = awaited instanceof URL ? awaited.href : typeof awaited === 'string' ? awaited : 'url' in awaited ? awaited.url || 'a response' : 'the bytes given to load()';
    return { from, bytes: await bytesAt(awaited).catch((error: unknown) => error) };
  } catch (error) {
    return { from: 'the response given to load()', bytes: error };
  }
}

/** The bytes of what is not a promise of them. */
export async function bytesAt(source: Exclude<Bytes, Promise<Response>>): Promise<Uint8Array<ArrayBuffer>> {
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  if (ArrayBuffer.isView(source)) return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
  if (NODE && source instanceof URL && source.protocol === 'file:') {
    const { readFile } = process.getBuiltinModule('node:fs/promises');
    return new Uint8Array(await readFile(source));
  }
  const response = source instanceof Response ? source : await fetch(source);
  if (!response.ok) throw new Error(`status ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

export function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
