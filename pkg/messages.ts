/** What a crew and its workers say to each other. */

/** Weights and, for the CPU, the module, so that a worker need not load them again. */
export interface Equipment {
  module?: WebAssembly.Module;
  weights: Uint8Array<ArrayBuffer>[];
}

/** What a worker is told. */
export type ToWorker = { start: Equipment } | { weights: Uint8Array<ArrayBuffer> } | { id: number; chunks: Uint8Array<ArrayBuffer>[] };

/** What a worker answers. */
export type FromWorker =
  /** Ready; on which adapter. */
  | { started: string }
  /** Cannot work at all. */
  | { failed: string }
  /** Results, and why the CPU had to step in for the GPU. */
  | { id: number; done: Uint8Array<ArrayBuffer>[]; reason?: string }
  | { id: number; error: { code: string; message: string } };
