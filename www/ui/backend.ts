/** What runs the network: the CPU, WebGPU, or what suits. */
import { hasRealGpu, type Backend } from 'deepcomp';
import { byId } from './dom.ts';

const SAME = 'The archive is the same to the last byte.';

export class BackendChoice {
  readonly #field = byId('backend', HTMLFieldSetElement);
  readonly #hint = byId('backend-hint', HTMLElement);
  /** Whether there is a GPU of its own kind; unknown at first. */
  #real: boolean | undefined;

  constructor() {
    this.#field.addEventListener('change', () => this.#explain());
    const gpu = this.#field.querySelector<HTMLInputElement>('[value=webgpu]')!;
    gpu.disabled = !('gpu' in navigator);
    this.#explain();
    void hasRealGpu().then((real) => {
      this.#real = real;
      this.#explain();
    });
  }

  get chosen(): Backend {
    return this.#field.querySelector<HTMLInputElement>(':checked')!.value as Backend;
  }

  #explain(): void {
    const cores = navigator.hardwareConcurrency;
    const cpu = cores > 1 ? `the ${cores} cores of the CPU` : 'the CPU';
    const missing = 'gpu' in navigator ? 'the GPU is only simulated here' : 'this browser has no WebGPU';
    const auto = this.#real ? `The GPU and ${cpu}.` : `Here: ${cpu}${this.#real === false ? `; ${missing}` : ''}.`;
    const hints: Record<Backend, string> = {
      auto,
      cpu: `Only ${cpu}.`,
      webgpu: 'Only the GPU; one more download, once. Where it fails, the CPU goes on.',
    };
    this.#hint.textContent = `${hints[this.chosen]} ${SAME}`;
  }
}
