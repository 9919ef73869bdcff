/** Self-extracting pages in a real Chromium, from a disk and without a network, beside what the command line tool extracts from the same archives. */
import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { after, afterEach, before, test } from 'node:test';
import { selfExtracting } from '../../pkg/dist/index.js';
import { ROOT, run } from '../../scripts/tools.mjs';
import { Stage, sample } from './page.mjs';

const VIEWER = join(ROOT, 'pkg', 'viewer', 'viewer.html');
const stage = new Stage();
let context;
let page;
let complaints;

before(() => stage.open());
after(() => stage.close());
afterEach(async () => {
  await context?.close();
  context = undefined;
  assert.deepEqual(complaints, [], 'no errors in the console, none against the content security policy, no request');
});

/** The page that the command line tool makes of an archive. */
function pageOf(archive, ...options) {
  const path = archive.replace(/dca$/, 'html');
  run(stage.cli, ['sfx', archive, '-o', path, '--viewer', VIEWER, ...options], { capture: true });
  return path;
}

/** Opens a page from the disk, with the network off, and waits until nothing is under way. */
async function open(path, { prepare = () => {}, starts = true, ...options } = {}) {
  await context?.close();
  complaints = [];
  context = await stage.browser.newContext({ viewport: { width: 1280, height: 800 }, acceptDownloads: true, offline: true, ...options });
  await context.addInitScript(prepare);
  await context.route(/^(?!file:|blob:)/, (route) => (complaints.push(route.request().url()), route.abort()));
  page = await context.newPage();
  page.setDefaultTimeout(30_000);
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(pathToFileURL(path).href);
  if (starts) await page.waitForSelector('main[aria-busy=false]');
}

const text = async (selector) => (await page.locator(selector).innerText()).replace(/[\u202f\u00a0]/g, ' ');

async function saved(kind) {
  const [download] = await Promise.all([page.waitForEvent('download'), page.click(`#saves [data-kind=${kind}]`)]);
  return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) };
}

/** What the page saves is what the command line tool extracts. */
async function savesAsExtracted(archive, kinds) {
  for (const [kind, name] of kinds) {
    const from = stage.extracted(archive, ...(kind === 'original' ? [] : ['--as', kind]));
    const found = await saved(kind);
    assert.equal(found.name, name);
    assert.ok(found.bytes.equals(from(name)), `${name} is the one the command line tool extracts, bit for bit`);
  }
}

const temperature = (name, ...more) => stage.archiveOf([sample('coads_sst.nc')], name, '--abs', '0.01', ...more);

test('an archive opens from a disk: map, certificates, and all that can be saved', async () => {
  const archive = temperature('coads_sst.dca');
  const file = pageOf(archive);
  assert.ok(statSync(file).size <= 1_500_000, `${statSync(file).size} bytes`);
  await open(file);
  assert.match(await text('#verdict'), /^Certificate checked: the decoded values of every variable match their checksums\. SST: largest error 0\.00\d+ °C ≤ 0\.01 °C when it was made, all 12×90×180 values\.$/);
  assert.equal(await page.title(), 'coads_sst.dca');
  const { variables } = JSON.parse(run(stage.cli, ['list', archive, '--json'], { capture: true }));
  const { checksum } = variables.find(({ name }) => name === 'SST');
  assert.match(await text('#rows'), new RegExp(`^SST\\s+float32 12×90×180\\s.*0\\.01 °C\\s+0\\.00\\d+ °C.*✓ ${checksum}`));
  assert.match(await text('.colour-bar'), /−2\.6 °C\s+15\.3 °C\s+33\.\d °C/);
  assert.match(await text('#facts'), /coads_sst\.nc, 780,728 bytes/);
  const colours = await page.evaluate(() => {
    const canvas = document.querySelector('#decoded > canvas');
    const pixels = new Uint32Array(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.buffer);
    return new Set(pixels).size;
  });
  assert.ok(colours > 100, `${colours} colours`);
  const { x, y, width, height } = await page.locator('#decoded > canvas').boundingBox();
  await page.mouse.move(x + width * 0.5, y + height * 0.3);
  assert.match(await text('#readout'), /^\d+°N, \d+°[EW] · -?[−\d.]+ °C$/);
  await page.locator('#slider-0').fill('3');
  assert.match(await text('.slider output'), /16 Apr \(4\/12\)/);
  const whole = await saved('archive');
  assert.equal(whole.name, 'coads_sst.dca');
  assert.ok(whole.bytes.equals(readFileSync(archive)));
  const kinds = [['original', 'coads_sst.nc'], ['netcdf', 'coads_sst.nc'], ['npz', 'coads_sst.npz'], ['npy', 'coads_sst.SST.npy'], ['csv', 'coads_sst.SST.csv'], ['png', 'coads_sst.SST.0003.png']];
  await savesAsExtracted(archive, kinds);
});

test('at the width of a phone it fits, in the dark too; taps and keys read values', async () => {
  const file = pageOf(temperature('phone.dca', '--level', 'balanced'));
  assert.ok(!readFileSync(file, 'utf8').includes('data-part="weights" '), 'no weights where the archive needs none');
  await open(file, { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true, colorScheme: 'dark' });
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
  for (const selector of ['#decoded > canvas', '#rows', '#saves', '#verdict']) {
    const { x, width } = await page.locator(selector).boundingBox();
    assert.ok(x >= 0 && x + width <= 360, `${selector} from ${x} on, ${width} wide`);
  }
  const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  assert.equal(ground, 'rgb(16, 23, 26)');
  const canvas = page.locator('#decoded > canvas');
  const { width, height } = await canvas.boundingBox();
  await canvas.tap({ position: { x: width * 0.5, y: height * 0.4 } });
  assert.match(await text('#readout'), /^\d+°N, \d+°[EW] · [\d.]+ °C$/);
  const before = await text('#readout');
  await page.keyboard.press('ArrowDown');
  assert.notEqual(await text('#readout'), before);
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.dataset.kind), 'archive');
  assert.ok((await saved('npy')).bytes.equals(stage.extracted(stage.temporary('phone.dca'), '--as', 'npy')('coads_sst.SST.npy')));
});

test('the package and the page that compresses make the same file as the command line tool', async () => {
  const archive = temperature('coads_sst.dca');
  const expected = readFileSync(pageOf(archive));
  run(stage.cli, ['sfx', archive, '-o', stage.temporary('own.html')], { capture: true });
  assert.ok(expected.equals(readFileSync(stage.temporary('own.html'))), 'the page that is in the command line tool');
  const made = await selfExtracting(readFileSync(archive), { name: 'coads_sst.dca' });
  assert.ok(expected.equals(made), 'the package');
  const heavy = await selfExtracting(readFileSync(archive), { name: 'coads_sst.dca', formats: true });
  assert.ok(readFileSync(pageOf(archive, '--formats')).equals(heavy), 'the package, with all formats');
  await assert.rejects(selfExtracting(readFileSync(archive), { viewer: new TextEncoder().encode('<p>no place</p>') }), { code: 'not-loaded' });
  await assert.rejects(selfExtracting(readFileSync(sample('coads_sst.nc'))), { code: 'not-an-archive' });
  await stage.openPage();
  await stage.compress('abs', 0.01);
  const [download] = await Promise.all([stage.page.waitForEvent('download'), stage.page.click('#save-page')]);
  assert.equal(download.suggestedFilename(), 'coads_sst.html');
  assert.ok(expected.equals(readFileSync(await download.path())), 'the page');
  await stage.closePage();
});

test('several files, data or not, are each looked at and saved', async () => {
  const [notes, grib] = [stage.temporary('notes.md'), stage.temporary('gfs.grib2')];
  writeFileSync(notes, 'Read me.\n'.repeat(50));
  copyFileSync(sample('gfs_upper_air.grib2'), grib);
  const archive = stage.archiveOf([sample('coads_sst.nc'), sample('blue_marble.png'), notes, grib], 'many.dca', '--lossless');
  await open(pageOf(archive));
  assert.match(await text('#summary'), /^4 files in a DeepComp archive/);
  const choose = async (name) => {
    await page.selectOption('#inside-file', { label: name });
    await page.waitForFunction((name) => document.querySelector('#file-name').textContent.startsWith(name) && document.querySelector('main').ariaBusy === 'false', name);
  };
  await choose('blue_marble.png');
  await savesAsExtracted(archive, [['original', 'blue_marble.png'], ['npy', 'blue_marble.npy']]);
  await choose('notes.md');
  assert.match(await text('#verdict'), /byte for byte/);
  assert.match(await text('#views-title'), /nothing to draw/);
  await savesAsExtracted(archive, [['original', 'notes.md']]);
  await choose('gfs.grib2');
  assert.equal(await page.locator('#saves [data-kind=original]').count(), 0);
  assert.match(await text('#unsaved'), /^gfs\.grib2 as it was is GRIB, which this page was made without/);
  await savesAsExtracted(archive, [['netcdf', 'gfs.nc']]);
  await choose('coads_sst.nc');
  assert.match(await text('#verdict'), /SST: stored without loss/);
});

test('by keyboard alone: variables, planes and values', async () => {
  await open(pageOf(stage.archiveOf([sample('levitus_ocean.nc')], 'keys.dca', '--lossless', '--level', 'fast')));
  assert.match(await text('#views-title'), /^TEMPERATURE/);
  await page.keyboard.press('Tab');
  await page.keyboard.press('ArrowDown');
  await page.waitForFunction(() => document.querySelector('#views-title').textContent.startsWith('SALINITY'));
  assert.equal(await page.evaluate(() => document.activeElement.name), 'variable', 'the focus stays in the list');
  await page.locator('#slider-0').focus();
  await page.keyboard.press('ArrowRight');
  assert.match(await text('.slider output'), /\(2\/4\)$/);
  await page.keyboard.press('Tab');
  assert.match(await text('#readout'), /^[\d.]+°[NS], [\d.]+°[EW] · /);
});

test('with the heavy formats in it, their files come out as they were', async () => {
  const [archive, tiny] = [stage.archiveOf([sample('gfs_upper_air.grib2')], 'gfs.dca', '--lossless'), stage.archiveOf([sample('levitus_ocean.nc')], 'levitus.dca', '--bound', 'TEMP=0.01, lossless')];
  await open(pageOf(archive, '--formats'));
  const cores = await page.evaluate(() => navigator.hardwareConcurrency);
  if (cores > 1) assert.match(await text('#facts'), new RegExp(`by ${cores} workers$`), 'chunks are shared');
  await savesAsExtracted(archive, [['original', 'gfs_upper_air.grib2'], ['netcdf4', 'gfs_upper_air.nc']]);
  await open(pageOf(tiny, '--formats'));
  await savesAsExtracted(tiny, [['original', 'levitus_ocean.nc']]);
});

/** A copy of a page of which some text is other. */
function damaged(file, name, change) {
  const path = stage.temporary(name);
  const before = readFileSync(file, 'utf8');
  const after = change(before);
  assert.notEqual(after, before);
  writeFileSync(path, after);
  return path;
}

/** Changes a character of a part of a page, a share of its length behind its beginning. */
const flipped = (kind, share) => (html) => {
  const [, start, body] = new RegExp(`^([^]*data-part="${kind}"[^>]*>)([^<]*)`).exec(html);
  const at = start.length + Math.floor(body.length * share);
  return html.slice(0, at) + (html[at] === 'A' ? 'B' : 'A') + html.slice(at + 1);
};

test('of a damaged file all that is whole is shown, and what is not is said', async () => {
  const archive = stage.archiveOf([sample('gfs_upper_air.grib2')], 'gfs.dca', '--rel', '0.001');
  const file = pageOf(archive);
  await open(damaged(file, 'chunk.html', flipped('archive', 0.4)));
  assert.match(await text('#damage'), /1 of 9 variables cannot be shown\. The others are whole, each checked\. Ask for the file again\.\s+\w+: checksum/);
  assert.ok(await page.locator('#verdict').isHidden());
  assert.equal(await page.locator('tr.damaged').count(), 1);
  assert.equal(await page.locator('#saves [data-kind=netcdf]').count(), 0, 'nothing is saved as if it were whole');
  const shown = await page.locator('#variables :checked + span b').innerText();
  await savesAsExtracted(archive, [['npy', `gfs_upper_air.${shown}.npy`]]);
  const lost = await page.locator('tr.damaged th').innerText();
  await page.locator('.variable', { has: page.getByText(lost, { exact: true }) }).click();
  assert.match(await text('#views-title'), /is damaged and cannot be shown/);
});

test('a file that was cut or changed elsewhere says what is wrong with it', async () => {
  const file = pageOf(temperature('whole.dca'));
  const cases = [
    [flipped('archive', 0.9999), /the archive in this file is damaged, and nothing of it can be shown \(the archive is damaged: .*\)\. Ask for the file again\.$/i],
    [(html) => html.slice(0, -5000), /^This file ends too early: it has \d+ of the \d+ bytes of the archive\. The data cannot be shown: ask for the file again\.$/],
    [(html) => html.slice(0, html.indexOf('data-part="archive"') - 200), /^The archive is missing from this file, most likely since it ends too early\./],
    [flipped('module', 0.5), /^The decoder in this file was changed on its way/],
    [flipped('weights', 0.5), /^The network in this file was changed on its way/],
    [(html) => html.replace(/(data-part="archive"[^>]*>.{100})./, '$1%'), /^The archive was changed on its way: there are characters/],
  ];
  for (const [i, [change, message]] of cases.entries()) {
    await open(damaged(file, `case-${i}.html`, change));
    assert.match(await text('#message'), message);
    assert.ok(await page.locator('#content').isHidden());
  }
});

test('a page whose script does not run says so', async () => {
  await open(pageOf(temperature('plain.dca')), { javaScriptEnabled: false, starts: false });
  await page.locator('#unstarted').waitFor({ state: 'visible' });
  assert.match(await text('#unstarted'), /^This page has not started\. /);
});

test('names of files and variables are text and nothing else', async () => {
  const name = '<img src=x onerror=document.title=1>.npy';
  copyFileSync(sample('gfs_t2m.npy'), stage.temporary(name));
  const archive = stage.archiveOf([stage.temporary(name)], '"><script>document.title=2<script>.dca', '--abs', '0.05', '--level', 'fast');
  await open(pageOf(archive));
  assert.equal(await page.title(), basename(archive));
  assert.equal(await page.locator('img').count(), 0);
  assert.match(await text('#variables'), /<img src=x onerror=document\.title=1>/);
});

test('without workers the page itself decodes, to the same values', async () => {
  const archive = temperature('alone.dca', '--level', 'balanced');
  await open(pageOf(archive), { prepare: () => delete globalThis.Worker });
  assert.match(await text('#verdict'), /^Certificate checked/);
  await savesAsExtracted(archive, [['npy', 'coads_sst.SST.npy']]);
});
