import { existsSync } from 'node:fs';
import { defineConfig } from 'vite';

/** Until the module of the GPU is built, as while `npm start` still works on it, the worker of the GPU says so, and the CPU does the work. */
const withoutGpu = {
  name: 'without-gpu',
  resolveId: (id) => (id === '#wasm-gpu' && !existsSync(new URL('../pkg/wasm-gpu/deepcomp.js', import.meta.url)) ? '\0without-gpu' : undefined),
  load: (id) => (id === '\0without-gpu' ? "export default async () => { throw new Error('the module of the GPU is not built yet'); }; export const WasmAccelerator = undefined;" : undefined),
};

export default defineConfig({
  base: './',
  plugins: [withoutGpu],
  worker: { format: 'es', plugins: () => [withoutGpu] },
  build: { target: 'es2022', modulePreload: { polyfill: false }, assetsInlineLimit: 0 },
});
