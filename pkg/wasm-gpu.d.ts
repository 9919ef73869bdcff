/** What the GPU worker needs of the second module, which is built from the same sources as the first one; declared here, since it may not be built yet. */
export { default } from '#wasm';

export class WasmAccelerator {
  private constructor();
  static open(): Promise<WasmAccelerator>;
  /** Adds the weights of a `.dcm` file, and proves on them that the adapter computes as the CPU does. */
  add(weights: Uint8Array): Promise<void>;
  /** `{ done, reason? }`: what became of jobs, and why the CPU had to step in. */
  run(jobs: Uint8Array[]): Promise<unknown>;
}
