/** The live stream on the page, in a real Chromium: maps that come coarse, get finer and are whole, at the speed of the channel. */
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { Stage, sample } from './page.mjs';

const stage = new Stage();

before(() => stage.open());
after(() => stage.close());
afterEach(() => stage.closePage());

/** Notes every stride that the map gets, and starts the stream. */
async function start(rate) {
  await stage.page.selectOption('#live-rate', rate);
  await stage.page.evaluate(() => {
    const { dataset } = document.querySelector('#live-map');
    globalThis.seen = [];
    new MutationObserver(() => seen.at(-1)?.join() !== [dataset.map, dataset.stride].join() && seen.push([dataset.map, dataset.stride])).observe(document.querySelector('#live-map'), { attributeFilter: ['data-map', 'data-stride'] });
  });
  await stage.page.click('#live-start');
}

const seen = async () => (await stage.page.evaluate(() => globalThis.seen)).map((pair) => pair.map(Number));
const isWhole = (map) => stage.page.waitForFunction((map) => globalThis.seen.some(([m, stride]) => m === map && stride === '1'), String(map));

/** Bytes, and seconds, that a text names, in order. */
const sizes = (text) => [...text.matchAll(/([\d.]+) (bytes|kB|MB)\b/g)].map(([, n, unit]) => n * { bytes: 1, kB: 1e3, MB: 1e6 }[unit]);
const times = (text) => [...text.matchAll(/([\d.]+) (m?s)\b/g)].map(([, n, unit]) => n / (unit === 's' ? 1 : 1000));
const fact = async (term) => (await stage.text(`#live-facts dt:text-is("${term}") + dd`)).trim();

/** How many colours a canvas shows. */
const colours = (selector) => stage.page.evaluate((selector) => {
  const canvas = document.querySelector(selector);
  return new Set(new Uint32Array(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.buffer)).size;
}, selector);

const sideways = () => stage.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

test('every map is seen coarse, gets finer and is whole, as fast as the channel is', async () => {
  await stage.openPage();
  await start('64000');
  await isWhole(2);
  const maps = (await seen()).filter(([map]) => map < 3);
  for (const map of [0, 1, 2]) {
    const strides = maps.filter(([m]) => m === map).map(([, stride]) => stride);
    assert.ok(strides.length >= 4 && strides.at(-1) === 1, `${map}: ${strides}`);
    assert.deepEqual(strides, strides.toSorted((a, b) => b - a), 'finer and finer');
  }
  assert.ok((await colours('#live-map')) > 100);

  const [saved, raw, took] = sizes(await fact('Saved'));
  const count = Math.round(raw / (90 * 180 * 4));
  assert.ok(count >= 3 && Math.abs(raw - saved - took) < 0.01 * raw, await fact('Saved'));
  const [first, whole] = times(await fact('A map is seen'));
  const sending = (took / count) * 8 / 64000;
  assert.ok(first < whole / 2, `${first} of ${whole} s`);
  assert.ok(whole > 0.9 * sending && whole < sending + 2, `${whole} s, of which ${sending} s on the channel`);
  assert.deepEqual(times(await fact('Uncompressed')), [8.1]);
  assert.match(await fact('Plays'), /^Sea surface temperature of coads_sst\.nc: 12 maps of 90 × 180 values$/);
  assert.match(await stage.text('#live-caption'), /^Map \d+ of 12, 1[5-7] \w{3}\s/);
});

test('it stops, starts again, and goes on while another file is opened and the channel changes', async () => {
  await stage.openPage();
  await start('2400');
  await stage.shows('#live-caption', 'one value in');
  await stage.opened(sample('gfs_t2m.npy'));
  assert.match(await fact('Plays'), /coads_sst\.nc/);
  await stage.page.selectOption('#live-rate', '4000000');
  await stage.shows('#live-status', '^All 12 maps came');
  assert.deepEqual((await seen()).filter(([, stride]) => stride === 1).map(([map]) => map), Array.from({ length: 12 }, (_, map) => map));
  const [whole, received] = [sizes(await fact('Saved'))[2], sizes(await fact('Received'))[0]];
  assert.ok(received >= whole && received - whole < 3000, `the index behind the maps: ${received - whole} bytes`);

  // Of a file that is open it plays the variable that has most maps; what is a single map is not played.
  await start('2400');
  await stage.shows('#live-facts', 'coads_sst\\.nc: 12 maps');
  await stage.page.click('#live-stop');
  await stage.opened(sample('gfs_upper_air.grib2'));
  await start('2400');
  await stage.shows('#live-facts', 'gfs_upper_air\\.grib2: 3 maps of 73 × 144 values');
  await stage.page.click('#live-stop');
  await stage.shows('#live-status', '^Stopped\\.$');
  const before = await seen();
  await new Promise((resolve) => setTimeout(resolve, 600));
  assert.deepEqual(await seen(), before);
  assert.ok(await stage.page.locator('#live-start').isVisible());
  assert.ok(await stage.page.locator('#live-stop').isHidden());
});

test('it can be stopped before it has begun', async () => {
  await stage.openPage();
  await stage.page.evaluate(() => {
    document.querySelector('#live-start').click();
    document.querySelector('#live-stop').click();
  });
  await new Promise((resolve) => setTimeout(resolve, 1000));
  assert.equal(await stage.text('#live-status'), 'Stopped.');
  assert.ok(await stage.page.locator('#live-shown').isHidden());
});

test('on a phone nothing has to be scrolled sideways, and nothing above the map moves', async () => {
  await stage.openPage({ viewport: { width: 360, height: 740 } });
  const top = () => stage.page.evaluate(() => document.querySelector('.live').getBoundingClientRect().top + scrollY);
  const before = await top();
  await start('16000');
  await isWhole(0);
  assert.deepEqual([await sideways(), await top()], [0, before]);
  const { width, height } = await stage.page.locator('#live-map').boundingBox();
  assert.ok(width > 280 && Math.abs(width / height - 2) < 0.1, `${width} × ${height}`);
});
