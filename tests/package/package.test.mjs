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

test('the licence comes along, the same as that of the project', () => {
  const [packed, own] = [join(folder, 'node_modules', 'deepcomp', 'LICENSE'), join(ROOT, 'LICENSE-MIT')].map((path) => readFileSync(path, 'utf8'));
  assert.equal(packed, own);
});

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

test('the README shows what a base layer costs and draws', () => {
  const readme = readFileSync(join(folder, 'node_modules', 'deepcomp', 'README.md'), 'utf8');
  const [, code] = [...readme.matchAll(/```js\n([^]*?)```/g)].map((match) => match[1]);
  const output = node(code);
  assert.match(output, /tried: 1,\s+chunks: 1,\s+bytes: \d+,\s+saved: -?\d+/);
  assert.match(output, /width: 144,\s+height: 73/);
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
    assert.deepEqual(await decoded.save(), await original.save());
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

test('every format comes back, and variables have bounds of their own', () => {
  const output = node(`
    import assert from 'node:assert/strict';
    import { readFileSync } from 'node:fs';
    import { compare, compress, decompress, fromFile, openAny, openDataset, DeepCompError } from 'deepcomp';
    const open = (name) => openDataset(readFileSync(${JSON.stringify(join(ROOT, 'samples'))} + '/' + name), name);
    const [forecast, ocean] = [await open('gfs_upper_air.grib2'), await open('levitus_ocean.nc')];
    assert.deepEqual([forecast.format, ocean.format], ['grib', 'netcdf4']);
    assert.deepEqual(forecast.variables.find((v) => v.name === 't').shape, [3, 73, 144]);
    assert.deepEqual(forecast.variables.find((v) => v.name === 't').recommended, { kind: 'abs', value: 0.01 });
    const { bytes, variables } = await compress(forecast, { rel: 0.01, model: 'none', variables: { t: { recommended: true }, u: { pointwise: 0.05 } } });
    const kind = (name) => variables.find((v) => v.name === name).bound;
    assert.deepEqual([kind('t'), kind('u'), kind('v')], [{ kind: 'abs', value: 0.01 }, { kind: 'pointwise', value: 0.05 }, { kind: 'rel', value: 0.01 }]);
    const decoded = await decompress(bytes);
    assert.ok(compare(forecast, decoded, 'u').maxPointwiseError <= 0.05 && compare(forecast, decoded, 't').maxAbsError <= 0.01);
    const again = await openDataset(await decoded.save(), 'again.grib2');
    assert.deepEqual(again.values('t'), decoded.values('t'));
    for (const [format, found] of [['netcdf', 'netcdf'], ['netcdf4', 'netcdf4'], ['tiff', 'tiff'], ['npz', 'npz']]) {
      assert.equal((await openDataset(await forecast.save(format), 'x')).format, found);
    }
    assert.deepEqual([forecast.leftOut('grib'), forecast.leftOut('netcdf4')], [[], [{ kind: 'own', what: 'the keys of its messages' }]]);
    assert.deepEqual(forecast.leftOut('tiff').map(({ kind }) => kind), ['variables', 'coordinates', 'attributes', 'own']);
    assert.match(new TextDecoder().decode(await forecast.save('csv', 't')).slice(0, 40), /^[-\\d.,]+/);
    await assert.rejects(compress(forecast, { abs: 1, variables: { nothing: { abs: 1 } } }), { code: 'no-such-variable' });
    await assert.rejects(compress(forecast, { abs: 1, variables: { t: {} } }), { code: 'invalid-argument' });

    const notes = new TextEncoder().encode('Words, not data. '.repeat(99));
    const kept = await decompress((await compress(await fromFile(notes, 'notes.txt'), { rel: 0.1 })).bytes);
    assert.deepEqual(await kept.original(), { bytes: notes, fileName: 'notes.txt' });
    const [any, data] = [await openAny(notes, 'notes.txt'), await openAny(await forecast.save('netcdf4'), 'x.nc')];
    assert.deepEqual([any.format, data.format, data.kept], ['file', 'netcdf4', undefined]);
    assert.match(any.kept, /not a file this build can read/);
    // What is damaged, and what the other module cannot read, are errors of the package; or kept as it is, damage that no header tells included.
    const damaged = (await forecast.save()).slice(0, 5000);
    await assert.rejects(openDataset(damaged, 'x.grib2'), (error) => error instanceof DeepCompError && error.code === 'malformed');
    const late = (await forecast.save('netcdf4')).fill(0xff, 60000, 60064);
    await assert.rejects(openDataset(late, 'x.nc'), { code: 'malformed' });
    for (const [bytes, name] of [[damaged, 'x.grib2'], [late, 'x.nc']]) {
      const keptAsItIs = await openAny(bytes, name);
      assert.match(keptAsItIs.kept, /malformed/);
      const back = await decompress((await compress(keptAsItIs, { rel: 0.1 })).bytes);
      assert.deepEqual(await back.original(), { bytes, fileName: name });
    }
    const hdf = new Uint8Array([0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a, 9]);
    await assert.rejects(openDataset(hdf, 'x.nc'), { name: 'DeepCompError', code: 'malformed' });
    const [one, number] = [await decompress(bytes, { variable: forecast.index('u') }), forecast.index('u')];
    assert.deepEqual(one.variables.map((v) => v.name), ['u']);
    assert.deepEqual(one.values(0), decoded.values('u'));
    assert.equal(compare(forecast, one, number, 0).maxAbsError, compare(forecast, decoded, number).maxAbsError);
    await assert.rejects(decompress(bytes, { variable: 99 }), { code: 'no-such-variable' });
    console.log('done');
  `);
  assert.equal(output.trim(), 'done');
});

test('a file on disk is read as it is needed', () => {
  const output = node(`
    import assert from 'node:assert/strict';
    import { closeSync, ftruncateSync, openSync, statSync, writeSync } from 'node:fs';
    import { pathToFileURL } from 'node:url';
    import { compress, decompress, openDataset } from 'deepcomp';
    // NetCDF of three variables of 400 MB, together more than a dataset may have in memory, in a file that takes no room.
    const word = (n) => [n >>> 24, n >>> 16 & 255, n >>> 8 & 255, n & 255];
    const text = (t) => [...word(t.length), ...Buffer.from(t.padEnd(Math.ceil(t.length / 4) * 4, '\\0'))];
    const size = 4 * 10_000 * 10_000;
    const header = [...Buffer.from('CDF'), 2, ...word(0), ...word(10), ...word(3), ...text('t'), ...word(4), ...text('y'), ...word(10_000), ...text('x'), ...word(10_000), ...word(0), ...word(0), ...word(11), ...word(3)];
    const begin = header.length + 3 * 48;
    for (const [i, name] of ['a', 'b', 'c'].entries()) header.push(...text(name), ...[3, 0, 1, 2, 0, 0, 1, size, 0, begin + i * size].flatMap(word));
    assert.equal(header.length, begin);
    const file = openSync('large.nc', 'w');
    writeSync(file, Uint8Array.from(header));
    ftruncateSync(file, begin + 3 * size);
    writeSync(file, Uint8Array.of(7), 0, 1, begin + size + 3);
    closeSync(file);
    assert.ok(statSync('large.nc').size > 1.1e9);
    const dataset = await openDataset(pathToFileURL('large.nc'));
    assert.deepEqual([dataset.fileName, dataset.variables.map((v) => v.bytes)], ['large.nc', [size, size, size]]);
    assert.equal(dataset.plane('b').values[3], 7);
    assert.equal(dataset.plane('a').max, 0);
    dataset.free();
    await assert.rejects(openDataset(pathToFileURL('none.nc')), /ENOENT/);
    console.log('done');
  `);
  assert.equal(output.trim(), 'done');
});

test('networks are found, given, added and missed as documented', () => {
  const code = (body) => `
    import assert from 'node:assert/strict';
    import { existsSync, readFileSync } from 'node:fs';
    import { fileURLToPath, pathToFileURL } from 'node:url';
    import { addModel, compare, compress, decompress, fromArray, inspect, load, models } from 'deepcomp';
    const weights = fileURLToPath(import.meta.resolve('deepcomp/deepcomp.dcm'));
    const values = Float32Array.from({ length: 60 * 90 }, (_, i) => Math.floor(i / 90) * 0.3 + Math.sin((i % 90) / 7) * 5);
    const made = () => fromArray(values, { name: 'h', shape: [60, 90] });
    const unavailable = (part) => (error) => error.code === 'model-unavailable' && error.message.includes(part);
    ${body}
    console.log('done');`;
  assert.equal(node(code(`
    const { list: [shipped], warning } = await models();
    assert.equal(warning, undefined);
    assert.match(shipped.id, /^[0-9a-f]{16}$/);
    const original = await made();
    const [network, classical] = [await compress(original, { abs: 0.01 }), await compress(original, { abs: 0.01, model: 'none' })];
    assert.deepEqual([network.variables[0].model, classical.variables[0].model], [shipped.id, undefined]);
    assert.ok(network.bytes.length < classical.bytes.length && network.warning === undefined);
    assert.deepEqual((await compress(original, { abs: 0.01, model: shipped })).bytes, network.bytes);
    assert.equal((await inspect(network.bytes)).files[0].variables[0].model, shipped.id);
    for (const { bytes } of [network, classical]) assert.ok(compare(original, await decompress(bytes)).maxAbsError <= 0.01);
    assert.deepEqual(await addModel(readFileSync(weights)), shipped);
    assert.equal((await models()).list.length, 1);
    await assert.rejects(addModel(new Uint8Array(99)), { code: 'weights' });
    await assert.rejects(compress(original, { abs: 0.01, model: { id: 'ffffffffffffffff', name: '' } }), { code: 'model-unavailable' });
  `)).trim(), 'done');
  for (const [given, list, warning, looked] of [
    ['pathToFileURL(weights)', 1, false, ''],
    ['readFileSync(weights)', 1, false, ''],
    ['new Response(readFileSync(weights))', 1, false, ''],
    ['false', 0, false, 'without weights'],
    [`new URL('file:///nowhere/at.all')`, 0, true, 'file:///nowhere/at.all'],
    ['readFileSync(weights).subarray(0, 5000)', 0, true, 'bytes given to load()'],
    ['Promise.reject(new Error("no line"))', 0, true, 'no line'],
  ]) {
    assert.equal(node(code(`
      await load(undefined, { weights: ${given} });
      const found = await models();
      assert.deepEqual([found.list.length, found.warning !== undefined], [${list}, ${warning}]);
      const original = await made();
      const packed = await compress(original, { abs: 0.01 });
      assert.deepEqual([packed.variables[0].model !== undefined, packed.warning], [${list > 0}, found.warning]);
      assert.ok(compare(original, await decompress(packed.bytes)).maxAbsError <= 0.01);
      if (${list} === 0) {
        await addModel(readFileSync(weights));
        const network = await compress(original, { abs: 0.01 });
        assert.ok(network.variables[0].model && network.warning === undefined);
        await decompress(network.bytes);
      }
    `)).trim(), 'done', given);
    if (list > 0) continue;
    node(code(`
      import { writeFileSync } from 'node:fs';
      writeFileSync('needs.dca', (await compress(await made(), { abs: 0.01 })).bytes);`));
    assert.equal(node(code(`
      await load(undefined, { weights: ${given} });
      await assert.rejects(decompress(readFileSync('needs.dca')), unavailable(${JSON.stringify(looked)}));
    `)).trim(), 'done', given);
  }
});

test('base layers are made as asked, reported, and shown before anything is decoded', () => {
  assert.equal(node(`
    import assert from 'node:assert/strict';
    import { readFileSync } from 'node:fs';
    import { compare, compress, decompress, inspect, models, openDataset, preview } from 'deepcomp';
    assert.ok((await models()).list[0].autoencoder);
    const original = await openDataset(readFileSync(${JSON.stringify(join(ROOT, 'samples', 'gfs_t2m.npy'))}), 'gfs_t2m.npy');
    const made = (base) => compress(original, { rel: 0.1, ...(base && { base }) });
    const [unsaid, auto, always, never] = [await made(), await made('auto'), await made('always'), await made('never')];
    assert.deepEqual(unsaid.bytes, auto.bytes);
    const size = ({ variables: [report] }) => report.archiveBytes;
    const { base } = always.variables[0];
    assert.deepEqual([base.tried, base.chunks, base.saved], [1, 1, size(never) - size(always)]);
    assert.ok(base.bytes > 0 && base.bytes < 1000);
    assert.equal(never.variables[0].base, undefined);
    assert.ok(size(auto) <= size(never) && size(auto) <= size(always), 'auto keeps what is smallest');
    assert.equal((await inspect(always.bytes)).files[0].variables[0].base, undefined);

    const whole = original.plane(0);
    const drawn = await preview(new Blob([always.bytes]), 0);
    assert.deepEqual([drawn.width, drawn.height, drawn.missing], [144, 73, 0]);
    const off = drawn.values.reduce((sum, value, i) => sum + Math.abs(value - whole.values[i]), 0) / drawn.values.length;
    assert.ok(off > 0 && off < (whole.max - whole.min) / 5, 'a coarse picture of it: off by ' + off);
    assert.equal(await preview(never.bytes, 0), undefined);
    const { maxAbsError } = compare(original, await decompress(always.bytes));
    assert.ok(maxAbsError > 0 && maxAbsError <= always.variables[0].absoluteBound);
    const classical = await compress(original, { rel: 0.1, base: 'always', model: 'none' });
    assert.deepEqual([classical.variables[0].base, await preview(classical.bytes, 0)], [undefined, undefined]);

    await assert.rejects(made('sometimes'), { code: 'invalid-argument' });
    await assert.rejects(preview(always.bytes, 1), { code: 'invalid-argument' });
    await assert.rejects(preview(always.bytes, 0, { plane: 1 }), { code: 'invalid-argument' });
    await assert.rejects(preview(always.bytes.slice(0, 20), 0), ({ code }) => ['truncated', 'not-an-archive', 'corrupt'].includes(code));
    console.log('done');`).trim(), 'done');
});

test('the types fit the code', () => {
  writeFileSync(join(folder, 'use.mts'), `
    import { compress, fromArray, preview, type Compressed, type Plane, type VariableReport } from 'deepcomp';
    const result: Compressed = await compress(await fromArray(new Float64Array(4), { shape: [2, 2] }), { rel: 0.001, base: 'always' });
    const report: VariableReport | undefined = result.variables[0];
    const drawn: Plane | undefined = await preview(result.bytes, 0, { plane: 0 });
    const saved: number | undefined = report?.base?.saved;
    // @ts-expect-error no such choice
    await compress(await fromArray(new Float64Array(4)), { abs: 1, base: 'sometimes' });
    // @ts-expect-error a bound is a number
    await compress(await fromArray(new Float64Array(4)), { abs: '1' });
    export { report, drawn, saved };
  `);
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  run(process.execPath, [tsc, '--noEmit', '--strict', '--target', 'es2022', '--lib', 'es2022,esnext.disposable,dom', '--module', 'nodenext', 'use.mts'], { cwd: folder });
});
