/**
 * `npm run bench`: measures the figures of docs/bench/figures.md. Makes a Python environment with the pinned peers in the user's
 * cache folder, builds the command line tool, and leaves the rest to figures.py. Node built-ins only.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cargoArtifact } from '../scripts/build.mjs';
import { CACHE, main, run } from '../scripts/tools.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const WINDOWS = process.platform === 'win32';

/** The Python of an environment that holds exactly the pinned packages; other pins make another environment. */
function ensurePython() {
  const requirements = join(HERE, 'requirements.txt');
  const hash = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const folder = join(CACHE, `bench-${hash}`);
  const python = join(folder, ...(WINDOWS ? ['Scripts', 'python.exe'] : ['bin', 'python']));
  const done = join(folder, '.complete');
  if (existsSync(done)) return python;
  rmSync(folder, { recursive: true, force: true });
  run(WINDOWS ? 'python' : 'python3', ['-m', 'venv', folder]);
  run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements]);
  writeFileSync(done, '');
  return python;
}

await main(() => {
  const python = ensurePython();
  const cli = cargoArtifact(['--release', '-p', 'deepcomp-cli'], (path) => /[\\/]deepcomp(\.exe)?$/.test(path));
  run(python, ['-B', join(HERE, 'figures.py'), '--cli', cli, '--node', process.execPath]);
});
