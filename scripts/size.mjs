/** The size budgets of the WASM modules: every visitor downloads that of the CPU with the weights beside it, the other only who runs on WebGPU. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ROOT } from './tools.mjs';

/** Bytes, gzip. Of the CPU: 440,000 without the readers of NetCDF-4, GRIB, GeoTIFF and pictures, which come on top and are to be loaded on demand. */
const BUDGETS = { wasm: 1_000_000, 'wasm-gpu': 2_500_000 };

/** Prints the size; throws when it is over the budget. */
export function checkSize() {
  for (const [folder, budget] of Object.entries(BUDGETS)) {
    const bytes = readFileSync(join(ROOT, 'pkg', folder, 'deepcomp_bg.wasm'));
    const packed = gzipSync(bytes, { level: 9 }).length;
    const line = `${folder}/deepcomp_bg.wasm: ${bytes.length} bytes, ${packed} gzip, budget ${budget}`;
    if (packed > budget) throw new Error(`${line}: ${packed - budget} too many`);
    console.log(line);
  }
  console.log(`deepcomp.dcm: ${statSync(join(ROOT, 'models', 'deepcomp.dcm')).size} bytes`);
}
