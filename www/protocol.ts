/** What the page and its worker say to each other. */
import type { Acceptance, Backend, Bound, CoarseBound, Comparison, CompressOptions, Dataset, Format, FormatInfo, Level, Model, Plane, Ran, Range, Variable, VariableReport } from 'deepcomp';

/** Values of a coordinate variable and what they mean. */
export interface Axis {
  name: string;
  values: Float64Array;
  units?: string;
  calendar?: string;
}

/** What else is asked of an archive. */
export type Options = Pick<CompressOptions, 'keep' | 'missing' | 'stable' | 'asData'>;

/** The bound of all variables, and of those that have their own. */
export interface Bounds extends Bound, Options {
  variables: Record<string, Bound>;
  /** Whether bounds that would be refused otherwise are meant. */
  coarse?: boolean;
}

/** What bounds are refused for: variables of which little would be left, or units that one bound cannot be meant for. */
export interface Refusal {
  coarse?: CoarseBound[];
  units?: string[];
}

/** When planes get a base layer, which the network draws. */
export type Base = 'auto' | 'always' | 'never';

/** An archive as it was made, not checked yet. */
export interface Packed {
  archive: Uint8Array<ArrayBuffer>;
  variables: VariableReport[];
  seconds: number;
  ran: Ran;
  /** Where base layers were wanted; `never` where there was no network to draw them. */
  base: Base;
  /** Why there was no network to use. */
  warning?: string;
}

/** An archive that was decoded and checked. */
export interface Result {
  /** Of the file on disk, where that is known. */
  fileBytes?: number;
  archiveBytes: number;
  version: string;
  /** What the archive says of itself. */
  comment?: string;
  variables: VariableReport[];
  /** The networks at hand. */
  models: readonly Model[];
  warning?: string;
  /** Where base layers were wanted; only when the archive was made here. */
  base?: Base;
  /** Per variable; only when the source is at hand. */
  comparisons?: Comparison[];
  encodeSeconds?: number;
  decodeSeconds: number;
  /** Where it was made, when it was made here, and where it was decoded. */
  encodeRan?: Ran;
  decodeRan: Ran;
}

/** A file that was opened. */
export interface Opened {
  fileName: string;
  fileBytes: number;
  format: Dataset['format'];
  /** All formats. */
  formats: readonly FormatInfo[];
  variables: Variable[];
  /** The level that suits its size. */
  level: Level;
  /** By name of the dimension. */
  axes: Record<string, Axis>;
  /** Why it is kept byte for byte and not as data. */
  why?: string;
  /** Present when the file is an archive. */
  result?: Result;
  /** Why variables could not be decoded, by their numbers; present where the archive is damaged. */
  damage?: (string | undefined)[];
  /** Names of the files in the archive, and which of them is open. */
  files?: { names: string[]; current: number };
}

/** The same planes of the source, the reconstruction and their difference, as far as they exist. */
export interface Views {
  original?: Plane[];
  decoded?: Plane[];
  error?: Plane[];
  /** What the base layer draws, and reconstruction − base. */
  base?: Plane[];
  detail?: Plane[];
}

/** What the values of a variable tell. */
export interface Look extends Range {
  /** A stored value that looks like a code for "missing" though the file does not say so. */
  suspect?: number;
}

/** The format of an open file. */
export function formatOf({ format, formats }: Opened): FormatInfo {
  return formats.find(({ name }) => name === format)!;
}

/** What the base layer of an archive shows before the rest of it is decoded. */
export interface Preview {
  fileName: string;
  variable: string;
  plane: Plane;
}

export type FileKind = 'archive' | 'original' | Format;

/** Values that a person named as missing, by number of the variable. */
export type Missing = [variable: number, value: number][];

/** A file to save. */
export interface Saved {
  bytes: Uint8Array<ArrayBuffer>;
  fileName: string;
}

export interface Calls {
  open: { args: { file: Blob; name: string; backend: Backend; /** Of an archive that is encrypted. */ passphrase?: string }; result: Opened };
  openFile: { args: { file: number; backend: Backend }; result: Opened };
  /** Makes an archive of a file; what is open does not matter. */
  compress: { args: { file: Blob; name: string; bounds: Bounds; missing: Missing; level: Level; base: Base; backend: Backend }; result: Packed };
  /** Decodes an archive of the open file and compares every value with it. */
  check: { args: { packed: Packed; backend: Backend }; result: Result };
  /** Takes a stored value of a variable of the open file as missing. */
  setMissing: { args: { variable: number; value: number }; result: Opened };
  addModel: { args: { bytes: ArrayBuffer }; result: Model };
  views: { args: { variable: number; planes: number[] }; result: Views };
  /** What there is to know of the values of a variable. */
  look: { args: { variable: number }; result: Look };
  acceptance: { args: { variable: number }; result: Acceptance };
  save: { args: { kind: FileKind; variable: number; plane: number }; result: Saved };
  /** The archive as a page that opens by itself. */
  page: { args: object; result: Saved };
}

export type Call = keyof Calls;
export type Stage = 'compressing' | 'checking';

export type Request = { [K in Call]: { id: number; call: K; args: Calls[K]['args'] } }[Call] | { id: number; call: 'cancel' };

export type Reply =
  | { id: number; result: Calls[Call]['result'] }
  | { id: number; stage: Stage; fraction: number }
  | { id: number; preview: Preview }
  | { id: number; error: { code: string; message: string; refusal?: Refusal }; fatal: boolean };
