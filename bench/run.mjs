/**
 * `npm run bench`: measures the figures of docs/bench. Makes environments with the pinned peers of PyPI and npm in the user's cache
 * folder, installs those of Debian where it may, builds the command line tool, and leaves the rest to figures.py. Node built-ins only.
 * `npm run bench -- claims` measures the claims of the paper instead, with paper.py, which needs no npm peers and gets all further arguments;
 * `npm run bench -- lossless` what lossless coding takes and `npm run bench -- front` levels beside peers, likewise, with exact.py and front.py;
 * `npm run bench -- truth` what a bound must not do, with the libraries of the field; `npm run bench -- backends` the CPU beside the GPU, and `npm run bench -- files` what comes back of every data file, both without any peers;
 * `npm run bench -- archivers` a folder of files beside zip, xz, zstd, 7-Zip and RAR;
 * `npm run bench -- report` measures nothing and writes the pages again whose results docs/bench keeps whole.
 */
import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cargoArtifact } from '../scripts/build.mjs';
import { backends, backendsAgain } from './backends.mjs';
import { archivers } from './archivers.mjs';
import { files } from './files.mjs';
import { CACHE, CommandFailed, aptInstall, ensureFieldPython, ensurePython, environment, main, run } from '../scripts/tools.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
/** Debian packages and the programs they bring: the archiver, and GNU time for the memory figures. */
const DEBIAN = { '7zip': '/usr/bin/7zz', time: '/usr/bin/time' };
/** One thread for every codec that could take more. */
const ONE_THREAD = { OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' };

/** Measurements of their own with the peers of PyPI, and what they are told besides. */
const SCRIPTS = { claims: { script: 'paper.py', needed: ['--node', process.execPath] }, lossless: { script: 'exact.py', needed: [] }, front: { script: 'front.py', needed: ['--node', process.execPath] } };

function nodePeers() {
  const pins = join(HERE, 'package.json');
  return environment('bench', pins, (folder) => {
    copyFileSync(pins, join(folder, 'package.json'));
    run('npm', ['install', '--silent', '--no-audit', '--no-fund'], { cwd: folder });
  });
}

/** Installs the programs that are missing; without root or apt-get the report says what was left out. */
function debianPeers() {
  const missing = Object.keys(DEBIAN).filter((name) => !existsSync(DEBIAN[name]));
  if (missing.length > 0 && process.getuid?.() === 0) aptInstall(...missing);
}

function commandLineTool() {
  return cargoArtifact(['--release', '-p', 'deepcomp-cli'], (path) => /[\\/]deepcomp(\.exe)?$/.test(path));
}

function truth(more) {
  run(ensureFieldPython(), ['-B', join(HERE, 'truth.py'), '--cli', commandLineTool(), '--cache', CACHE, ...more], { env: ONE_THREAD });
}

/** The pages of claims, truth, lossless and backends from their JSON. */
function report(python) {
  run(python, ['-B', join(HERE, 'again.py')]);
  backendsAgain();
  console.log('bench: backends.md');
}

await main(() => {
  const [what, ...more] = process.argv.slice(2);
  if (what === 'backends') return backends();
  if (what === 'files') return files();
  if (what === 'archivers') return archivers(more, () => (debianPeers(), commandLineTool()));
  if (what === 'truth') return truth(more);
  if (what !== undefined && !(what in SCRIPTS) && what !== 'report') throw new CommandFailed(`bench: ${what} is not known; there are \`claims\`, \`lossless\`, \`front\`, \`truth\`, \`backends\`, \`archivers\`, \`files\` and \`report\``);
  const python = ensurePython('bench', join(HERE, 'requirements.txt'));
  if (what === 'report') return report(python);
  const needed = what ? SCRIPTS[what].needed : ['--node', process.execPath, '--npm', nodePeers()];
  debianPeers();
  const script = join(HERE, what ? SCRIPTS[what].script : 'figures.py');
  run(python, ['-B', script, '--cli', commandLineTool(), '--cache', CACHE, ...needed, ...more], { env: ONE_THREAD });
});
