/**
 * `npm run bench -- backends`: how fast the network, encoding and decoding are on the CPU and on the GPU, natively and in a browser; writes
 * docs/bench/backends.md and backends.json. Every row makes the same archives, which is checked.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { chromium } from 'playwright-core';
import { build, buildGpu, cargoArtifact } from '../scripts/build.mjs';
import { ROOT, ensureChromium, run } from '../scripts/tools.mjs';
import { serve } from '../scripts/serve.mjs';

const BOUNDS = [1e-2, 1e-3, 1e-4];
const KEPT = join(ROOT, 'docs', 'bench', 'backends.json');
/** What is measured where the data is at hand, beside a small sample that ships. */
const WANTED = 'eraint_uvz.nc';
/** The best of so many runs counts. An adapter in software, which is slow, gets one run of small files at one bound. */
const ROUNDS = 2;
const SLOW = { bound: 1e-3, samples: 50_000 };

function files() {
  const folder = process.env.DEEPCOMP_DATA ?? join(ROOT, '..', 'shared', 'data', 'valid');
  const all = existsSync(folder) ? readdirSync(folder, { recursive: true }).map((name) => join(folder, name)) : [];
  const found = all.filter((path) => basename(path) === WANTED);
  return [join(ROOT, 'samples', 'gfs_t2m.npy'), found[0] ?? join(ROOT, 'samples', 'coads_sst.nc')];
}

function native(paths) {
  const example = cargoArtifact(['--profile', 'gpu', '-p', 'deepcomp-gpu', '--example', 'speed'], (path) => /[\\/]speed(\.exe)?$/.test(path));
  return JSON.parse(run(example, paths, { capture: true }));
}

/** The package in Chromium: what `work` in the page measures. */
async function inBrowser(paths) {
  const server = await serve({ folder: ROOT });
  const browser = await chromium.launch({
    executablePath: ensureChromium(),
    args: ['--no-sandbox', '--enable-unsafe-webgpu', ...(process.env.DEEPCOMP_REAL_GPU ? [] : ['--use-webgpu-adapter=swiftshader'])],
  });
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(0);
    await page.route('**/bench.html', (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html><script type="importmap">{"imports":{"#wasm":"/pkg/wasm/deepcomp.js","#wasm-gpu":"/pkg/wasm-gpu/deepcomp.js"}}</script>' }));
    // Import maps do not reach workers.
    await page.context().route('**/pkg/dist/*.js', async (route) => {
      const response = await route.fetch();
      const body = (await response.text()).replace(/'#wasm-gpu'/g, "'/pkg/wasm-gpu/deepcomp.js'").replace(/'#wasm'/g, "'/pkg/wasm/deepcomp.js'");
      await route.fulfill({ response, body });
    });
    await page.goto(`${server.url}bench.html`);
    const data = paths.map((path) => ({ name: basename(path), bytes: [...readFileSync(path)] }));
    return await page.evaluate(measure, { data, bounds: BOUNDS, rounds: ROUNDS, limit: SLOW });
  } finally {
    await browser.close();
    await server.close();
  }
}

/** Runs in the page. */
async function measure({ data, bounds, rounds, limit }) {
  const { openDataset, compress, decompressTimed, hasRealGpu } = await import('/pkg/dist/index.js');
  const real = await hasRealGpu();
  const cores = navigator.hardwareConcurrency;
  const settings = [
    ['Chromium, one thread', { backend: 'cpu', workers: 0 }],
    [`Chromium, ${cores} workers`, { backend: 'cpu', workers: cores }],
    ['Chromium, WebGPU', { backend: 'webgpu' }],
  ];
  const rows = [];
  let adapter;
  for (const { name, bytes: file } of data) {
    for (const bound of bounds) {
      for (const [on, how] of settings) {
        const slow = how.backend === 'webgpu' && !real;
        const best = { encode: Infinity, decode: Infinity };
        let samples, bytes, hash;
        for (let round = 0; round < (slow ? 1 : rounds); round++) {
          const dataset = await openDataset(new Uint8Array(file), name);
          samples = dataset.variables.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
          if (slow && (bound !== limit.bound || samples > limit.samples)) break;
          const packed = await compress(dataset, { rel: bound, ...how });
          const back = await decompressTimed(packed.bytes, how);
          const reason = packed.ran.fallback ?? back.ran.fallback;
          if (reason) throw new Error(reason);
          bytes = packed.bytes.length;
          hash = [...new Uint8Array(await crypto.subtle.digest('SHA-256', packed.bytes))].join();
          adapter = packed.ran.adapter ?? adapter;
          best.encode = Math.min(best.encode, packed.seconds);
          best.decode = Math.min(best.decode, back.seconds);
          back.dataset.free();
          dataset.free();
        }
        if (bytes) rows.push({ what: 'codec', on, samples, bound, bytes, hash, encode: (samples * 4e-6) / best.encode, decode: (samples * 4e-6) / best.decode });
      }
    }
  }
  return { adapter, rows };
}

export async function backends() {
  await build();
  buildGpu();
  const paths = files();
  const onMachine = native(paths);
  const inPage = await inBrowser(paths);
  for (const { samples, bound } of inPage.rows) {
    const alike = (rows, key) => new Set(rows.filter((row) => row.samples === samples && row.bound === bound).map((row) => row[key])).size === 1;
    assert.ok(alike(onMachine.rows, 'bytes') && alike(inPage.rows, 'hash'), 'every backend makes the same archive');
  }
  const result = { date: new Date().toISOString().slice(0, 10), files: paths.map((path) => basename(path)), native: onMachine, browser: { ...inPage, rows: inPage.rows.map(({ hash, ...row }) => row) } };
  writeFileSync(KEPT, `${JSON.stringify(result, null, 2)}\n`);
  backendsAgain();
}

/** The page again from what was measured. */
export function backendsAgain() {
  writeFileSync(join(ROOT, 'docs', 'bench', 'backends.md'), markdown(JSON.parse(readFileSync(KEPT, 'utf8'))));
}

const fixed = (value) => (value >= 100 ? value.toFixed(0) : value.toPrecision(2));

function markdown({ date, files, native: machine, browser }) {
  const network = machine.rows.filter((row) => row.what === 'network');
  const names = [...new Set(network.map((row) => row.on))];
  const sizes = [...new Set(network.map((row) => row.samples))];
  const at = (on, samples) => network.find((row) => row.on === on && row.samples === samples);
  const codec = [...machine.rows.filter((row) => row.what === 'codec'), ...browser.rows];
  const places = [...new Set(codec.map((row) => row.on))];
  const cell = (on, size, bound) => {
    const row = codec.find((r) => r.on === on && r.samples === size && r.bound === bound);
    return !row ? '–' : `${fixed(row.encode)} / ${fixed(row.decode)}`;
  };
  const table = (name, index) => {
    const size = [...new Set(codec.map((row) => row.samples))][index];
    return `${name}, ${size.toLocaleString('en')} samples:

| | ${BOUNDS.map((bound) => bound.toExponential()).join(' | ')} |
|---|${BOUNDS.map(() => '---:|').join('')}
${places.map((on) => `| ${on} | ${BOUNDS.map((bound) => cell(on, size, bound)).join(' | ')} |`).join('\n')}`;
  };
  return `# Backends

Measured on ${date} with \`npm run bench -- backends\` on ${machine.threads} cores (${machine.engine}). Native GPU: **${machine.adapter}**. GPU in Chromium: **${browser.adapter}**.

## The network alone

Multiply-adds a second, in thousand millions, of the finest diagonal pass of a plane; upload and read-back included, looking at neighbours too.

| samples of the pass | ${names.join(' | ')} |
|---:|${names.map(() => '---:|').join('')}
${sizes.map((samples) => `| ${samples.toLocaleString('en')} | ${names.map((on) => (at(on, samples) ? fixed(at(on, samples).macs_per_second / 1e9) : '–')).join(' | ')} |`).join('\n')}

## Encoding and decoding

Megabytes (10^6 bytes) of float32 a second, encode / decode, at error bounds relative to the range, every check included. All make the same archives. The small file is one chunk, so that a second thread cannot help. Adapters in software
(llvmpipe, SwiftShader) run the small file once, at one bound: they say nothing of a GPU, only that the result is the same.

${files.map(table).join('\n\n')}
`;
}
