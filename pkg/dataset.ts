/** A dataset: what was opened or decoded, and the files it can be saved in. */
import type { WasmDataset } from '#wasm';
import { DeepCompError } from './error.js';
import { needsFormats, withFormats, type Formats } from './formats.js';
import { formatsModule } from './load.js';
import type { Format, FormatInfo, LeftOut, Level, Plane, Range, TypedArray, Variable } from './types.js';

/**
 * A dataset: in WASM memory, or, where its values take more than 256 MiB and the file is at hand, read variable by variable as they are asked for. Free it when done;
 * `using` does so by itself.
 */
export class Dataset {
  readonly fileName: string;
  /** Bytes of the file that was opened; absent of arrays and of what was decoded. */
  readonly fileBytes?: number;
  /** The format it came from. */
  readonly format: FormatInfo['name'];
  /** The level that `compress` takes where none is named: the best one up to 64 MiB of values. */
  readonly level: Level;
  variables: readonly Variable[];
  /** Why `openAny` keeps the file byte for byte and not as data. */
  readonly kept?: string;

  /** @internal The file itself, where an archive has it byte for byte. */
  whole?: Uint8Array;

  /** @internal */
  constructor(readonly inner: WasmDataset) {
    this.fileName = inner.fileName;
    if (inner.fileBytes !== undefined) this.fileBytes = inner.fileBytes;
    if (inner.kept !== undefined) this.kept = inner.kept;
    this.format = inner.format as FormatInfo['name'];
    this.level = inner.level as Level;
    this.variables = inner.variables();
  }

  /** Two dimensions of a variable in physical units. */
  plane(variable: string | number, plane = 0): Plane {
    return this.inner.plane(this.index(variable), plane);
  }

  /** Smallest and largest value of a whole variable. */
  range(variable: string | number): Range {
    return this.inner.range(this.index(variable));
  }

  /** All values of a variable as stored, in C order. */
  values(variable: string | number): TypedArray {
    return this.inner.values(this.index(variable));
  }

  /** A stored value that looks like a code for "missing" though the file does not say so; {@link setMissing} makes it one. */
  suspect(variable: string | number): number | undefined {
    return this.inner.suspect(this.index(variable));
  }

  /** Takes stored values that equal `value` as missing from now on, though the file does not say so. Files saved later say it no more than this one. */
  setMissing(variable: string | number, value: number): void {
    this.inner.setMissing(this.index(variable), value);
    this.variables = this.inner.variables();
  }

  /** Bytes of a file in the format the dataset came from; typed arrays give NPY (one) or NetCDF (several), pictures PNG. */
  save(): Promise<Uint8Array>;
  /** Bytes of a file with everything: NetCDF classic, NetCDF-4, GeoTIFF, or a NumPy archive. */
  save(format: 'netcdf' | 'netcdf4' | 'tiff' | 'npz'): Promise<Uint8Array>;
  /** Bytes of a file of one variable: a NumPy array, or text. */
  save(format: 'npy' | 'csv', variable: string | number): Promise<Uint8Array>;
  /** Bytes of a picture of one plane; a dataset read from a picture gives that one back exactly. */
  save(format: 'png', variable: string | number, plane?: number): Promise<Uint8Array>;
  /** Bytes of a file in any of the formats; {@link formats} says whether it holds everything, that variable or that plane. */
  save(format: Format, variable?: string | number, plane?: number): Promise<Uint8Array>;
  async save(format?: Format, variable: string | number = 0, plane = 0): Promise<Uint8Array> {
    if (format === undefined) return (await this.original()).bytes;
    return this.#write(() => this.inner.save(format, this.index(variable), plane), (writer) => writer.save(format));
  }

  /** What a file of that format has no place for; nothing for the format the dataset came from. Formats of one array hold values alone. */
  leftOut(format: Format): LeftOut[] {
    return this.inner.leftOut(format);
  }

  /** As `save()`, with the name it should have: it ends otherwise than the one the file had where it has to be another format, as PNG for JPEG. */
  async original(): Promise<{ bytes: Uint8Array; fileName: string }> {
    if (this.whole !== undefined) return { bytes: this.whole.slice(), fileName: this.fileName };
    const { bytes, extension }: { bytes: Uint8Array; extension?: string } = await this.#write(() => this.inner.original(), (writer) => writer.original());
    return { bytes, fileName: extension === undefined ? this.fileName : `${this.fileName.replace(/\.[^.]*$/, '')}.${extension}` };
  }

  /** Writes here, or in the module of formats where that has to. */
  async #write<T>(here: () => T, there: (writer: InstanceType<Formats['FormatsWriter']>) => T): Promise<T> {
    try {
      return here();
    } catch (error) {
      if (!needsFormats(error)) throw error;
    }
    const { FormatsWriter } = await formatsModule();
    return withFormats(() => {
      const writer = new FormatsWriter(this.inner.header());
      try {
        this.variables.forEach((_, i) => writer.add(this.inner.valueBytes(i)));
        return there(writer);
      } finally {
        writer.free();
      }
    });
  }

  /** Releases the memory; the dataset is unusable afterwards. */
  free(): void {
    this.inner.free();
  }

  [Symbol.dispose](): void {
    this.free();
  }

  /** @internal */
  index(variable: string | number): number {
    if (typeof variable === 'number') return variable;
    const index = this.variables.findIndex((v) => v.name === variable);
    if (index >= 0) return index;
    const available = this.variables.map((v) => v.name).join(', ');
    throw new DeepCompError('no-such-variable', `no variable "${variable}"; there are: ${available}`);
  }
}
