/**
 * `npm test`: installs what is missing, builds, runs every check and every test; stops at the first failure and names its stage.
 * `npm test -- browser` runs only the stages whose name contains a given word.
 */
import { dirname, delimiter, join } from 'node:path';
import { buildGpuWasm, buildPackage, buildPage, buildViewer, buildWasm, cargoArtifact } from './build.mjs';
import { checkSize } from './size.mjs';
import { CommandFailed, ROOT, counted, ensureChromium, ensureFieldPython, ensureFieldTools, ensureNginx, ensurePackages, ensureRust, ensureVulkan, ensureWasmBindgen } from './tools.mjs';

const WASM = ['-p', 'deepcomp-wasm', '--target', 'wasm32-unknown-unknown'];
const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');

/** All but what takes burn, which takes minutes to build: the trainer, and the GPU, which has stages of its own. */
const ALL = ['--workspace', '--exclude', 'deepcomp-train', '--exclude', 'deepcomp-gpu'];
const GPU = ['-p', 'deepcomp-gpu'];

const cargo = (...args) => counted('cargo', args);
const node = (...args) => counted(process.execPath, args);
const once = (action) => async () => {
  await action();
  return 0;
};

const STAGES = [
  ['install npm packages', once(ensurePackages)],
  ['install Rust parts', once(ensureRust)],
  ['install wasm-bindgen', once(ensureWasmBindgen)],
  ['install Chromium', once(ensureChromium)],
  ['install a Vulkan driver', once(ensureVulkan)],
  ['install a web server', once(ensureNginx)],
  ['install the tools of the field', once(ensureFieldTools)],
  ['install the libraries of the field', once(ensureFieldPython)],
  ['structure', () => node('--test', '--test-reporter=spec', join('tests', 'structure.test.mjs'))],
  ['format', () => cargo('fmt', '--all', '--check')],
  ['lints', () => cargo('clippy', ...ALL, '--all-targets', '--', '-D', 'warnings')],
  ['lints of what training needs', () => cargo('clippy', '-p', 'deepcomp', '--features', 'training', '--', '-D', 'warnings')],
  ['lints of the WASM binding', () => cargo('clippy', ...WASM, '--all-targets', '--', '-D', 'warnings')],
  ['lints of the WASM module that only decodes', () => cargo('clippy', ...WASM, '--no-default-features', '--', '-D', 'warnings')],
  ['lints of the WASM module of formats', () => cargo('clippy', '-p', 'deepcomp-formats', '--target', 'wasm32-unknown-unknown', '--', '-D', 'warnings')],
  ['lints of the GPU', () => cargo('clippy', ...GPU, '--all-targets', '--', '-D', 'warnings')],
  ['native tests', () => counted('cargo', ['test', ...ALL], ensureNginx() ? {} : { DEEPCOMP_NGINX_OPTIONAL: '1' })],
  ['GPU tests', () => counted('cargo', ['test', ...GPU], ensureVulkan() ? {} : { DEEPCOMP_GPU_OPTIONAL: '1' })],
  ['independent decoder', () => {
    const cli = cargoArtifact(['-p', 'deepcomp-cli'], (path) => /deepcomp(\.exe)?$/.test(path));
    return counted(process.execPath, ['--test', '--test-reporter=spec', join('tests', 'independent', 'decoder.test.mjs')], { DEEPCOMP_CLI: cli });
  }],
  ['comparison with the tools of the field', () => {
    const cli = cargoArtifact(['-p', 'deepcomp-cli'], (path) => /deepcomp(\.exe)?$/.test(path));
    return counted(ensureFieldPython(), ['-B', '-m', 'pytest', join('tests', 'field_tools')], { DEEPCOMP_CLI: cli });
  }],
  ['WASM binding tests', () => {
    const tools = dirname(ensureWasmBindgen('wasm-bindgen-test-runner'));
    return counted('cargo', ['test', ...WASM], { PATH: tools + delimiter + process.env.PATH });
  }],
  ['build of the WASM module', once(buildWasm)],
  ['build of the module of the GPU', once(buildGpuWasm)],
  ['build of the package', once(buildPackage)],
  ['build of the self-extracting page', once(buildViewer)],
  ['types of the page', () => node(tsc, '-p', 'www')],
  ['size of the WASM modules', () => (checkSize(), 1)],
  ['build of the page', once(buildPage)],
  ['package tests', () => node('--test', '--test-reporter=spec', join('tests', 'package', 'package.test.mjs'))],
  ['package tests of streams', () => node('--test', '--test-reporter=spec', join('tests', 'package', 'streams.test.mjs'))],
  ['package tests of encrypted archives', () => node('--test', '--test-reporter=spec', join('tests', 'package', 'encryption.test.mjs'))],
  ['package tests of archives that are read by parts', () => node('--test', '--test-reporter=spec', join('tests', 'package', 'ranges.test.mjs'))],
  ['browser tests', () => node('--test', '--test-reporter=spec', join('tests', 'browser', 'page.test.mjs'))],
  ['browser tests of self-extracting pages', () => node('--test', '--test-reporter=spec', join('tests', 'browser', 'self-extracting.test.mjs'))],
  ['browser tests of the live stream', () => node('--test', '--test-reporter=spec', join('tests', 'browser', 'live.test.mjs'))],
  ['browser tests of archives that are read by parts', () => node('--test', '--test-reporter=spec', join('tests', 'browser', 'ranges.test.mjs'))],
  ['browser tests on WebGPU', () => node('--test', '--test-reporter=spec', join('tests', 'browser', 'gpu.test.mjs'))],
];

const wanted = process.argv.slice(2);
let passed = 0;
for (const [name, action] of STAGES) {
  if (wanted.length > 0 && !wanted.some((word) => name.toLowerCase().includes(word.toLowerCase()))) continue;
  const start = performance.now();
  console.log(`\n── ${name}`);
  try {
    passed += await action();
  } catch (error) {
    console.error(error instanceof CommandFailed ? error.message : error);
    console.error(`\n✗ ${name} failed after ${((performance.now() - start) / 1000).toFixed(1)} s`);
    console.log(`${passed} passed, 1 failed`);
    process.exit(1);
  }
  console.log(`✓ ${name}: ${((performance.now() - start) / 1000).toFixed(1)} s`);
}
console.log(`\n${passed} passed, 0 failed`);
