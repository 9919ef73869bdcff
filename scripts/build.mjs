/** Builds the WASM modules, the npm package and the page: all of them, or with `cpu` or `gpu` what that takes. Nothing is built twice. */
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT, ensurePackages, ensureRust, ensureWasmBindgen, main, run } from './tools.mjs';
import { assembleViewer } from './viewer.mjs';

/** What rustc's wasm32 target uses by default, and SIMD. */
const FEATURES = ['simd', 'bulk-memory', 'bulk-memory-opt', 'nontrapping-float-to-int', 'sign-ext', 'mutable-globals', 'reference-types', 'multivalue'];

/** Less is inlined than by itself: a module is 4 % smaller, and no slower. */
const SMALLER = ['--config', 'target.wasm32-unknown-unknown.rustflags=["-C", "llvm-args=-inline-threshold=100"]'];

/** Builds a cargo target and returns the path of the file it made. */
export function cargoArtifact(args, isWanted) {
  const lines = run('cargo', ['build', ...args, '--message-format=json-render-diagnostics'], { capture: true }).split('\n');
  const artifacts = lines.filter((line) => line.includes('"compiler-artifact"')).map((line) => JSON.parse(line));
  const path = artifacts.flatMap((a) => (a.executable ? [a.executable] : a.filenames)).findLast(isWanted);
  if (!path) throw new Error(`cargo build ${args.join(' ')} made no such file`);
  return path;
}

/** Rust -> pkg/wasm, pkg/wasm-formats and pkg/wasm-viewer: the module of the CPU, that of the formats which it leaves to another, and one that only decodes. */
export function buildWasm() {
  buildModule('wasm', 'deepcomp', ['-p', 'deepcomp-wasm', '--release', ...SMALLER], '-O3');
  buildModule('wasm-formats', 'deepcomp_formats', ['-p', 'deepcomp-formats', '--release', ...SMALLER], '-O3');
  buildModule('wasm-viewer', 'deepcomp', ['-p', 'deepcomp-wasm', '--no-default-features', '--release', ...SMALLER], '-O3');
}

/** Rust -> pkg/wasm-gpu: the same module with the network on WebGPU. It takes minutes, since all of burn has to be compiled. */
export function buildGpuWasm() {
  // More than -O1 takes minutes and makes it no smaller.
  buildModule('wasm-gpu', 'deepcomp', ['-p', 'deepcomp-wasm', '--profile', 'gpu', '--features', 'webgpu'], '-O1');
}

/** A module: built, glue code, optimised. */
function buildModule(folderName, name, options, level) {
  const built = cargoArtifact(['--target', 'wasm32-unknown-unknown', ...options], (path) => path.endsWith('.wasm'));
  const folder = join(ROOT, 'pkg', folderName);
  const stamp = join(folder, '.stamp');
  const hash = createHash('sha256').update(readFileSync(built)).update(readFileSync(new URL(import.meta.url))).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  run(ensureWasmBindgen(), [built, '--target', 'web', '--out-dir', folder, '--out-name', name, '--remove-producers-section']);
  const module = join(folder, `${name}_bg.wasm`);
  const optimiser = join(ROOT, 'node_modules', 'binaryen', 'bin', 'wasm-opt');
  run(process.execPath, [optimiser, module, '-o', module, level, ...FEATURES.map((feature) => `--enable-${feature}`), '--strip-debug', '--strip-producers']);
  writeFileSync(stamp, hash);
}

/** TypeScript -> pkg/dist; the weights -> pkg/models, which the code finds beside itself. */
export function buildPackage() {
  mkdirSync(join(ROOT, 'pkg', 'models'), { recursive: true });
  copyFileSync(join(ROOT, 'models', 'deepcomp.dcm'), join(ROOT, 'pkg', 'models', 'deepcomp.dcm'));
  run(process.execPath, [join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'pkg']);
}

/** The page that archives are put into -> pkg/viewer. */
export const buildViewer = assembleViewer;

/** The page -> www/dist. */
export function buildPage() {
  run(process.execPath, [join(ROOT, 'node_modules', 'vite', 'bin', 'vite.js'), 'build', '--logLevel', 'warn'], { cwd: join(ROOT, 'www') });
}

/** Everything for the CPU, installing what is missing. */
export async function build() {
  ensurePackages();
  ensureRust();
  buildWasm();
  buildPackage();
  await buildViewer();
  buildPage();
}

/** What WebGPU takes besides; the page is built again, with it. */
export function buildGpu() {
  buildGpuWasm();
  buildPage();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main(async () => {
    if (process.argv[2] !== 'gpu') await build();
    if (process.argv[2] !== 'cpu') buildGpu();
  });
}
