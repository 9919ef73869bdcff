/** The package as a user gets it: packed, installed in an empty project, run in Node. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ROOT, run } from '../../scripts/tools.mjs';

const folder = mkdtempSync(join(tmpdir(), 'deepcomp-package-'));
const node = (code) => {
  writeFileSync(join(folder, 'main.mjs'), code);
  return run(process.execPath, ['main.mjs'], { cwd: folder, capture: true });
};

before(() => {
  run('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: join(ROOT, 'pkg'), capture: true });
  const [tarball] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
  assert.ok(tarball, 'npm pack made a tarball');
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }');
  run('npm', ['install', '--silent', '--offline', '--no-audit', '--no-fund', `./${tarball}`], { cwd: folder, capture: true });
});

after(() => rmSync(folder, { recursive: true, force: true }));

test('the ten lines of the README make a round trip', () => {
  const readme = readFileSync(join(folder, 'node_modules', 'deepcomp', 'README.md'), 'utf8');
  const code = /```js\n([^]*?)```/.exec(readme)?.[1];
  assert.ok(code && code.trim().split('\n').length <= 10);
  const output = node(code);
  assert.match(output, /^[\d.]+ times smaller$/m);
  assert.match(output, /Float32Array\(10512\)/);
  const error = Number(output.trim().split('\n').at(-1));
  assert.ok(error > 0 && error <= 0.01, `largest error ${error}`);
});

test('files, errors, progress, cancelling and the wasm subpath work', () => {
  const output = node(`
    import assert from 'node:assert/strict';
    import { existsSync, readFileSync } from 'node:fs';
    import { fileURLToPath } from 'node:url';
    import * as deepcomp from 'deepcomp';
    const { acceptance, compare, compress, decompress, inspect, openDataset, load, DeepCompError } = deepcomp;

    const wasm = fileURLToPath(import.meta.resolve('deepcomp/deepcomp_bg.wasm'));
    assert.ok(existsSync(wasm));
    await load(readFileSync(wasm));
    await load();

    const file = readFileSync(${JSON.stringify(join(ROOT, 'samples', 'coads_sst.nc'))});
    const original = await openDataset(new Blob([file]), 'coads_sst.nc');
    let calls = 0;
    const { bytes } = await compress(original, { lossless: true, onProgress: () => calls++ });
    assert.ok(calls >= original.variables.length);
    const decoded = await decompress(new Blob([bytes]));
    assert.deepEqual(decoded.save(), original.save());
    const { psnr, bias } = compare(original, decoded, 'SST');
    assert.deepEqual([psnr, bias], [Infinity, 0]);
    const passes = { pearson: true, ksP: true, spatialRelativeError: true, dssim: true };
    assert.deepEqual(acceptance(original, decoded, 'SST'), { pearson: 1, oneMinusPearson: 0, ksP: 1, spatialRelativeError: 0, dssim: 1, passes });
    assert.equal(acceptance(original, decoded, 'TIME').dssim, undefined);
    assert.deepEqual((await inspect(bytes)).files.map((f) => f.name), ['coads_sst.nc']);

    const is = (code) => (error) => error instanceof DeepCompError && error instanceof Error && error.code === code;
    await assert.rejects(openDataset(new Uint8Array(9), 'x'), is('unknown-format'));
    await assert.rejects(decompress(bytes.slice(0, -1)), is('truncated'));
    await assert.rejects(compress(original, { abs: 0 }), is('invalid-bound'));
    await assert.rejects(compress(original, {}), is('invalid-argument'));
    await assert.rejects(compress(original, { abs: 1, signal: AbortSignal.abort() }), is('cancelled'));
    assert.throws(() => decoded.plane('nothing'), is('no-such-variable'));
    console.log('done');
  `);
  assert.equal(output.trim(), 'done');
});

test('the types fit the code', () => {
  writeFileSync(join(folder, 'use.mts'), `
    import { compress, fromArray, type Compressed, type VariableReport } from 'deepcomp';
    const result: Compressed = await compress(await fromArray(new Float64Array(4), { shape: [2, 2] }), { rel: 0.001 });
    const report: VariableReport | undefined = result.variables[0];
    // @ts-expect-error a bound is a number
    await compress(await fromArray(new Float64Array(4)), { abs: '1' });
    export { report };
  `);
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  run(process.execPath, [tsc, '--noEmit', '--strict', '--target', 'es2022', '--lib', 'es2022,esnext.disposable,dom', '--module', 'nodenext', 'use.mts'], { cwd: folder });
});
