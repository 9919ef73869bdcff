/** Values that come one after the other into archives, and archives that are read while they come. */
import { WasmDataset, WasmIncoming, WasmStreamCompressor, doneValues, runJob } from '#wasm';
import { asked, named } from './compress.js';
import { cancelled, DeepCompError } from './error.js';
import { work } from './job.js';
import { load, loaded } from './load.js';
import type { AttributeValue, CompressOptions, DataType, TypedArray, Variable, VariableReport } from './types.js';

/** A variable whose values come one after the other. */
export interface StreamVariable {
  type: Exclude<DataType, 'char'>;
  /** Lengths of the dimensions of what comes at a time, slowest first; none of a single value. */
  shape: readonly number[];
  /** Names of those dimensions. */
  dimensions?: readonly string[];
  attributes?: Record<string, AttributeValue>;
  /** A value that means "missing"; NaN always does. */
  fillValue?: number | bigint;
}

/** What a stream is of. */
export interface StreamHeader {
  /** What comes, by the names of variables. */
  variables: Record<string, StreamVariable>;
  /** Name of the dimension along which it comes; `time` when absent. */
  dimension?: string;
  /** Name of the file in the archive; `stream.nc` when absent. */
  fileName?: string;
}

/** A stream of values into one of bytes: `planes.pipeThrough(stream).pipeTo(file)`. */
export interface CompressedStream {
  /** Takes the values of all variables at one or several more places along the dimension, by the names of variables; those of the only variable also as an array alone. */
  writable: WritableStream<TypedArray | Record<string, TypedArray>>;
  /** Gives the archive, which whoever gets it can read while it comes. */
  readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** What the archive certifies, once it is complete. */
  variables: Promise<VariableReport[]>;
}

const ARRAYS = {
  int8: Int8Array, uint8: Uint8Array, int16: Int16Array, uint16: Uint16Array, int32: Int32Array, uint32: Uint32Array,
  int64: BigInt64Array, uint64: BigUint64Array, float32: Float32Array, float64: Float64Array,
} as const;

/**
 * Compresses values as they come, of a length that nobody knows. A section is coded when enough of it has come to fill chunks ({@link CompressOptions.tiles} with the name of the dimension says how much: 1 is the least
 * delay, more the smaller archive), and memory is needed for one section. A bound relative to the range is not to be had, since nobody knows that before the end.
 *
 * @throws a `DeepCompError`: `invalid-argument` where bounds or shapes cannot be; the streams fail with one where values do not fit
 */
export async function compressStream(header: StreamHeader, options: CompressOptions): Promise<CompressedStream> {
  await load();
  const { dimension = 'time', fileName = 'stream.nc', variables } = header;
  const { model = 'auto', base = 'auto', signal } = options;
  const names = Object.keys(variables);
  const arrays = Object.entries(variables).map(([name, { type, shape, dimensions, attributes, fillValue }]) => {
    const values = ARRAYS[type];
    if (!values) throw new DeepCompError('invalid-argument', `"${name}" is of the type "${type}", which no stream has; there are: ${Object.keys(ARRAYS).join(', ')}`);
    const inner = dimensions ?? shape.map((_, place) => (names.length === 1 ? `dim_${place + 1}` : `${name}_${place + 1}`));
    const fill = fillValue === undefined ? undefined : (values as unknown as { of(...values: unknown[]): TypedArray }).of(fillValue);
    return { name, values: new values(0), shape: [0, ...shape], dimensions: [dimension, ...inner], attributes, fill };
  });
  const dataset = WasmDataset.fromArrays(arrays, fileName);
  const job = new WasmStreamCompressor(dataset, 0, asked(options), loaded(), named(model), base);
  dataset.free();
  let settle: { resolve(reports: VariableReport[]): void; reject(error: unknown): void };
  const reports = new Promise<VariableReport[]>((resolve, reject) => (settle = { resolve, reject }));
  // Whoever does not ask for them need not hear of what the streams tell as well.
  reports.catch(() => {});
  let open = true;
  const close = (error?: unknown) => {
    if (open) job.free();
    open = false;
    settle.reject(error ?? cancelled());
  };
  const through = async (controller: TransformStreamDefaultController<Uint8Array<ArrayBuffer>>, step: () => void): Promise<void> => {
    try {
      if (signal?.aborted) throw cancelled();
      step();
      await work(job, options);
      const bytes = job.takeBytes() as Uint8Array<ArrayBuffer>;
      if (bytes.length > 0) controller.enqueue(bytes);
    } catch (error) {
      close(error);
      throw error;
    }
  };
  const transform = new TransformStream<TypedArray | Record<string, TypedArray>, Uint8Array<ArrayBuffer>>({
    transform: (values, controller) => through(controller, () => add(job, names, values)),
    async flush(controller) {
      await through(controller, () => job.end());
      const { bytes, variables } = job.finish() as { bytes: Uint8Array<ArrayBuffer>; variables: VariableReport[] };
      if (bytes.length > 0) controller.enqueue(bytes);
      settle.resolve(variables);
      close();
    },
    cancel: close,
  } as Transformer<TypedArray | Record<string, TypedArray>, Uint8Array<ArrayBuffer>>);
  return { writable: transform.writable, readable: transform.readable, variables: reports };
}

function add(job: WasmStreamCompressor, names: string[], values: TypedArray | Record<string, TypedArray>): void {
  if (ArrayBuffer.isView(values)) {
    if (names.length !== 1) throw new DeepCompError('invalid-argument', `the stream has ${names.length} variables; give their values by name: ${names.join(', ')}`);
    return job.add(0, values);
  }
  const unknown = Object.keys(values).find((name) => !names.includes(name));
  if (unknown !== undefined) throw new DeepCompError('no-such-variable', `no variable "${unknown}" in the stream; there are: ${names.join(', ')}`);
  names.forEach((name, number) => {
    const own = values[name];
    if (own === undefined) throw new DeepCompError('invalid-argument', `there are no values of "${name}" with those of the others`);
    job.add(number, own);
  });
}

/** A file begins. The dimension along which a stream grows has the length of what came before, which is 0 where it begins. */
export interface ArrivedFile {
  type: 'file';
  name: string;
  dimensions: { name: string; length: number }[];
  variables: Variable[];
}

/** Where values lie. Each variable is seen as so many planes of rows and columns, to which its first dimensions are put together; what grows has more of them with every chunk. */
interface Lying {
  /** Name of the file. */
  file: string;
  /** Name of the variable. */
  variable: string;
  /** Rows and columns of a plane. */
  plane: [number, number];
  /** The first plane, row and column of these values, and how many there are of each. */
  first: [number, number, number];
  shape: [number, number, number];
  /** Bytes that they took. */
  bytes: number;
  /** As stored, in C order. */
  values: TypedArray;
}

/** A chunk that is whole and checked. */
export interface ArrivedChunk extends Lying {
  type: 'chunk';
}

/** What can be seen of a chunk of which some has come: planes, of which the last has one value every `stride` rows and columns that is what it will be, but for the few that are patched; it stands for those around it. */
export interface ComingChunk extends Lying {
  type: 'coming';
  stride: number;
}

/** What has come of an archive; `end` when it is complete, with the number of chunks that were passed over since only its index says what they are: those of small files. */
export type Arrival = ArrivedFile | ArrivedChunk | ComingChunk | { type: 'end'; passed: number };

export interface StreamOptions {
  /** Tells of chunks that are coming as well, coarse to fine. */
  coming?: boolean;
  /** Stops it. */
  signal?: AbortSignal;
}

/**
 * Reads an archive while it comes, long before there is an index: `for await (const arrival of readStream(response.body))`. What files are is said in front of their chunks where they are streams or have 1 MiB of values and more.
 * Work is done on the calling thread, which had better be a worker's.
 *
 * @throws a `DeepCompError`: `truncated` where the stream ends before the archive does, after all whole chunks were given; what is wrong with the archive; `cancelled`
 */
export async function* readStream(stream: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>, { coming = false, signal }: StreamOptions = {}): AsyncGenerator<Arrival, void, void> {
  await load();
  const incoming = new WasmIncoming();
  const variables = new Map<string, Variable[]>();
  const lying = (of: Record<string, unknown>) => ({ ...of, variable: variables.get(of['file'] as string)?.[of['variable'] as number]?.name ?? '' });
  let ended = false;
  try {
    for await (const bytes of pieces(stream, signal)) {
      incoming.push(bytes);
      for (let next; (next = incoming.next(loaded())) !== undefined; ) {
        ended = next.type === 'end';
        if (next.type === 'file') variables.set(next.name, next.variables);
        if (next.type === 'chunk') {
          const { job, ...rest } = next;
          yield { ...lying(rest), values: doneValues(runJob(job, loaded())) } as ArrivedChunk;
        } else {
          yield ended ? { type: 'end', passed: incoming.passed() } : (next as ArrivedFile);
        }
      }
      const seen = coming ? incoming.coming(loaded()) : undefined;
      if (seen !== undefined) yield { type: 'coming', ...lying(seen) } as ComingChunk;
    }
    if (!ended) throw new DeepCompError('truncated', 'the stream ended before the archive did; what came of it is whole, and `deepcomp salvage` makes an archive of that');
  } finally {
    incoming.free();
  }
}

/** The pieces of a stream, which is cancelled when nobody wants more of them. */
async function* pieces(stream: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array, void, void> {
  if (signal?.aborted) throw cancelled();
  if (!(stream instanceof ReadableStream)) {
    for await (const bytes of stream) {
      if (signal?.aborted) throw cancelled();
      yield bytes;
    }
    return;
  }
  const reader = stream.getReader();
  const stop = () => void reader.cancel().catch(() => {});
  signal?.addEventListener('abort', stop, { once: true });
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (signal?.aborted) throw cancelled();
      if (done) return;
      yield value;
    }
  } finally {
    signal?.removeEventListener('abort', stop);
    stop();
  }
}
