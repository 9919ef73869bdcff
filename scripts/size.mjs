/** The size budgets of the WASM modules: every visitor downloads that of the CPU, with the weights beside it. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ROOT } from './tools.mjs';

/** Bytes, gzip, of the modules: of the CPU, which everyone downloads; of formats that need it; of WebGPU; inside self-extracting pages. */
const BUDGETS = { 'wasm/deepcomp': 870_000, 'wasm-formats/deepcomp_formats': 728_000, 'wasm-gpu/deepcomp': 2_330_000, 'wasm-viewer/deepcomp': 561_000 };

/** Prints the size; throws when it is over the budget. */
export function checkSize() {
  for (const [name, budget] of Object.entries(BUDGETS)) {
    const bytes = readFileSync(join(ROOT, 'pkg', `${name}_bg.wasm`));
    const packed = gzipSync(bytes, { level: 9 }).length;
    const line = `${name}_bg.wasm: ${bytes.length} bytes, ${packed} gzip, budget ${budget}`;
    if (packed > budget) throw new Error(`${line}: ${packed - budget} too many`);
    console.log(line);
  }
  console.log(`deepcomp.dcm: ${statSync(join(ROOT, 'models', 'deepcomp.dcm')).size} bytes`);
}
