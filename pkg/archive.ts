/** Archives that are read by parts: what they say, and of their values what is asked for. */
import { WasmArchive, WasmKey, type WasmDecompressor } from '#wasm';
import { Dataset } from './dataset.js';
import { DeepCompError } from './error.js';
import { needsFormats } from './formats.js';
import { drive } from './job.js';
import { addModel, load, loaded, weightsOf } from './load.js';
import { openDataset } from './open.js';
import type { Origin } from './origin.js';
import { ReadAhead } from './read-ahead.js';
import { originOf, type ArchiveSource } from './source.js';
import type { ArchiveInfo, DecompressOptions, Plane, Ran, Ranges, VariableReport } from './types.js';

/**
 * Opens an archive, of which little but its index is read: some dozens of kilobytes of a `Blob`, of a file or of what is at an address, whatever its length. Where a server gives no ranges of bytes,
 * all of it is fetched once and {@link Archive.wholeDownload} says so. One that is encrypted takes its `passphrase`, which costs about a second.
 *
 * @throws a `DeepCompError`: `unreadable` where it cannot be had (of addresses with `url`, and `status` where the server answered), `changed` where it changes meanwhile, `cancelled`;
 * `passphrase-needed` and `wrong-passphrase`; and what is wrong with the archive
 */
export async function openArchive(source: ArchiveSource, { signal, passphrase }: OpenOptions = {}): Promise<Archive> {
  const [origin] = await Promise.all([originOf(source, signal), load()]);
  const ahead = new ReadAhead(origin, signal);
  try {
    return new Archive(await ahead.during(() => new WasmArchive(origin.length, ahead.read)), origin);
  } catch (error) {
    if (passphrase === undefined || (error as DeepCompError).code !== 'passphrase-needed') throw error;
    return new Archive(await unlocked(origin.length, ahead, passphrase), origin);
  } finally {
    ahead.close();
  }
}

async function unlocked(length: number, ahead: ReadAhead, passphrase: string): Promise<WasmArchive> {
  const key = await ahead.during(() => new WasmKey(length, ahead.read, passphrase));
  try {
    return await ahead.during(() => WasmArchive.sealed(length, ahead.read, key));
  } finally {
    key.free();
  }
}

/** How an archive is opened. */
export interface OpenOptions {
  /** Stops it. */
  signal?: AbortSignal | undefined;
  /** Of an archive that is encrypted. */
  passphrase?: string | undefined;
}

/** An archive that is open. Free it when done; `using` does so by itself. */
export class Archive {
  /** Version of the format. */
  readonly version: string;
  /** What whoever made it says of it. */
  readonly comment: string | undefined;
  /** The networks that decoding takes, by hash. */
  readonly models: readonly string[];
  /** Those of them that lie in it: it opens without their files. */
  readonly embedded: readonly string[];
  /** The files that were compressed into it, with their dimensions and what is certified of their variables. */
  readonly files: ArchiveInfo['files'];
  #inner: WasmArchive;
  #origin: Origin;

  /** @internal */
  constructor(inner: WasmArchive, origin: Origin) {
    [this.#inner, this.#origin] = [inner, origin];
    const { version, comment, models, embedded, files }: ArchiveInfo = inner.info();
    [this.version, this.comment, this.models, this.embedded, this.files] = [version, comment, models, embedded, files];
  }

  /** Bytes that it has. */
  get length(): number {
    return this.#origin.length;
  }

  /** The variables of its first file. */
  get variables(): readonly VariableReport[] {
    return this.files[0]?.variables ?? [];
  }

  /** Bytes that were read or fetched so far; 0 where it is in memory. */
  get bytesRead(): number {
    return this.#origin.fetched;
  }

  /** Whether a server that gives no ranges of bytes made it necessary to fetch all of it. */
  get wholeDownload(): boolean {
    return this.#origin.whole;
  }

  /**
   * Decodes a file, some of its variables, or of these what lies in ranges of indices. Only chunks that have any of it are read and decoded; each is checked, and every variable that is read whole
   * is held against its certificate. A part comes as a dataset of arrays.
   *
   * @throws a `DeepCompError`: `no-such-variable`; `invalid-argument` where there is no such file, dimension or index; as {@link openArchive}
   */
  async read(options: DecompressOptions = {}): Promise<Dataset> {
    return (await this.readTimed(options)).dataset;
  }

  /** As {@link read}, with the seconds it took and where it ran. */
  async readTimed(options: DecompressOptions = {}): Promise<{ dataset: Dataset; seconds: number; ran: Ran }> {
    const ahead = new ReadAhead(this.#origin, options.signal);
    try {
      await this.#equip(ahead);
      const job = this.#decompressor(options, ahead);
      const { whole } = job;
      const reading = { nextJob: () => ahead.during(() => job.nextJob()), accept: (done: Uint8Array) => job.accept(done), finish: () => job.finish(), free: () => job.free() };
      const { result, seconds, ran } = await drive(reading, options);
      const dataset = new Dataset(result);
      return { dataset: whole ? await parsed(dataset) : dataset, seconds, ran };
    } finally {
      ahead.close();
    }
  }

  /** What the base layer alone shows of one plane, as {@link preview} has it. */
  async preview(variable: number | string, { file = 0, plane = 0, signal }: { file?: number | string; plane?: number; signal?: AbortSignal | undefined } = {}): Promise<Plane | undefined> {
    const number = this.#file(file);
    const ahead = new ReadAhead(this.#origin, signal);
    try {
      await this.#equip(ahead);
      return await ahead.during(() => this.#inner.preview(ahead.read, number, this.#variable(number, variable), plane, loaded()));
    } finally {
      ahead.close();
    }
  }

  /**
   * One plane so coarse as is wanted, or finer: every `stride` rows and columns one value is what it will be, but for the few that are patched, and stands for those around it. No more is read than that takes, which is least where
   * tiles have one plane ({@link CompressOptions.tiles}, `{ time: 1 }`). `bytes` of chunks were read; where `stride` comes back as 1 nothing is coarse, and checksums were checked.
   */
  async coarse(
    variable: number | string,
    { file = 0, plane = 0, stride = 8, signal }: { file?: number | string; plane?: number; stride?: number; signal?: AbortSignal | undefined } = {},
  ): Promise<Plane & { stride: number; bytes: number }> {
    const number = this.#file(file);
    const ahead = new ReadAhead(this.#origin, signal);
    try {
      return await ahead.during(() => this.#inner.coarse(ahead.read, number, this.#variable(number, variable), plane, stride, loaded()));
    } finally {
      ahead.close();
    }
  }

  /** Releases the memory of the index; the archive is unusable afterwards, what was read of it is not. */
  free(): void {
    this.#inner.free();
  }

  [Symbol.dispose](): void {
    this.free();
  }

  /** Takes the networks that lie in it and are not at hand. */
  async #equip(ahead: ReadAhead): Promise<void> {
    for (const [number, id] of this.embedded.entries()) {
      const file = weightsOf(id) === undefined && (await ahead.during(() => this.#inner.embedded(ahead.read, number)));
      if (file) await addModel(file);
    }
  }

  /** What decodes that part. */
  #decompressor({ file = 0, variable, variables = variable === undefined ? undefined : [variable], ranges = {} }: DecompressOptions, { read, prepare }: ReadAhead): WasmDecompressor {
    const number = this.#file(file);
    const numbers = variables && Uint32Array.from(variables, (one) => this.#variable(number, one));
    const runs = Object.entries(ranges).flatMap(([name, range]) => runsOf(range).map((run) => ({ name, run: checked(name, run) })));
    return this.#inner.decompressor(read, prepare, number, numbers, runs.map(({ name }) => name), Uint32Array.from(runs.flatMap(({ run }) => run)), loaded());
  }

  #file(file: number | string): number {
    if (typeof file === 'number') return file;
    const number = this.files.findIndex(({ name }) => name === file);
    if (number < 0) throw new DeepCompError('invalid-argument', `no file "${file}"; there are: ${this.files.map(({ name }) => name).join(', ')}`);
    return number;
  }

  #variable(file: number, variable: number | string): number {
    if (typeof variable === 'number') return variable;
    const { variables = [] } = this.files[file] ?? {};
    const number = variables.findIndex(({ name }) => name === variable);
    if (number < 0) throw new DeepCompError('no-such-variable', `no variable "${variable}"; there are: ${variables.map(({ name }) => name).join(', ')}`);
    return number;
  }
}

type Run = readonly [number, number];

/** The ranges of a dimension; an empty one where there is none, which is not the same as all of it. */
function runsOf(range: Ranges[string]): readonly Run[] {
  const isOne = (given: typeof range): given is Run => typeof given[0] === 'number';
  if (isOne(range)) return [range];
  return range.length > 0 ? range : [[0, 0]];
}

function checked(name: string, run: Run): Run {
  const isIndex = (index: number) => Number.isInteger(index) && index >= 0 && index < 2 ** 32;
  if (run.length === 2 && run.every(isIndex)) return run;
  throw new DeepCompError('invalid-argument', `[${run.join(', ')}] is no range of indices of "${name}"; give the first and the one behind the last`);
}

/** What the bytes hold of a file that is kept whole; where its module is done without, that very file. */
async function parsed(file: Dataset): Promise<Dataset> {
  const bytes = file.values(0) as Uint8Array;
  try {
    const dataset = await openDataset(bytes, file.fileName);
    dataset.whole = bytes;
    file.free();
    return dataset;
  } catch (error) {
    if (needsFormats(error)) return file;
    file.free();
    throw error;
  }
}
