/**
 * The page on WebGPU, by Chromium's software adapter: the same archives and values as on the CPU, to the last byte, and nothing lost when the GPU fails.
 * What goes wrong is done to the GPU worker from outside: a device that is destroyed, numbers that change on their way back, an adapter that is not there.
 */
import assert from 'node:assert/strict';
import { cpSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ROOT } from '../../scripts/tools.mjs';
import { Stage, sample } from './page.mjs';

const stage = new Stage();

before(() => stage.open('--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'));
after(() => stage.close());

/** What is said of the GPU is no fault of the page. */
const ABOUT_GPU = /WebGPU|GPU|adapter|powerPreference/i;

async function withPage(work, { before: script = '', requests = [] } = {}) {
  if (script) await stage.serve(pageWith(script));
  await stage.openPage({}, async (context) => context.on('request', (request) => requests.push(request.url())));
  await work();
  stage.complaints = stage.complaints.filter((text) => !ABOUT_GPU.test(text));
  await stage.closePage();
  if (script) await stage.serve();
}

/** A copy of the page whose GPU worker runs a script before its own. */
function pageWith(script) {
  const folder = stage.temporary('page');
  rmSync(folder, { recursive: true, force: true });
  cpSync(join(ROOT, 'www', 'dist'), folder, { recursive: true });
  const [name] = readdirSync(join(folder, 'assets')).filter((name) => /^gpu-worker-.*\.js$/.test(name));
  const path = join(folder, 'assets', name);
  writeFileSync(path, `${script}\n${readFileSync(path, 'utf8')}`);
  return folder;
}

/** A field in an NPY file. */
function field(name, planes, height, width) {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${planes}, ${height}, ${width}), }`.padEnd(117) + '\n';
  const values = Float32Array.from({ length: planes * height * width }, (_, i) => {
    const [y, x] = [Math.floor(i / width) % height, i % width];
    return 280 + 20 * Math.sin(y / 9 + i / (height * width)) + 9 * Math.cos(x / 13 + y / 31) + ((i * 48271) % 101) / 400;
  });
  writeFileSync(stage.temporary(name), Buffer.concat([Buffer.from('\x93NUMPY\x01\x00\x76\x00', 'latin1'), Buffer.from(header), Buffer.from(values.buffer)]));
  return stage.temporary(name);
}

/** Compresses what is open on a backend and returns the archive. */
async function archiveOn(backend, kind, amount) {
  await stage.runOn(backend);
  await stage.compress(kind, amount);
  return (await stage.saved('archive')).bytes;
}

test('archives made and opened on WebGPU are those of the CPU, byte for byte', async () => {
  await withPage(async () => {
    const cases = [
      [sample('gfs_t2m.npy'), 'abs', 0.05, ['--abs', '0.05']],
      [sample('gfs_t2m.npy'), 'lossless', undefined, ['--lossless']],
      [sample('gfs_t2m.npy'), 'rel', 5, ['--rel', '0.05']],
      [sample('coads_sst.nc'), 'rel', 0.5, ['--rel', '0.005']],
    ];
    for (const [path, kind, amount, bound] of cases) {
      await stage.opened(path);
      const onGpu = await archiveOn('webgpu', kind, amount);
      assert.match(await stage.text('#figures'), /Ran on\s+WebGPU \(.*\)/);
      assert.ok(await stage.page.locator('#message').isHidden(), await stage.text('#message').catch(() => ''));
      assert.doesNotMatch(await stage.text('#verdict'), /Do not use/);
      const onCpu = await archiveOn('cpu', kind, amount);
      assert.match(await stage.text('#figures'), /Ran on\s+(the CPU|\d CPU worker)/);
      assert.ok(onGpu.equals(onCpu), `${path} ${kind} ${amount}`);
      assert.ok(onCpu.equals(readFileSync(stage.archiveOf([path], 'native.dca', ...bound))), 'and those of the command line');
      writeFileSync(stage.temporary('made.dca'), onGpu);
      await stage.runOn('webgpu');
      await stage.choose(stage.temporary('made.dca'));
      assert.match(await stage.text('#verdict'), /^Certificate checked/);
      assert.match(await stage.text('#figures'), /Ran on\s+WebGPU/);
    }
  });
});

test('a field of 64 × 64 takes two seconds from the first press, the module of the GPU and its kernel included', async () => {
  await withPage(async () => {
    await stage.opened(field('small.npy', 1, 64, 64));
    await stage.runOn('webgpu');
    const start = performance.now();
    await stage.compress('abs', 0.05);
    const seconds = (performance.now() - start) / 1000;
    assert.match(await stage.text('#figures'), /Ran on\s+WebGPU/);
    const [, encode, unit] = /Encoding\s+([\d.]+) (m?s)/.exec(await stage.text('#figures'));
    console.log(`start to archive ${encode} ${unit}, decoded again on another worker and compared after ${seconds.toFixed(2)} s`);
    assert.ok((unit === 'ms' ? encode / 1000 : encode) < 4, 'two seconds on a machine that does nothing else; tests run on others too');
  });
});

test('whoever stays on the CPU never loads the module of the GPU', async () => {
  const requests = [];
  await withPage(async () => {
    assert.match(await stage.text('#backend-hint'), /^Here: .*; the GPU is only simulated here\. The archive is the same to the last byte\.$/);
    await stage.opened(field('wide.npy', 1, 8, 9000));
    await archiveOn('auto', 'abs', 0.05);
    assert.match(await stage.text('#figures'), /Ran on\s+\d+ CPU workers?/, 'chunks are shared among workers');
    assert.ok(!requests.some((url) => /gpu-worker/.test(url)));
    await archiveOn('webgpu', 'abs', 0.05);
    assert.ok(requests.some((url) => /gpu-worker/.test(url)));
  }, { requests });
});

/** Keeps hold of devices and counts what they are given to do. */
const COUNTING = `
  let submissions = 0, reads = 0;
  const devices = [];
  const { requestDevice } = GPUAdapter.prototype;
  GPUAdapter.prototype.requestDevice = async function (...wanted) { const device = await requestDevice.apply(this, wanted); devices.push(device); return device; };
  const { submit } = GPUQueue.prototype;
  const { getMappedRange } = GPUBuffer.prototype;
`;
const FAULTS = {
  'the device is destroyed in the middle': `${COUNTING} GPUQueue.prototype.submit = function (...work) { if (++submissions === AFTER) devices.forEach((d) => d.destroy()); return submit.apply(this, work); };`,
  'a number comes back with another bit': `${COUNTING} GPUBuffer.prototype.getMappedRange = function (...range) {
    const bytes = getMappedRange.apply(this, range);
    if (this.usage & GPUBufferUsage.MAP_READ && ++reads === AFTER) { const words = new Uint32Array(bytes); words[0] ^= 4; words[2] ^= 8; words[8] ^= 64; }
    return bytes;
  };`,
  'there is no adapter': 'GPU.prototype.requestAdapter = async () => null;',
  'there is no WebGPU in workers': 'Object.defineProperty(WorkerNavigator.prototype, "gpu", { value: undefined });',
  'the device is refused': 'GPUAdapter.prototype.requestDevice = async () => { throw new DOMException("out of memory", "OperationError"); };',
  'the module does not load': 'self.fetch = async () => { throw new TypeError("Failed to fetch"); }; WebAssembly.instantiateStreaming = undefined;',
};

test('whatever happens to the GPU, the CPU goes on with the same result, and the page says so once', async () => {
  const path = field('wide.npy', 1, 8, 9000);
  let expected;
  for (const [what, script] of Object.entries(FAULTS)) {
    for (const after of script.includes('AFTER') ? [1, 8, 16] : [1]) {
      await withPage(async () => {
        await stage.opened(path);
        expected ??= await archiveOn('cpu', 'abs', 0.02);
        await stage.runOn('webgpu');
        await stage.compress('abs', 0.02);
        const message = await stage.page.locator('#message').textContent();
        assert.ok((await stage.saved('archive')).bytes.equals(expected), `${what} (${after})`);
        assert.match(message, /^The CPU did the work, with the same result, because of the GPU: /, `${what} (${after})`);
        console.log(`${what} (${after}): ${message}`);
        assert.doesNotMatch(await stage.text('#verdict'), /Do not use/);
      }, { before: script.replaceAll('AFTER', after) });
    }
  }
});

test('a job on the GPU can be cancelled, and one after it works', async () => {
  await withPage(async () => {
    await stage.opened(field('long.npy', 40, 400, 600));
    await stage.runOn('webgpu');
    await stage.page.fill('#amount', '0.001');
    await stage.page.click('#compress');
    await stage.shows('#stage', '^Compressing · [1-9] s$');
    const clicked = performance.now();
    await stage.page.click('#cancel');
    await stage.shows('#message', 'Cancelled');
    assert.ok(performance.now() - clicked < 1500);
    await stage.opened(sample('gfs_t2m.npy'));
    const made = await archiveOn('webgpu', 'abs', 0.05);
    assert.ok(made.equals(readFileSync(stage.archiveOf([sample('gfs_t2m.npy')], 'after.dca', '--abs', '0.05'))));
  });
});
