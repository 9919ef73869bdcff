/** What a person does with the page, with real files, and what the native command line tool says to it. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { ROOT, run } from '../../scripts/tools.mjs';
import { Stage, sample } from './page.mjs';

const stage = new Stage();

before(() => stage.open());
after(() => stage.close());
beforeEach(() => stage.openPage());
afterEach(() => stage.closePage());

test('the sample is on the map, north up, with land as missing', async () => {
  assert.match(await stage.text('#file-name'), /^coads_sst\.nc/);
  assert.match(await stage.text('#variables'), /SST Sea surface temperature\s+TIME 12 × COADSY 90 × COADSX 180 · float32 · °C/);
  assert.match(await stage.text('#original .colour-bar'), /°C/);
  assert.match(await stage.text('#legend'), /missing/);
  const colours = await stage.page.evaluate(() => {
    const canvas = document.querySelector('#original > canvas');
    const pixels = new Uint32Array(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.buffer);
    return new Set(pixels).size;
  });
  assert.ok(colours > 100, `${colours} colours`);
  await stage.page.locator('#original > canvas').scrollIntoViewIfNeeded();
  const { x, y, width, height } = await stage.page.locator('#original > canvas').boundingBox();
  await stage.page.mouse.move(x + width * 0.5, y + height * 0.3);
  await stage.shows('#readout', '^\\d+°N, \\d+°[EW] · original -?[−\\d.]+ °C$');
  await stage.page.mouse.move(x + width * 0.5, y + height * 0.75);
  await stage.shows('#readout', '^\\d+°S, \\d+°[EW]');
  await stage.page.mouse.move(x + width * 0.97, y + height * 0.05);
  await stage.shows('#readout', 'original missing$');
});

test('compress, read the verdict, save, reload, open the archive, save its contents', async () => {
  await stage.compress('abs', 0.01);
  const verdict = await stage.text('#verdict');
  const [, error] = /^Largest error (0\.0\d+) °C ≤ 0\.01 °C: the bound holds on all 12×90×180 values\./.exec(verdict) ?? assert.fail(verdict);
  assert.ok(Number(error) > 0 && Number(error) <= 0.01);
  assert.equal(await stage.page.locator('#verdict.broken').count(), 0);
  assert.ok(parseFloat(await stage.text('#ratio')) > 2, await stage.text('#ratio'));
  assert.match(await stage.text('#figures'), /Encoding\s+[\d.]+ m?s · [\d.]+ MB\/s\s+Decoding\s+[\d.]+ m?s · [\d.]+ MB\/s/);
  assert.match(await stage.text('#error .colour-bar'), /^−0\.01 °C\s+0 °C\s+\+0\.01 °C$/);
  const archive = await stage.saved('archive');
  assert.equal(archive.name, 'coads_sst.dca');
  const native = stage.archiveOf([sample('coads_sst.nc')], 'native.dca', '--abs', '0.01');
  assert.ok(archive.bytes.equals(readFileSync(native)), 'the archive is the one the command line tool makes');

  await stage.page.reload();
  await stage.sampleShown();
  assert.ok(await stage.page.locator('#archive').isHidden());
  writeFileSync(stage.temporary('coads_sst.dca'), archive.bytes);
  await stage.choose(stage.temporary('coads_sst.dca'));
  assert.match(await stage.text('#verdict'), /^Certificate checked: .* SST: largest error 0\.0\d+ °C ≤ 0\.01 °C when it was made, all 12×90×180 values\.$/);
  assert.ok(await stage.page.locator('#original').isHidden());
  assert.ok(await stage.page.locator('#decoded > canvas').isVisible());
  assert.ok(await stage.page.locator('#compress').isDisabled());

  await stage.page.locator('#slider-0').fill('3');
  const file = stage.extracted(native);
  const array = stage.extracted(native, '--as', 'npy');
  const picture = stage.extracted(native, '--as', 'png');
  for (const [kind, name, from] of [['netcdf', 'coads_sst.nc', file], ['npy', 'coads_sst.SST.npy', array], ['png', 'coads_sst.SST.0003.png', picture]]) {
    const { name: suggested, bytes } = await stage.saved(kind);
    assert.equal(suggested, name);
    assert.ok(bytes.equals(from(name)), `${name} is the one the command line tool extracts, bit for bit`);
  }
});

test('archives of every sample and kind of bound are those of the command line tool', async () => {
  const cases = [
    ['coads_sst.nc', 'rel', 0.1, ['--rel', '0.001'], /the bound holds on all 12×90×180 values/],
    ['coads_sst.nc', 'lossless', undefined, ['--lossless'], /^No error: all 12×90×180 values of SST came back bit for bit/],
    ['gfs_t2m.npy', 'abs', 0.05, ['--abs', '0.05'], /the bound holds on all 73×144 values/],
    ['blue_marble.png', 'lossless', undefined, ['--lossless'], /^No error: all 3×450×900 values/],
    ['blue_marble.png', 'abs', 2, ['--abs', '2'], /^Largest error [12] ≤ 2: the bound holds/],
  ];
  for (const [name, kind, amount, bound, verdict] of cases) {
    await stage.opened(sample(name));
    await stage.compress(kind, amount);
    assert.match(await stage.text('#verdict'), verdict);
    const native = stage.archiveOf([sample(name)], `${name}.${kind}.dca`, ...bound);
    assert.ok((await stage.saved('archive')).bytes.equals(readFileSync(native)), `${name} ${bound}`);
  }
  assert.ok((await stage.saved('png')).bytes.equals(stage.extracted(stage.archiveOf([sample('blue_marble.png')], 'b.dca', '--abs', '2'))('blue_marble.png')));
});

test('a level can be chosen, and the page says which predictor an archive takes', async () => {
  await stage.opened(sample('gfs_t2m.npy'));
  assert.ok(await stage.page.locator('[name=level][value=best]').isChecked(), 'the network is what is used unless told otherwise');
  await stage.compress('abs', 0.05);
  assert.match(await stage.text('#figures'), /Predictor\s+network deepcomp \([0-9a-f]{16}\)/);
  assert.match(await stage.text('#rows'), /\snetwork\s/);
  const network = await stage.saved('archive');
  await stage.page.locator('[name=level][value=balanced]').setChecked(true, { force: true });
  await stage.compress('abs', 0.05);
  assert.match(await stage.text('#figures'), /Predictor\s+classical/);
  const classical = await stage.saved('archive');
  assert.ok(classical.bytes.equals(readFileSync(stage.archiveOf([sample('gfs_t2m.npy')], 'classical.dca', '--abs', '0.05', '--model', 'none'))));
  assert.ok(network.bytes.length < classical.bytes.length);
  for (const level of ['fast', 'max']) {
    await stage.page.locator(`[name=level][value=${level}]`).setChecked(true, { force: true });
    await stage.compress('abs', 0.05);
    assert.ok((await stage.saved('archive')).bytes.equals(readFileSync(stage.archiveOf([sample('gfs_t2m.npy')], `${level}.dca`, '--abs', '0.05', '--level', level))), level);
  }
  writeFileSync(stage.temporary('network.dca'), network.bytes);
  await stage.choose(stage.temporary('network.dca'));
  assert.match(await stage.text('#figures'), /Predictor\s+network deepcomp \([0-9a-f]{16}\)\s+Format/);
});

/** Makes an archive of the 2 m temperature with base layers as told. */
async function compressWithBase(base, amount = 10) {
  await stage.opened(sample('gfs_t2m.npy'));
  await stage.page.locator(`[name=base][value=${base}]`).setChecked(true, { force: true });
  await stage.compress('rel', amount);
}

const chooseLayer = (name) => stage.page.locator('#layers label', { hasText: name }).click();
/** Colours of the second map, to be compared. */
const painted = () => stage.page.evaluate(() => document.querySelector('#decoded canvas').toDataURL());
/** Value at a word of the readout. */
const readValue = async (word) => Number(new RegExp(`${word} ([+−]?[\\d.]+)`).exec(await stage.text('#readout'))?.[1].replace('−', '-'));

test('the base layer is drawn as told, and the page says what it costs and gains', async () => {
  await stage.opened(sample('gfs_t2m.npy'));
  assert.ok(await stage.page.locator('[name=base][value=auto]').isChecked());
  const sizes = {};
  for (const [base, line] of [['never', undefined], ['auto', /Base layer\s+(\d+ bytes|tried|not tried)/], ['always', /Base layer\s+\d+ bytes, (saves|costs) \d+ bytes/]]) {
    await compressWithBase(base);
    if (line) assert.match(await stage.text('#figures'), line);
    else assert.doesNotMatch(await stage.text('#figures'), /Base layer/);
    const { bytes } = await stage.saved('archive');
    assert.ok(bytes.equals(readFileSync(stage.archiveOf([sample('gfs_t2m.npy')], `${base}.dca`, '--rel', '0.1', '--base', base))), 'the archive is the one the command line tool makes');
    sizes[base] = bytes.length;
  }
  const [, verb, amount] = /(saves|costs) (\d+) bytes/.exec(await stage.text('#figures'));
  const index = 20;
  assert.ok(Math.abs(sizes.always - sizes.never - (verb === 'costs' ? 1 : -1) * Number(amount)) <= index, 'as much as the archives differ by, but for their index');
  await stage.page.locator('[name=level][value=balanced]').setChecked(true, { force: true });
  assert.ok(await stage.page.locator('[name=base][value=always]').isDisabled(), 'it takes the network');
  assert.match(await stage.text('#base-hint'), /network/);
  await stage.compress('rel', 10);
  assert.doesNotMatch(await stage.text('#figures'), /Base layer/);
  assert.ok(await stage.page.locator('#layers').isHidden());
  await stage.page.locator('[name=level][value=best]').setChecked(true, { force: true });
  assert.ok(await stage.page.locator('[name=base][value=always]').isChecked(), 'the choice is remembered');
});

test('base and detail are shown on the second map, and add up to the whole', async () => {
  await compressWithBase('always');
  const seen = [await painted()];
  for (const [name, caption] of [['Base', /^Base layer$/], ['Detail', /^Whole − base$/]]) {
    await chooseLayer(name);
    assert.match(await stage.text('#decoded figcaption'), caption);
    seen.push(await painted());
  }
  assert.equal(new Set(seen).size, 3, 'three different maps');
  assert.match(await stage.text('#decoded .colour-bar'), /^−[\d.]+\s+0\s+\+[\d.]+$/);
  await stage.page.locator('#decoded > canvas').hover({ position: { x: 90, y: 60 } });
  await stage.shows('#readout', 'reconstruction .* base .* detail');
  const [whole, base, detail] = [await readValue('reconstruction'), await readValue('base'), await readValue('detail')];
  assert.ok(Math.abs(whole - base - detail) < 0.1, `${base} + ${detail} = ${whole}`);
  await compressWithBase('never');
  assert.ok(await stage.page.locator('#layers').isHidden());
  assert.equal(await stage.text('#decoded figcaption'), 'Reconstruction', 'a plane without a base layer shows the whole');
});

test('an archive with a base layer shows it before it is decoded', async () => {
  const archive = stage.archiveOf([sample('gfs_t2m.npy')], 'preview.dca', '--rel', '0.1', '--base', 'always');
  await stage.page.evaluate(() => {
    window.captions = [];
    const caption = document.querySelector('#decoded figcaption');
    new MutationObserver(() => window.captions.push([caption.textContent, document.querySelector('#maps').innerText.includes('Original'), document.querySelector('#decoded canvas').toDataURL()])).observe(caption, { childList: true });
  });
  await stage.choose(archive);
  await stage.shows('#readout', 'Point at a map');
  const [first, last] = await stage.page.evaluate(() => [window.captions[0], window.captions.at(-1)]);
  assert.match(first[0], /^Preview from the base layer/);
  assert.equal(first[1], false, 'nothing else is shown beside it');
  assert.equal(last[0], 'Reconstruction');
  assert.notEqual(first[2], last[2]);
  assert.match(await stage.text('#verdict'), /^Certificate checked/);
  assert.doesNotMatch(await stage.text('#figures'), /Base layer/, 'an archive does not say what it would be without');
  const whole = await painted();
  await chooseLayer('Base');
  assert.notEqual(await painted(), whole);

  const bytes = readFileSync(archive);
  bytes[Math.floor(bytes.length * 0.6)] ^= 1;
  writeFileSync(stage.temporary('damaged.dca'), bytes);
  await stage.choose(sample('gfs_t2m.npy'));
  await stage.choose(stage.temporary('damaged.dca'));
  assert.match(await stage.text('#message'), /[Cc]hecksum|damaged/);
  assert.match(await stage.text('#views-title'), /^gfs_t2m$/, 'what was open is shown again');
  assert.ok(await stage.page.locator('#original > canvas').isVisible());

  await stage.opened(sample('coads_sst.nc'));
  await stage.page.locator('#slider-0').fill('4');
  await stage.page.setInputFiles('#file', stage.archiveOf([sample('coads_sst.nc')], 'months.dca', '--rel', '0.001', '--base', 'always'));
  await stage.shows('#decoded figcaption', '^Preview');
  assert.ok(await stage.page.locator('#sliders').isHidden());
  await stage.page.click('#cancel');
  await stage.shows('#message', '^Cancelled');
  await stage.settled();
  assert.equal(await stage.page.locator('#slider-0').inputValue(), '4');
  assert.ok(await stage.page.locator('#original > canvas').isVisible());
  assert.match(await stage.text('#decoded'), /^Reconstruction\s+What comes back from the archive$/);
});

test('without the weights the classical predictor serves, and archives that need them are refused in words until they are given', async () => {
  const archive = stage.archiveOf([sample('gfs_t2m.npy')], 'needs.dca', '--abs', '0.05');
  const weights = join(ROOT, 'models', 'deepcomp.dcm');
  for (const answer of [{ status: 404, body: 'not found' }, { body: readFileSync(weights).subarray(0, 5000) }]) {
    await stage.openPage();
    await stage.context.route('**/*.dcm', (route) => route.fulfill(answer));
    await stage.page.reload();
    await stage.sampleShown();
    await stage.opened(sample('gfs_t2m.npy'));
    await stage.compress('abs', 0.05);
    const message = await stage.text('#message');
    assert.match(message, answer.status ? /^The classical predictor made this archive, because the weights .* http.*\.dcm: status 404\.$/ : /cut short|hash/);
    assert.ok((await stage.saved('archive')).bytes.equals(readFileSync(stage.archiveOf([sample('gfs_t2m.npy')], 'same.dca', '--abs', '0.05', '--model', 'none'))));
    await stage.choose(archive);
    assert.match(await stage.text('#message'), /^This archive cannot be opened without the network it was made with\..*[0-9a-f]{16}.*http.*\.dcm/);
    assert.match(await stage.text('#file-name'), /^gfs_t2m\.npy/, 'what was open stays open');
    await stage.choose(weights);
    assert.match(await stage.text('#message'), /^The network deepcomp \([0-9a-f]{16}\) is loaded/);
    await stage.choose(archive);
    assert.match(await stage.text('#verdict'), /^Certificate checked/);
    stage.complaints = stage.complaints.filter((text) => !/status of 404/.test(text));
  }
  writeFileSync(stage.temporary('bad.dcm'), readFileSync(weights).subarray(1));
  await stage.choose(stage.temporary('bad.dcm'));
  assert.match(await stage.text('#message'), /^The model file cannot be used/);
});

test('an archive of several files opens, and each can be picked', async () => {
  const archive = stage.archiveOf([sample('coads_sst.nc'), sample('gfs_t2m.npy')], 'both.dca', '--rel', '0.001');
  await stage.choose(archive);
  await stage.page.selectOption('#inside-file', { label: 'gfs_t2m.npy' });
  await stage.shows('#verdict', 'gfs_t2m: .* all 73×144 values');
  assert.ok((await stage.saved('npy')).bytes.equals(stage.extracted(archive)('gfs_t2m.npy')));
});

test('files that cannot be read are refused in words, and the page goes on', async () => {
  const archive = readFileSync(stage.archiveOf([sample('gfs_t2m.npy')], 'good.dca', '--abs', '0.01'));
  const flipped = Buffer.from(archive);
  flipped[Math.floor(archive.length / 2)] ^= 4;
  const cases = [
    ['cut.dca', archive.subarray(0, archive.length - 100), /cut short|get the file again/],
    ['head.dca', archive.subarray(0, 9), /get the file again|not a DeepComp archive/],
    ['flipped.dca', flipped, /[Cc]hecksum|damaged/],
  ];
  for (const [name, bytes, message] of cases) {
    writeFileSync(stage.temporary(name), bytes);
    await stage.choose(stage.temporary(name));
    assert.match(await stage.text('#message'), message, name);
    assert.match(await stage.text('#file-name'), /^coads_sst\.nc/, 'what was open stays open');
    await stage.page.locator('#slider-0').fill('5');
    await stage.shows('.slider output', '\\(6/12\\)');
    await stage.compress('abs', 0.1);
    assert.ok(await stage.page.locator('#message').isHidden());
  }
});

test('a bound that makes no sense is refused in words', async () => {
  await stage.page.locator('[name=kind][value=abs]').setChecked(true, { force: true });
  for (const [amount, message] of [['0', /positive/], ['-1', /positive/], ['', /positive/]]) {
    await stage.page.fill('#amount', amount);
    await stage.page.click('#compress');
    await stage.settled();
    assert.match(await stage.text('#message'), message);
    assert.ok(await stage.page.locator('#archive').isHidden());
  }
  await stage.compress('abs', 0.01);
});

test('when the module cannot be loaded the page says so, and a retry works', async () => {
  await stage.context.route('**/*.wasm', (route) => route.abort());
  await stage.page.reload();
  await stage.settled();
  assert.match(await stage.text('#message'), /module could not be loaded .* check the connection/);
  await stage.context.unroute('**/*.wasm');
  await stage.opened(sample('gfs_t2m.npy'));
  await stage.compress('abs', 0.1);
  stage.complaints = stage.complaints.filter((text) => !/ERR_FAILED|streaming|instantiate/.test(text));
});

test('every variable can be looked at, coordinates too', async () => {
  await stage.page.getByRole('radio', { name: /^COADSY/ }).check();
  await stage.shows('#views-title', '^COADSY \\(degrees_north\\)$');
  await stage.page.locator('#original > canvas').hover({ position: { x: 3, y: 10 } });
  await stage.shows('#readout', '^89°S · original −89 degrees_north$');
  await stage.page.getByRole('radio', { name: /^SST/ }).check();
  await stage.shows('#views-title', '^Sea surface temperature');
});

test('the acceptance tests run when looked at, follow the variable, and agree with the command line', async () => {
  assert.ok(await stage.page.locator('#acceptance').isHidden());
  await stage.compress('abs', 0.01);
  assert.match(await stage.text('#acceptance'), /^Acceptance tests of climate science · Pearson[^]*DSSIM$/);
  await stage.page.click('#acceptance > summary');
  await stage.shows('#acceptance-note', '^· \\d of 4 passed$');
  const archive = stage.archiveOf([sample('coads_sst.nc')], 'tested.dca', '--abs', '0.01');
  const { variables } = JSON.parse(run(stage.cli, ['test', archive, '--json', '--source', sample('coads_sst.nc')], { capture: true }));
  const { passes, dssim, spatial_relative_error: relative } = variables.find((v) => v.variable === 'SST');
  assert.equal(await stage.text('#acceptance-note'), `· ${Object.values(passes).filter(Boolean).length} of 4 passed`);
  const items = (await stage.page.locator('#acceptance-tests > li').allInnerTexts()).map((item) => item.replaceAll('\n', ' '));
  assert.match(items[0], /^Pearson correlation ✓ passed: 1 − \d(\.\d)?e−\d+ At least 0\.99999/);
  assert.ok(items[2].includes(`: ${Number((100 * relative).toPrecision(3))} % of the values`), items[2]);
  assert.ok(items[3].includes(`${passes.dssim ? '✓ passed' : '✗ missed'}: ${Number(dssim.toPrecision(6))} `), items[3]);
  assert.match(await stage.text('#acceptance-errors'), /^SST: root-mean-square error 0\.00\d+ °C, mean error .* °C, peak signal-to-noise ratio [\d.]+ dB\.$/);
  await stage.page.getByRole('radio', { name: /^COADSX/ }).check();
  await stage.shows('#acceptance-note', '^· 3 of 3 passed$');
  assert.match(await stage.text('#acceptance-tests > li:last-child'), /does not apply/);
  await stage.compress('lossless');
  await stage.page.getByRole('radio', { name: /^SST/ }).check();
  await stage.shows('#acceptance-note', '^· 4 of 4 passed$');
  await stage.choose(archive);
  assert.match(await stage.text('#verdict'), /^Certificate checked/);
  assert.ok(await stage.page.locator('#acceptance').isHidden(), 'an archive alone has nothing to be compared with');
});

test('opening file after file quickly ends with the last one', async () => {
  for (const name of ['gfs_t2m.npy', 'blue_marble.png', 'coads_sst.nc', 'gfs_t2m.npy']) await stage.page.setInputFiles('#file', sample(name));
  await stage.settled();
  await stage.compress('abs', 0.1);
  assert.match(await stage.text('#verdict'), /all 73×144 values/);
  assert.equal((await stage.saved('npy')).name, 'gfs_t2m.npy');
});

test('a file dropped anywhere is opened', async () => {
  const transfer = await stage.page.evaluateHandle((bytes) => {
    const data = new DataTransfer();
    data.items.add(new File([Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0))], 'dropped.npy'));
    return data;
  }, readFileSync(sample('gfs_t2m.npy')).toString('base64'));
  await stage.page.dispatchEvent('#details', 'dragover', { dataTransfer: transfer });
  assert.ok(await stage.page.locator('#drop').isVisible());
  await stage.page.dispatchEvent('body', 'drop', { dataTransfer: transfer });
  await stage.settled();
  assert.ok(await stage.page.locator('#drop').isHidden());
  assert.match(await stage.text('#file-name'), /^dropped\.npy/);
});

test('everything can be done from the keyboard', async () => {
  const tabTo = async (selector) => {
    for (let i = 0; i < 60; i++) {
      await stage.page.keyboard.press('Tab');
      if (await stage.page.evaluate((s) => document.activeElement.matches(s), selector)) return;
    }
    assert.fail(`Tab does not reach ${selector}`);
  };
  await tabTo('#file');
  await tabTo('#sample');
  await stage.page.keyboard.press('ArrowDown');
  await stage.shows('#file-name', '^gfs_t2m');
  await tabTo('[name=variable]');
  await tabTo('[name=kind]');
  await tabTo('#amount');
  await stage.page.keyboard.press('Control+A');
  await stage.page.keyboard.type('0.5');
  await tabTo('[name=level]');
  await stage.page.keyboard.press('ArrowRight');
  assert.ok(await stage.page.locator('[name=level][value=balanced]').isChecked());
  await stage.page.keyboard.press('ArrowLeft');
  await tabTo('[name=base]');
  await stage.page.keyboard.press('ArrowRight');
  assert.ok(await stage.page.locator('[name=base][value=always]').isChecked());
  await stage.page.keyboard.press('Enter');
  await stage.shows('#verdict', 'Largest error 0\\.[45]\\d* ≤ 0\\.5: the bound holds');
  await tabTo('#save-archive');
  const [download] = await Promise.all([stage.page.waitForEvent('download'), stage.page.keyboard.press('Enter')]);
  assert.equal(download.suggestedFilename(), 'gfs_t2m.dca');
  await tabTo('#acceptance > summary');
  await stage.page.keyboard.press('Enter');
  await stage.shows('#acceptance-note', '^· \\d of 4 passed$');
  await tabTo('#original > canvas');
  await stage.shows('#readout', '^row 36, column 72 · original [\\d.]+ · reconstruction [\\d.]+ · error [+−]?[\\d.]+$');
  await stage.page.keyboard.press('ArrowDown');
  await stage.page.keyboard.press('Shift+ArrowRight');
  await stage.shows('#readout', '^row 37, column 82 ');
  await tabTo('[name=layer]');
  await stage.page.keyboard.press('ArrowRight');
  await stage.shows('#decoded figcaption', '^Base layer$');
  await tabTo('#decoded > canvas');
  await stage.shows('#readout', ' · base [\\d.]+ · detail [+−]?[\\d.]+ · error ');
});

test('at the width of a phone nothing is cut off', async () => {
  await stage.openPage({ viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true });
  const overflow = () => stage.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.equal(await overflow(), 0);
  await stage.compress('abs', 0.01);
  await stage.page.click('#acceptance > summary');
  await stage.shows('#acceptance-note', 'passed$');
  assert.equal(await overflow(), 0);
  await compressWithBase('always');
  for (const name of ['Base', 'Detail']) {
    await chooseLayer(name);
    assert.equal(await overflow(), 0);
  }
  await stage.opened(sample('gfs_upper_air.grib2'));
  await stage.page.locator('[name=kind][value=abs]').setChecked(true, { force: true });
  await stage.page.fill('#amount', '500');
  await stage.page.click('#compress');
  await stage.settled();
  for (const way of ['recommended', 'each', 'anyway']) {
    const { x, width } = await stage.page.locator(`#refusal-${way}`).boundingBox();
    assert.ok(x >= 0 && x + width <= 360, way);
  }
  assert.equal(await overflow(), 0);
  await stage.page.click('#refusal-anyway');
  await stage.settled();
  assert.ok(await stage.page.locator('#doubts').isVisible());
  assert.equal(await overflow(), 0);
  await compressWithBase('always');
  for (const selector of ['#compress', '#save-archive', '#error > canvas', '#level', '#base', '#layers']) {
    const { x, width } = await stage.page.locator(selector).boundingBox();
    assert.ok(x >= 0 && x + width <= 360, selector);
  }
});

test('light and dark both have text that stands out', async () => {
  for (const colorScheme of ['light', 'dark']) {
    await stage.page.emulateMedia({ colorScheme });
    const contrast = await stage.page.evaluate(() => {
      const luminance = (element, property) => {
        const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
        canvas.fillStyle = getComputedStyle(element)[property];
        canvas.fillRect(0, 0, 1, 1);
        const linear = [...canvas.getImageData(0, 0, 1, 1).data.slice(0, 3)].map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
      };
      const pairs = [['.hint', '.card'], ['header p', 'body'], ['h2', '.card'], ['#compress', '#compress'], ['#doubts', '#doubts']];
      return pairs.map(([front, back]) => {
        const [a, b] = [luminance(document.querySelector(front), 'color'), luminance(document.querySelector(back), 'backgroundColor')];
        return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      });
    });
    for (const ratio of contrast) assert.ok(ratio >= 4.5, `${colorScheme}: contrast ${contrast}`);
  }
});

test('a long job shows progress, leaves the page free, and can be cancelled', async () => {
  const [planes, height, width] = [12, 721, 1440];
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${planes}, ${height}, ${width}), }`.padEnd(117) + '\n';
  const values = Float32Array.from({ length: planes * height * width }, (_, i) => Math.sin(i / 91) * 30 + Math.cos((i % width) / 17) * ((i * 48271) % 97));
  writeFileSync(stage.temporary('large.npy'), Buffer.concat([Buffer.from('\x93NUMPY\x01\x00\x76\x00', 'latin1'), Buffer.from(header), Buffer.from(values.buffer)]));
  await stage.opened(stage.temporary('large.npy'));
  await stage.page.evaluate(() => {
    let last = performance.now();
    window.longestGap = 0;
    const tick = (now) => {
      window.longestGap = Math.max(window.longestGap, now - last);
      last = now;
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  });
  await stage.page.locator('[name=kind][value=abs]').setChecked(true, { force: true });
  await stage.page.fill('#amount', '0.001');
  await stage.page.click('#compress');
  await stage.shows('#stage', '^Compressing · [12] s$');
  assert.equal(await stage.page.locator('#bar[value]').count(), 0, 'the bar moves without a value before the first part is done');
  await stage.page.locator('#original > canvas').scrollIntoViewIfNeeded();
  const { x, y } = await stage.page.locator('#original > canvas').boundingBox();
  await stage.page.mouse.move(x + 50, y + 50);
  await stage.shows('#readout', '^row \\d+, column \\d+ · original');
  await stage.page.locator('#slider-0').fill('5');
  await stage.page.waitForFunction(() => document.querySelector('#bar').value > 0 && document.querySelector('#bar').value < 1 && !document.querySelector('#progress').hidden);
  // On the page's own clock: what ends the workers may hold up the answers of the browser to the test.
  await stage.page.evaluate(() => {
    document.querySelector('#cancel').addEventListener('click', () => (window.clicked = performance.now()), { capture: true, once: true });
    new MutationObserver(() => (window.told ??= performance.now())).observe(document.querySelector('#message'), { childList: true });
  });
  await stage.page.click('#cancel');
  await stage.shows('#message', 'Cancelled');
  assert.ok((await stage.page.evaluate(() => window.told - window.clicked)) < 1500, 'a part that takes seconds is not waited for');
  assert.ok(await stage.page.locator('#archive').isHidden());
  assert.ok(await stage.page.locator('#progress').isHidden());
  assert.ok((await stage.page.evaluate(() => window.longestGap)) < 500, 'the page kept painting');
  await stage.page.selectOption('#sample', '0');
  await stage.settled();
  await stage.compress('abs', 0.01);
});

test('GRIB and NetCDF-4 are opened, bounded by variable, saved as they were, and opened again', async () => {
  await stage.opened(sample('gfs_upper_air.grib2'));
  assert.match(await stage.text('#variables'), /t Temperature\s+isobaricInhPa 3 × latitude 73 × longitude 144 · float32 · K/i);
  await stage.page.getByRole('radio', { name: /^t /i }).check();
  await stage.shows('#alone-label', 'Only for t$');
  await stage.page.check('#alone');
  await stage.page.locator('[name=kind][value=recommended]').setChecked(true, { force: true });
  assert.match(await stage.text('#amount-hint'), /For t climate scientists advise 0\.01 K/);
  await stage.page.getByRole('radio', { name: /^u /i }).check();
  await stage.shows('#amount-hint', 'Bounds of their own: t\\.$');
  assert.ok(!(await stage.page.isChecked('#alone')));
  await stage.compress('pointwise', 5);
  assert.match(await stage.text('#verdict'), /^Largest error [\d.]+ % ≤ 5 % of each value: the bound holds on all 3×73×144 values, and on every other variable\.$/);
  const native = stage.archiveOf([sample('gfs_upper_air.grib2')], 'native.dca', '--bound', 't=recommended, 5%');
  assert.ok((await stage.saved('archive')).bytes.equals(readFileSync(native)), 'the archive is the one the command line tool makes');
  const saved = await stage.saved('original');
  assert.equal(saved.name, 'gfs_upper_air.grib2');
  writeFileSync(stage.temporary('again.grib2'), saved.bytes);
  assert.match(run('grib_ls', ['-p', 'shortName,level,packingType', stage.temporary('again.grib2')], { capture: true }), /t +250 +grid_simple\s+u +250 +grid_ieee/);
  await stage.opened(sample('levitus_ocean.nc'));
  await stage.compress('lossless');
  writeFileSync(stage.temporary('levitus_ocean.nc'), (await stage.saved('original')).bytes);
  const dump = (path) => run('ncdump', [path], { capture: true });
  assert.equal(dump(stage.temporary('levitus_ocean.nc')), dump(sample('levitus_ocean.nc')));
});

test('a file that is no data is kept byte for byte', async () => {
  const words = 'What this folder holds, in words.\n'.repeat(200);
  writeFileSync(stage.temporary('notes.txt'), words);
  await stage.opened(stage.temporary('notes.txt'));
  assert.match(await stage.text('#message'), /^Kept byte for byte, not as data: not a file this build can read/);
  await stage.compress('lossless');
  assert.match(await stage.text('#verdict'), /came back bit for bit/);
  assert.equal((await stage.saved('original')).bytes.toString(), words);
});

test('damaged files are kept byte for byte, and the page says why', async () => {
  const random = Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919 + (i >> 3) * 104729) & 255));
  for (const [name, bytes, message] of [
    ['cut.nc', readFileSync(sample('coads_sst.nc')).subarray(0, 5000), /^Kept byte for byte, not as data: malformed/],
    ['netcdf4.nc', Buffer.concat([Buffer.from('\x89HDF\r\n\x1a\n', 'latin1'), random]), /^Kept byte for byte, not as data: malformed NetCDF-4/],
  ]) {
    writeFileSync(stage.temporary(name), bytes);
    await stage.opened(stage.temporary(name));
    assert.match(await stage.text('#message'), message, name);
    await stage.compress('lossless');
    assert.match(await stage.text('#verdict'), /came back bit for bit/);
    assert.ok((await stage.saved('original')).bytes.equals(bytes), name);
  }
});

test('a code for missing values that the file does not declare can be named', async () => {
  const values = Float32Array.from({ length: 40 * 60 }, (_, i) => (i % 60 < 20 ? -999 : 280 + Math.sin(i / 50)));
  const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (40, 60), }".padEnd(117) + '\n';
  writeFileSync(stage.temporary('coast.npy'), Buffer.concat([Buffer.from('\x93NUMPY\x01\x00v\x00', 'latin1'), Buffer.from(header), Buffer.from(values.buffer)]));
  await stage.opened(stage.temporary('coast.npy'));
  assert.match(await stage.text('#suspect'), /^−999 stands far from all other values of coast/);
  await stage.page.click('#suspect-name');
  await stage.settled();
  assert.ok(await stage.page.locator('#suspect').isHidden());
  await stage.shows('#original .colour-bar', '279 ?.*281 ?');
  await stage.compress('abs', 0.01);
  assert.match(await stage.text('#verdict'), /Missing values stayed missing\.$/);
  const saved = await stage.saved('original');
  assert.equal(new Float32Array(saved.bytes.buffer.slice(saved.bytes.byteOffset + 128))[3], -999);
});

/** An array as a file, of values that `value` gives by their number. */
function arrayFile(name, [height, width], value) {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${height}, ${width}), }`.padEnd(117) + '\n';
  const values = Float32Array.from({ length: height * width }, (_, i) => value(i));
  writeFileSync(stage.temporary(name), Buffer.concat([Buffer.from('\x93NUMPY\x01\x00v\x00', 'latin1'), Buffer.from(header), Buffer.from(values.buffer)]));
  return stage.temporary(name);
}
/** Zeros in most places. */
const rain = (i) => Math.max(0, Math.sin((i % 180) / 15) * Math.cos(i / 3600) * 30 - 12 + 2 * Math.sin(i * 1.7));
const cells = async (name) => (await stage.page.locator('#rows tr', { has: stage.page.getByRole('rowheader', { name }) }).innerText()).replace(/[\u202f\u00a0]/g, ' ');
const whole = (count) => count.toLocaleString('en');

test('what is kept exactly and the bias are shown, by the one who compresses and by the one who opens', async () => {
  await stage.opened(arrayFile('rain.npy', [120, 180], rain));
  await stage.compress('abs', 0.1);
  const dry = Array.from({ length: 120 * 180 }, (_, i) => rain(i)).filter((value) => value === 0).length;
  const { bytes } = await stage.saved('archive');
  writeFileSync(stage.temporary('rain.dca'), bytes);
  const [{ mean_error: bias, kept }] = JSON.parse(run(stage.cli, ['list', stage.temporary('rain.dca'), '--json'], { capture: true })).variables;
  assert.deepEqual(kept, [{ value: 0, count: dry }]);
  const shown = Number(bias.toPrecision(3)).toExponential();
  const check = async () => {
    assert.match(await stage.text('#figures'), new RegExp(`Mean error\\s+\\S+ \\(.* % of the mean magnitude\\)\\s+Kept exactly\\s+0 \\(${whole(dry)} times\\)`));
    const [, found] = /Mean error\s+(\S+)/.exec(await stage.text('#figures'));
    assert.equal(Number(found.replace('−', '-')).toExponential(), shown);
    assert.ok((await cells(/^rain$/)).includes(`0 (${whole(dry)} times)`));
    assert.ok(await stage.page.locator('#doubts').isHidden(), 'nothing to warn of');
    assert.equal(await stage.page.locator('#verdict.coarse').count(), 0);
  };
  await check();
  await stage.choose(stage.temporary('rain.dca'));
  await check();
});

test('advice is what is taken unless told otherwise, where there is any', async () => {
  assert.ok(await stage.page.isChecked('[name=kind][value=recommended]'));
  assert.match(await stage.text('#amount-hint'), /^For SST climate scientists advise [\d.]+ °C\. Variables without advice come back bit for bit\.$/);
  await stage.page.click('#compress');
  await stage.settled();
  assert.match(await stage.text('#verdict'), /the bound holds/);
  assert.ok((await stage.saved('archive')).bytes.equals(readFileSync(stage.archiveOf([sample('coads_sst.nc')], 'advised.dca', '--bound', 'recommended'))));
  await stage.opened(arrayFile('q2.npy', [40, 60], (i) => Math.sin(i / 50)));
  assert.ok(!(await stage.page.isChecked('[name=kind][value=recommended]')));
});

test('what is kept, missing, stable and data is asked for under more options', async () => {
  const path = arrayFile('rain.npy', [120, 180], (i) => (i % 50 === 7 ? 1e36 : rain(i)));
  const made = async (...options) => {
    await stage.compress('rel', 0.1);
    assert.ok((await stage.saved('archive')).bytes.equals(readFileSync(stage.archiveOf([path], 'more.dca', '--rel', '0.001', ...options))), options.join(' '));
  };
  await stage.opened(path);
  assert.ok(await stage.page.locator('#keep').isHidden());
  await stage.page.locator('#more summary').focus();
  await stage.page.keyboard.press('Enter');
  assert.ok((await stage.page.locator('#keep').isVisible()) && (await stage.page.locator('#keep-values').isHidden()));
  await made();
  assert.match(await stage.text('#doubts'), /^Taken as missing and kept exactly, though the file does not say so: 1e\+36 in rain \(432 times\)\. They are data/);
  assert.match(await stage.text('#verdict'), /Missing values stayed missing\.$/);
  await stage.page.selectOption('#keep', 'sign');
  await stage.page.check('#stable');
  await made('--keep', 'sign', '--stable');
  await stage.page.uncheck('#stable');
  await stage.page.selectOption('#keep', 'values');
  await stage.page.fill('#keep-values', '0, 1e36');
  await stage.page.selectOption('#missing', 'none');
  await made('--keep', '0,1e36', '--missing', 'none');
  await stage.page.selectOption('#keep', 'none');
  await stage.page.selectOption('#missing', 'value');
  await stage.page.fill('#missing-value', '1e36');
  await made('--keep', 'none', '--missing', '1e36');
  await stage.page.fill('#as-data', 'rain, snow');
  await stage.page.click('#compress');
  await stage.settled();
  assert.match(await stage.text('#message'), /snow/);
});

test('a variable that cannot be held to its bound is told, and the rest is compressed', async () => {
  await stage.opened(arrayFile('fine.npy', [40, 60], (i) => 280 + Math.sin(i / 50)));
  await stage.compress('abs', 1e-12);
  assert.match(await stage.text('#doubts'), /^fine came back bit for bit: the bound 1e-12 on "fine" is finer than its own precision/);
  assert.match(await stage.text('#verdict'), /^No error/);
});

test('sums that suffer and bounds that leave little are told in amber', async () => {
  await stage.opened(arrayFile('tail.npy', [120, 180], (i) => 1 / (0.001 + ((i * 48271) % 65537) / 65537)));
  await stage.compress('abs', 10);
  assert.match(await stage.text('#doubts'), /^Sums change, .*: tail \([\d.]+ %\)\. Take a smaller bound, one of each value, or the recommended one\.$/);
  writeFileSync(stage.temporary('tail.dca'), (await stage.saved('archive')).bytes);
  await stage.compress('abs', 0.01);
  assert.ok(await stage.page.locator('#doubts').isHidden());
  await stage.compress('rel', 20);
  assert.match(await stage.text('#doubts'), /that part of the range, so that little is left: tail \(20 %\)\. Take a smaller one unless this is meant\.$/);
  assert.equal(await stage.page.locator('#verdict.coarse').count(), 1, 'no green tick');
  await stage.choose(stage.temporary('tail.dca'));
  assert.match(await stage.text('#doubts'), /Sums change, .*: tail \(/);
});

test('one bound for several units is refused, and there are three ways on', async () => {
  const refuse = async (amount) => {
    await stage.page.locator('[name=kind][value=abs]').setChecked(true, { force: true });
    await stage.page.fill('#amount', String(amount));
    await stage.page.click('#compress');
    await stage.settled();
    assert.ok(await stage.page.locator('#refusal').isVisible());
    assert.ok((await stage.page.locator('#message').isHidden()) && (await stage.page.locator('#archive').isHidden()));
  };
  const expected = (...options) => readFileSync(stage.archiveOf([sample('gfs_upper_air.grib2')], 'way.dca', ...options));
  await stage.opened(sample('gfs_upper_air.grib2'));
  await stage.page.locator('[name=kind][value=abs]').setChecked(true, { force: true });
  await stage.shows('#amount-hint', 'Variables of several units \\(.*K.*\\) need a bound each');
  await refuse(0.5);
  assert.match(await stage.text('#refusal'), /one bound cannot be meant for variables of several units\s+gpm: gh\s+K: t\s+m\/s: u, v\s/);
  await stage.page.click('#refusal-each');
  await stage.settled();
  assert.ok((await stage.page.locator('#refusal').isHidden()) && (await stage.page.isChecked('#alone')));
  const hint = await stage.text('#amount-hint');
  const [, others] = /Bounds of their own: (.*)\.$/.exec(hint) ?? assert.fail(hint);
  assert.match(others, /(^|, )t [\d.]+ K(, |$)/);
  const shown = (await stage.text('#alone-label')).replace('Only for ', '');
  const bounds = [`${shown}=${await stage.page.inputValue('#amount')}`, ...others.split(', ').map((each) => each.split(' ').slice(0, 2).join('='))];
  await stage.page.click('#compress');
  await stage.settled();
  assert.ok((await stage.saved('archive')).bytes.equals(expected('--bound', [...bounds, 'lossless'].join(', '))), 'each variable has the bound that is shown');

  await stage.openPage();
  await stage.opened(sample('gfs_upper_air.grib2'));
  await refuse(0.5);
  await stage.page.click('#refusal-anyway');
  await stage.settled();
  assert.ok((await stage.page.locator('#verdict').isVisible()) && (await stage.page.locator('#refusal').isHidden()));
  assert.ok((await stage.saved('archive')).bytes.equals(expected('--abs', '0.5', '--coarse')));
  assert.match(await cells(/^latitude/), /^latitude\s*coordinate: \S.*lossless/s, 'what it was taken for, and why');

  await stage.openPage();
  await stage.opened(sample('gfs_upper_air.grib2'));
  await refuse(500);
  assert.match(await stage.text('#refusal'), /would leave little of \d variables[^]*t: 500 K is \d[\d.e+]* % of its range/);
  await stage.page.click('#refusal-recommended');
  await stage.settled();
  assert.ok(await stage.page.isChecked('[name=kind][value=recommended]'));
  assert.ok((await stage.saved('archive')).bytes.equals(expected('--bound', 'recommended')));
});

test('the file on disk comes first, be it smaller or larger than the archive', async () => {
  const size = (path) => readFileSync(path).length;
  const line = async () => (await stage.text('.ratio')).replace(/\s+/g, ' ');
  const original = size(sample('gfs_t2m.npy'));
  await stage.opened(sample('gfs_t2m.npy'));
  assert.equal(await stage.text('#raw-size'), `${whole(original)} bytes, not compressed yet`);
  await stage.compress('abs', 0.1);
  const { bytes } = await stage.saved('archive');
  assert.equal(await line(), `${whole(original)} → ${whole(bytes.length)} bytes, ${(original / bytes.length).toFixed(2)} × smaller`);
  assert.match(await stage.text('#figures'), /^Values\s+42 kB → [\d.]+ kB, ratio [\d.]+/);
  writeFileSync(stage.temporary('small.dca'), bytes);
  await stage.choose(stage.temporary('small.dca'));
  assert.equal(await line(), `${whole(original)} → ${whole(bytes.length)} bytes, ${(original / bytes.length).toFixed(2)} × smaller`, 'the archive has noted it');

  const told = stage.temporary('told.dca');
  run(stage.cli, ['compress', sample('gfs_t2m.npy'), '-o', told, '--abs', '0.1'], { capture: true });
  await stage.choose(told);
  assert.equal(await line(), `${whole(original)} → ${whole(size(told))} bytes, ${(original / size(told)).toFixed(2)} × smaller`);

  writeFileSync(stage.temporary('tiny.txt'), 'no');
  await stage.opened(stage.temporary('tiny.txt'));
  await stage.compress('lossless');
  assert.equal(await line(), `2 → ${whole((await stage.saved('archive')).bytes.length)} bytes, larger than the file`);
});
