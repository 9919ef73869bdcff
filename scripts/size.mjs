/** The size budget of the WASM module, which a visitor downloads with the weights beside it. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ROOT } from './tools.mjs';

/** Bytes, gzip. The predictor fitted into 400,000; the autoencoder, encoder and decoder both, came on top. */
const BUDGET = 420_000;

/** Prints the size; throws when it is over the budget. */
export function checkSize() {
  const bytes = readFileSync(join(ROOT, 'pkg', 'wasm', 'deepcomp_bg.wasm'));
  const packed = gzipSync(bytes, { level: 9 }).length;
  const line = `deepcomp_bg.wasm: ${bytes.length} bytes, ${packed} gzip, budget ${BUDGET}`;
  if (packed > BUDGET) throw new Error(`${line}: ${packed - BUDGET} too many`);
  console.log(line);
  console.log(`deepcomp.dcm: ${statSync(join(ROOT, 'models', 'deepcomp.dcm')).size} bytes`);
}
