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
    const { bytes, fileBytes } = await compress(original, { lossless: true, onProgress: () => calls++ });
    assert.deepEqual([original.fileBytes, fileBytes, (await inspect(bytes)).files[0].bytes], [file.length, file.length, file.length]);
    assert.ok(calls >= original.variables.length);
    const decoded = await decompress(new Blob([bytes]));
    assert.deepEqual([await decoded.save(), decoded.fileBytes], [await original.save(), undefined]);
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
    assert.equal(forecast.fileBytes, readFileSync(${JSON.stringify(join(ROOT, 'samples', 'gfs_upper_air.grib2'))}).length);
    assert.deepEqual([forecast.format, ocean.format], ['grib', 'netcdf4']);
    assert.deepEqual(forecast.variables.find((v) => v.name === 't').shape, [3, 73, 144]);
    assert.deepEqual(forecast.variables.find((v) => v.name === 't').recommended, { kind: 'abs', value: 0.01 });
    const { bytes, variables } = await compress(forecast, { rel: 0.01, model: 'none', variables: { t: { recommended: true }, u: { pointwise: 0.05 } } });
    const kind = (name) => variables.find((v) => v.name === name).bound;
    assert.deepEqual([kind('t'), kind('u'), kind('v')], [{ kind: 'abs', value: 0.01 }, { kind: 'pointwise', value: 0.05 }, { kind: 'rel', value: 0.01 }]);
    const decoded = await decompress(bytes);
    assert.ok(compare(forecast, decoded, 'u').maxPointwiseError <= 0.05 && compare(forecast, decoded, 't').maxAbsError <= 0.01);
    assert.deepEqual(decoded.leftOut('grib'), [{ kind: 'loss' }]);
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
    import { addModel, compare, compress, decompress, estimate, fromArray, inspect, load, models } from 'deepcomp';
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
    const fast = await compress(original, { abs: 0.01, level: 'fast' });
    assert.deepEqual((await compress(original, { abs: 0.01, level: 'balanced' })).bytes, classical.bytes);
    assert.ok(fast.variables[0].model === undefined && !Buffer.from(fast.bytes).equals(classical.bytes));
    await assert.rejects(compress(original, { abs: 0.01, level: 'quick' }), { code: 'invalid-argument', message: /balanced/ });
    assert.deepEqual([network, classical, fast].map((made) => made.variables[0].level), ['best', 'best', 'fast']);
    assert.deepEqual([original.level, (await fromArray(new Float32Array(2 ** 24 + 1), {})).level], ['best', 'balanced']);
    const estimates = await estimate(original, { abs: 0.01, times: [1, 100] });
    assert.deepEqual(estimates.map(({ level, times }) => [level, times]), [1, 100].flatMap((times) => ['fast', 'balanced', 'best', 'max'].map((level) => [level, times])));
    for (const [i, { bytes }] of [fast, classical, network].entries()) assert.ok(Math.abs(estimates[i].bytes / bytes.length - 1) < 0.1, estimates[i].bytes + ' ' + bytes.length);
    assert.ok(estimates.every(({ bytes, seconds }, i) => seconds > 0 && bytes < (estimates[i - 4]?.bytes ?? Infinity)));
    for (const { bytes } of [network, classical, fast]) assert.ok(compare(original, await decompress(bytes)).maxAbsError <= 0.01);
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

/** A script with rain: zeros in most places, and elsewhere a wave that comes close to them. */
const withRain = (body) => node(`
  import assert from 'node:assert/strict';
  import { readFileSync } from 'node:fs';
  import { compare, compress, decompress, fromArray, inspect, openDataset, DeepCompError } from 'deepcomp';
  const model = 'none';
  const rain = Float32Array.from({ length: 120 * 180 }, (_, i) => Math.max(0, Math.sin((i % 180) / 15) * Math.cos(i / 180 / 20) * 30 - 12 + 2 * Math.sin(i * 1.7)));
  const shape = [120, 180];
  const zeros = (values) => values.reduce((count, value) => count + (value === 0 ? 1 : 0), 0);
  const moved = (before, after) => before.reduce((count, value, i) => count + (Object.is(value, after[i]) ? 0 : 1), 0);
  const roundTrip = async (values, options, about = {}) => {
    const original = await fromArray(values, { name: 'rain', shape, ...about });
    const { bytes, variables: [report] } = await compress(original, { model, ...options });
    const decoded = await decompress(bytes);
    return { original, bytes, report, decoded, values: decoded.values(0) };
  };
  ${body}
  console.log('done');`);

test('values that mean something and signs are kept as asked, by variable, and the report says so', () => {
  assert.equal(withRain(`
    const dry = zeros(rain);
    assert.ok(dry > 10_000);
    for (const keep of [undefined, 'auto', [0], { rain: 'auto' }, { rain: [0] }]) {
      const { report, values, bytes } = await roundTrip(rain, { abs: 0.1, ...(keep && { keep }) });
      assert.deepEqual(report.kept, [{ value: 0, count: dry }]);
      assert.equal(rain.filter((value, i) => value === 0 && values[i] !== 0).length, 0);
      assert.deepEqual((await inspect(bytes)).files[0].variables[0].kept, report.kept, 'the certificate has it');
    }
    // Where nothing is kept, dry places are as likely as not to get wet: an offset of the values makes sure that they do.
    const anomaly = rain.map((value) => value - 3.03);
    const codes = anomaly.reduce((count, value) => count + (value === anomaly[0] ? 1 : 0), 0);
    assert.equal(codes, dry);
    const [kept, free] = [await roundTrip(anomaly, { abs: 0.1, keep: { rain: [anomaly[0]] } }), await roundTrip(anomaly, { abs: 0.1, keep: 'none' })];
    assert.deepEqual([kept.report.kept.length, kept.report.kept[0].count, free.report.kept], [1, dry, []]);
    assert.equal(anomaly.filter((value, i) => value === anomaly[0] && kept.values[i] !== value).length, 0);
    assert.ok(anomaly.filter((value, i) => value === anomaly[0] && free.values[i] !== value).length > 1000);
    for (const keep of [[], { rain: [] }, { rain: 'none' }]) assert.deepEqual((await roundTrip(rain, { abs: 0.1, keep })).report.kept, []);

    const flipped = ({ values }) => anomaly.filter((value, i) => Math.sign(value) !== Math.sign(values[i])).length;
    const [signs, unsigned] = [await roundTrip(anomaly, { abs: 0.5, keep: 'sign' }), await roundTrip(anomaly, { abs: 0.5, keep: 'none' })];
    assert.deepEqual([signs.report.signsKept, flipped(signs), unsigned.report.signsKept], [true, 0, false]);
    assert.ok(flipped(unsigned) > 0, 'the test can fail');

    const { report, original, decoded } = signs;
    assert.ok(Math.abs(report.meanError - compare(original, decoded, 0).bias) < 1e-9);
    const magnitude = anomaly.reduce((sum, value) => sum + Math.abs(value), 0) / anomaly.length;
    assert.ok(Math.abs(report.meanMagnitude / magnitude - 1) < 1e-6);
    const exact = (await roundTrip(rain, { lossless: true })).report;
    assert.deepEqual([exact.meanError, exact.meanMagnitude, exact.bias, exact.biased, exact.kept], [0, undefined, undefined, false, []]);
    assert.ok(report.bias === Math.abs(report.meanError) / report.meanMagnitude && report.biased === report.bias > 1e-3);
    await assert.rejects(roundTrip(rain, { abs: 0.1, keep: { snow: 'auto' } }), { code: 'no-such-variable' });
    await assert.rejects(roundTrip(rain, { abs: 0.1, keep: 'everything' }), { code: 'invalid-argument' });
  `).trim(), 'done');
});

test('what is compressed again moves by nothing where that is asked', () => {
  assert.equal(withRain(`
    for (const bound of [{ abs: 0.1 }, { abs: 0.007 }]) {
      const [first, usual] = [await roundTrip(rain, { ...bound, keep: 'none', stable: true }), await roundTrip(rain, { ...bound, keep: 'none' })];
      const second = await roundTrip(first.values, { ...bound, keep: 'none', stable: true });
      assert.deepEqual([first.report.stable, usual.report.stable, (await inspect(first.bytes)).files[0].variables[0].stable], [true, false, true]);
      assert.ok(moved(rain, first.values) > 1000, 'the first time values do move');
      assert.equal(moved(first.values, second.values), 0);
      const part = await roundTrip(first.values.slice(180 * 30, 180 * 77), { ...bound, keep: 'none', stable: true }, { shape: [47, 180] });
      assert.equal(moved(first.values.slice(180 * 30, 180 * 77), part.values), 0, 'whatever it is cut into');
    }
  `).trim(), 'done');
});

test('bounds that destroy are refused with what they are refused for, and taken where they are meant', () => {
  assert.equal(withRain(`
    const range = rain.reduce((most, value) => Math.max(most, value), 0);
    const coarse = (error) => error instanceof DeepCompError && error.code === 'bound-too-coarse' && error.units === undefined
      && error.coarse.length === 1 && error.coarse[0].name === 'rain' && error.coarse[0].bound === 2 && Math.abs(error.coarse[0].part - 2 / range) < 1e-6;
    await assert.rejects(roundTrip(rain, { abs: 2 }), coarse);
    await assert.rejects(roundTrip(rain, { lossless: true, variables: { rain: { abs: 2 } } }), coarse);
    const meant = await roundTrip(rain, { abs: 2, coarse: true });
    assert.ok(Math.abs(meant.report.coarse - 2 / range) < 1e-6 && meant.report.maxAbsError > 1);
    const relative = await roundTrip(rain, { rel: 0.1 });
    assert.ok(Math.abs(relative.report.coarse - 0.1) < 1e-6, 'a relative bound says how much it is by itself; it is told, not refused');
    assert.equal((await roundTrip(rain, { abs: 0.1 })).report.coarse, undefined);

    const forecast = await openDataset(readFileSync(${JSON.stringify(join(ROOT, 'samples', 'gfs_upper_air.grib2'))}), 'gfs.grib2');
    await assert.rejects(compress(forecast, { abs: 0.5, model }), (error) => error instanceof DeepCompError && error.code === 'mixed-units' && error.units.some((unit) => unit === 'K of "t"') && error.coarse === undefined);
    const named = Object.fromEntries(forecast.variables.filter((v) => v.role === 'measurement' && v.units !== 'K').map((v) => [v.name, { rel: 0.01 }]));
    assert.ok((await compress(forecast, { abs: 0.5, model, variables: named })).bytes.length > 0);
    assert.ok((await compress(forecast, { abs: 0.5, model, coarse: true })).bytes.length > 0);
  `).trim(), 'done');
});

test('a bound that is too fine leaves a variable lossless, with the reason, or is refused', () => {
  assert.equal(withRain(`
    const fine = await roundTrip(rain, { abs: 1e-12 });
    assert.deepEqual([fine.report.bound.kind, moved(rain, fine.values)], ['lossless', 0]);
    assert.match(fine.report.unmet, /"rain" is finer than its own precision/);
    assert.equal((await roundTrip(rain, { abs: 0.1 })).report.unmet, undefined);
    await assert.rejects(roundTrip(rain, { abs: 1e-12, strict: true }), { code: 'bound-below-precision' });
    // One such variable does not spoil a file.
    const forecast = await openDataset(readFileSync(${JSON.stringify(join(ROOT, 'samples', 'gfs_upper_air.grib2'))}), 'gfs.grib2');
    const { variables } = await compress(forecast, { rel: 0.01, model, variables: { t: { abs: 1e-12 } } });
    assert.deepEqual(variables.filter(({ unmet }) => unmet !== undefined).map(({ name }) => name), ['t']);
    assert.ok(variables.some(({ bound }) => bound.kind === 'rel'));
  `).trim(), 'done');
});

test('what is no measurement and what means "missing" can be said', () => {
  assert.equal(withRain(`
    const counts = Int16Array.from(rain, (value, i) => Math.round(value * 100) + (i % 7));
    const about = { name: 'station_id' };
    const [exact, data] = [await roundTrip(counts, { rel: 0.01 }, about), await roundTrip(counts, { rel: 0.01, asData: ['station_id'] }, about)];
    const { role, why } = exact.original.variables[0];
    assert.ok(role === 'identifier' && why.length > 0, role);
    assert.deepEqual([exact.report.bound.kind, moved(counts, exact.values), data.report.bound.kind], ['lossless', 0, 'rel']);
    assert.ok(moved(counts, data.values) > 0);
    await assert.rejects(roundTrip(counts, { rel: 0.01, asData: ['other'] }, about), { code: 'no-such-variable' });

    const coded = rain.map((value, i) => (i % 5 === 0 ? 1e36 : value + 1));
    const codes = coded.filter((value) => value > 1e30).length;
    const [auto, none, given] = [await roundTrip(coded, { rel: 0.001 }), await roundTrip(coded, { rel: 0.001, missing: 'none', keep: 'none' }), await roundTrip(coded, { rel: 0.001, missing: 1e36 })];
    assert.deepEqual([auto, none, given].map(({ report }) => report.missing), [codes, 0, codes]);
    assert.deepEqual([auto, none, given].map(({ report }) => report.suspects.map(({ count, taken }) => [count, taken])), [[[codes, true]], [], [[codes, true]]]);
    assert.equal(compare(auto.original, auto.decoded, 0).count, rain.length - codes, 'what was taken as missing is not compared');
    for (const { values, report } of [auto, given]) {
      assert.ok(report.absoluteBound < 1, 'the range is that of the rain');
      assert.ok(coded.every((value, i) => (value > 1e30 ? values[i] === value : Math.abs(values[i] - value) <= report.absoluteBound)));
    }
    assert.ok(none.report.absoluteBound > 1e32);
  `).trim(), 'done');
});

test('files that are saved out of archives say what was lost, once', () => {
  assert.equal(node(`
    import assert from 'node:assert/strict';
    import { readFileSync } from 'node:fs';
    import { compress, decompress, openDataset } from 'deepcomp';
    const original = await openDataset(readFileSync(${JSON.stringify(join(ROOT, 'samples', 'coads_sst.nc'))}), 'coads_sst.nc');
    const again = async (dataset, bound) => {
      const packed = await compress(dataset, { model: 'none', ...bound });
      return { ...packed, file: await (await decompress(packed.bytes)).save('netcdf') };
    };
    const gridded = async (format, bound) => {
      const { bytes } = await compress(original, { model: 'none', ...bound });
      return Buffer.from(await (await decompress(bytes)).save(format));
    };
    for (const format of ['tiff', 'npz']) {
      const wide = (text) => Buffer.from(format === 'npz' ? [...text].flatMap((c) => [c.charCodeAt(0), 0, 0, 0]) : text);
      assert.ok((await gridded(format, { abs: 0.01 })).includes(wide('DeepComp archive ')), format);
      assert.ok(!(await gridded(format, { lossless: true })).includes(wide('DeepComp archive ')), format);
    }
    const lines = (file) => Buffer.from(file).toString('latin1').split('DeepComp archive ').length - 1;
    const first = await again(original, { abs: 0.01 });
    const opened = await openDataset(first.file, 'again.nc');
    const { attributes } = opened.variables[opened.index('SST')];
    const report = first.variables[original.index('SST')];
    assert.deepEqual([attributes.deepcomp_absolute_error_bound, attributes.deepcomp_largest_error, attributes.deepcomp_mean_error], [0.01, report.maxAbsError, report.meanError]);
    assert.equal(lines(first.file), 1);
    const second = await again(opened, { abs: 0.02 });
    assert.equal(lines(second.file), 1, 'it does not pile up');
    assert.equal((await openDataset(second.file, 'x.nc')).variables[opened.index('SST')].attributes.deepcomp_absolute_error_bound, 0.02);
    const exact = await again(original, { lossless: true });
    assert.equal(lines(exact.file), 0);
    console.log('done');`).trim(), 'done');
});

test('the types fit the code', () => {
  writeFileSync(join(folder, 'use.mts'), `
    import { compress, fromArray, openArchive, preview, DeepCompError, type Archive, type ArchiveSource, type Ranges, type CoarseBound, type Compressed, type Keep, type Plane, type VariableReport } from 'deepcomp';
    const result: Compressed = await compress(await fromArray(new Float64Array(4), { shape: [2, 2] }), { rel: 0.001, base: 'always' });
    const report: VariableReport | undefined = result.variables[0];
    const drawn: Plane | undefined = await preview(result.bytes, 0, { plane: 0 });
    const saved: number | undefined = report?.base?.saved;
    // @ts-expect-error no such choice
    await compress(await fromArray(new Float64Array(4)), { abs: 1, base: 'sometimes' });
    // @ts-expect-error a bound is a number
    await compress(await fromArray(new Float64Array(4)), { abs: '1' });
    const keep: Record<string, Keep> = { array: [0, 1], other: 'sign' };
    await compress(await fromArray(new Float64Array(4)), { lossless: true, keep, stable: true, coarse: true, strict: true, asData: ['array'], missing: -999 }).catch(() => undefined);
    // @ts-expect-error no such choice
    await compress(await fromArray(new Float64Array(4)), { abs: 1, keep: 'zeros' });
    const refused = (error: unknown): CoarseBound[] | undefined => (error instanceof DeepCompError ? error.coarse : undefined);
    const lean: [number | undefined, number | undefined, number | undefined, boolean | undefined] = [report?.meanError, report?.meanMagnitude, report?.bias, report?.biased];
    const told: [string | undefined, boolean | undefined, number | undefined] = [report?.unmet, report?.suspects[0]?.taken, result.fileBytes];
    const kept: { value: number; count: number } | undefined = report?.kept[0];
    const ranges: Ranges = { dim_0: [0, 1], dim_1: [[0, 1], [1, 2]] };
    const open = async (source: ArchiveSource): Promise<Archive> => openArchive(source, { signal: AbortSignal.timeout(9999) });
    const part = await (await open(new Blob([result.bytes.slice()]))).read({ file: 'array.npy', variables: ['array', 0], ranges });
    await open('https://example.org/x.dca').then((archive) => archive.read({ variable: 0, ranges: { time: [0, 1] as const } }), (error: DeepCompError) => [error.url, error.status]);
    // @ts-expect-error a range is two numbers
    await (await open(result.bytes)).read({ ranges: { time: [0, 1, 2] } });
    export { report, drawn, saved, refused, lean, told, kept, part };
  `);
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  run(process.execPath, [tsc, '--noEmit', '--strict', '--target', 'es2022', '--lib', 'es2022,esnext.disposable,dom', '--module', 'nodenext', 'use.mts'], { cwd: folder });
});
