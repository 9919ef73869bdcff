// Is docs/format.md enough to read an archive? The native CLI makes archives out of inputs written here, with the network and without, and
// extracts them again; the decoder of decoder.mjs, written from the document alone, must give the same bits. The CLI's path is in DEEPCOMP_CLI, by default
// target/debug/deepcomp of this repository; DEEPCOMP_TEST_MODEL names the model of the tests of base layers, which needs an autoencoder, by
// default models/deepcomp.dcm. Run with `node --test tests/independent/`.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { crc32, deflateSync, inflateRawSync } from 'node:zlib';
import { CorruptArchive, CorruptModel, MissingModel, decodeArchive, readModel, unpackIndex } from './decoder.mjs';
import { xxh3, xxh3Low } from './xxh3.mjs';

const ROOT = resolve(import.meta.dirname, '../..');
const CLI = process.env.DEEPCOMP_CLI ? resolve(process.env.DEEPCOMP_CLI) : join(ROOT, 'target/debug/deepcomp');
const SAMPLES = join(ROOT, 'samples');
const VECTORS = join(ROOT, 'tests/vectors/v1.0');
const BUILT_IN = join(ROOT, 'models/deepcomp.dcm'); // the model inside the CLI
const MODEL = process.env.DEEPCOMP_TEST_MODEL ? resolve(process.env.DEEPCOMP_TEST_MODEL) : BUILT_IN;
const TINY = join(VECTORS, 'tiny.dcm'); // the model of the vectors

const readBytes = (path) => new Uint8Array(readFileSync(path));

// All models by their hashes, and where the CLI finds them.
const models = new Map();
const modelPaths = [];
const tiny = addModel(TINY);
const builtIn = addModel(BUILT_IN);
const drawing = addModel(MODEL);

function addModel(path) {
  const model = readModel(readBytes(path));
  models.set(model.hash, model);
  modelPaths.push('--models', path);
  return model;
}

let folder;

before(() => {
  assert.ok(existsSync(CLI), `no deepcomp at ${CLI}: build it with \`cargo build -p deepcomp-cli\`, or name another in DEEPCOMP_CLI`);
  folder = mkdtempSync(join(tmpdir(), 'deepcomp-independent-'));
});

after(() => folder && rmSync(folder, { recursive: true }));

const cli = (...args) => execFileSync(CLI, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

// ------------------------------------------------------------------------------------------------------------------ NPY

const ARRAYS = {
  i1: Int8Array, u1: Uint8Array, i2: Int16Array, u2: Uint16Array, i4: Int32Array, u4: Uint32Array,
  i8: BigInt64Array, u8: BigUint64Array, f4: Float32Array, f8: Float64Array,
};

function npyBytes(descr, shape, data, fortran = false) {
  const tuple = `(${shape.join(', ')}${shape.length === 1 ? ',' : ''})`;
  const text = `{'descr': '${descr}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': ${tuple}, }`;
  const header = text.padEnd(64 * Math.ceil((text.length + 11) / 64) - 11) + '\n';
  const start = Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, header.length & 255, header.length >> 8]);
  return Buffer.concat([start, Buffer.from(header, 'latin1'), data]);
}

function readNpy(path) {
  const bytes = readFileSync(path);
  const wide = bytes[6] > 1;
  const at = wide ? 12 : 10;
  const end = at + (wide ? bytes.readUInt32LE(8) : bytes.readUInt16LE(8));
  const header = bytes.toString('latin1', at, end);
  const descr = /'descr': '([^']+)'/.exec(header)[1];
  const shape = /'shape': \(([^)]*)\)/.exec(header)[1].split(',').filter((n) => n.trim()).map(Number);
  const fortran = /'fortran_order': True/.test(header);
  const data = Buffer.from(bytes.subarray(end)); // a copy
  return { shape: fortran ? shape.reverse() : shape, data: descr[0] === '>' ? swapped(data, Number(descr.slice(2))) : data };
}

function swapped(data, size) {
  return { 1: () => data, 2: () => data.swap16(), 4: () => data.swap32(), 8: () => data.swap64() }[size]();
}

const bytesOf = (array) => Buffer.from(array.buffer, array.byteOffset, array.byteLength);

/** A PNG of three channels of 8 bits; value(channel, row, column). */
function pngBytes(width, height, value) {
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    return Buffer.concat([u32(data.length).reverse(), body, u32(crc32(body)).reverse()]);
  };
  const rows = Array.from({ length: height }, (_, y) => [0, ...Array.from({ length: 3 * width }, (_, i) => value(i % 3, y, Math.floor(i / 3)))]);
  const header = Buffer.concat([u32(width).reverse(), u32(height).reverse(), Buffer.from([8, 2, 0, 0, 0])]);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]),
    chunk('IHDR', header), chunk('IDAT', deflateSync(Buffer.from(rows.flat()))), chunk('IEND', Buffer.alloc(0)),
  ]);
}

// --------------------------------------------------------------------------------------------------------------- fields

/** Numbers in [0, 1), always the same (mulberry32). */
function randomNumbers(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const wave = (p, y, x) => Math.sin(y / 7 + p) * 40 + Math.cos(x / 11 - p / 3) * 30 + 50;

// Each gives the value of sample (plane, row, column); integer types round it.
const FIELDS = {
  smooth: () => wave,
  noisy: (random) => () => random() * 200,
  constant: () => () => 42.5,
  mostlyZeros: (random) => () => (random() < 0.93 ? 0 : random() * 90),
  fewLevels: (random) => (p, y, x) => Math.floor(wave(p, y, x) / 25) * 7.25 + (random() < 0.05 ? 14.5 : 0),
  manyLevels: (random) => () => Math.floor(random() ** 3 * 900) ** 2 / 64,
  alike: (random) => (p, y, x) => wave(0, 5 * y, 3 * x) + 20 * Math.sin(y * x) + random() + p / 4, // for references
  spiky: (random) => (p, y, x) => (random() < 0.03 ? (random() - 0.4) * 10 ** (1 + 4 * random()) : wave(p, y, x)),
  signs: (random) => (p, y, x) => 70 * Math.sin(y / 9) * Math.cos(x / 7 + p) * 2 ** (-6 * random()), // far apart as ordered integers
};

// Additions for the float types: NaN with one bit pattern, with a few, with many.
const HOLES = {
  oneNaN: (random, y, x) => (Math.sin(y / 4) + Math.cos(x / 5) + random() / 4 > 0.9 ? 0 : -1),
  threeNaNs: (random) => (random() < 0.2 ? Math.floor(random() * 3) : -1),
  manyNaNs: (random) => (random() < 0.3 ? Math.floor(random() * 2 ** 20) : -1),
  levelsNaN: (random, y, x) => (random() < 0.1 || y + x < 6 ? 0 : -1),
  levelsThreeNaNs: (random) => (random() < 0.2 ? Math.floor(random() * 3) : -1),
  levelsManyNaNs: (random) => (random() < 0.2 ? Math.floor(random() * 2 ** 20) : -1),
  allNaN: () => 0,
  allManyNaNs: (random) => Math.floor(random() * 2 ** 20),
};

const SHAPES = [[], [1], [7], [5, 9], [49, 77], [3, 40, 50], [2, 3, 20, 30], [1, 300], [4, 4], [2, 1, 17, 1, 33]];
const SMALL_SHAPES = [[5, 9], [26, 29], [3, 13, 20], [1, 120]]; // for the network, which takes its time

/** Calls set(i, p, y, x) for each value, in C order. */
function forEachSample(shape, set) {
  const [height, width] = [shape.at(-2) ?? 1, shape.at(-1) ?? 1];
  const count = shape.reduce((a, b) => a * b, 1);
  for (let i = 0; i < count; i++) set(i, Math.floor(i / (height * width)), Math.floor(i / width) % height, i % width);
}

function makeField(kind, shape, field, random) {
  const array = new ARRAYS[kind](shape.reduce((a, b) => a * b, 1));
  const value = FIELDS[field](random);
  forEachSample(shape, (i, p, y, x) => {
    const v = value(p, y, x);
    array[i] = kind[0] === 'f' ? v : kind[1] === '8' ? BigInt(Math.round(v * 1e6)) : Math.round(v);
  });
  return array;
}

/** A field with some values replaced by NaN of chosen payloads. */
function makeHoles(kind, shape, holes, random) {
  const array = makeField(kind, shape, holes.startsWith('levels') ? 'fewLevels' : 'smooth', random);
  const view = new DataView(array.buffer);
  forEachSample(shape, (i, p, y, x) => {
    const payload = HOLES[holes](random, y, x);
    if (payload < 0) return;
    if (kind === 'f4') view.setUint32(4 * i, 0x7fc00000 + payload, true);
    else view.setBigUint64(8 * i, 0x7ff8000000000000n + BigInt(payload) * 0x10001n, true);
  });
  return array;
}

/** All inputs of a data type: { name: { shape, array } }. */
function makeInputs(kind, shapes = SHAPES) {
  const random = randomNumbers(kind.charCodeAt(0) * 100 + kind.charCodeAt(1));
  const inputs = {};
  const put = (label, shape, array) => { inputs[`${label}_${shape.join('x') || 'scalar'}`] = { shape, array }; };
  for (const shape of shapes) {
    for (const field of Object.keys(FIELDS)) put(field, shape, makeField(kind, shape, field, random));
    if (kind[0] !== 'f') continue;
    for (const holes of Object.keys(HOLES)) put(holes, shape, makeHoles(kind, shape, holes, random));
  }
  return inputs;
}

/** Float arrays of arbitrary bit patterns, infinities and subnormals included; wide integers of arbitrary bits. */
function makeBitNoise(kind) {
  const random = randomNumbers(4711);
  const array = new ARRAYS[kind](1200);
  const bytes = bytesOf(array);
  for (let i = 0; i < bytes.length; i++) bytes[i] = random() * 256;
  return { shape: [30, 40], array };
}

// -------------------------------------------------------------------------------------------------------------- the test

// The predictor of the archives: the CLI's network where that pays, or none.
const PREDICTORS = { network: [], classical: ['--model', 'none'], fast: ['--level', 'fast'], max: ['--level', 'max'], 'max-classical': ['--level', 'max', '--model', 'none'] };

/** Compresses, extracts and decodes; every variable must agree bit by bit. Returns the decoded files. */
function compare(label, paths, options) {
  const archive = join(folder, `${label}.dca`);
  const out = join(folder, `${label}.out`);
  cli('compress', ...paths, '-o', archive, '--coarse', '--strict', ...options);
  cli('extract', archive, '-C', out, '--as', 'npy', ...modelPaths);
  const listed = JSON.parse(cli('list', archive, '--json'));
  const { version, files } = decodeArchive(readBytes(archive), { models }); // checks the checksums of frame, index, chunks and variables
  assert.equal(version, listed.format_version);
  assert.deepEqual(files.map((file) => file.name), paths.map((path) => basename(path)));
  for (const file of files) for (const variable of file.variables) compareVariable(out, file, variable, listed);
  if (options.includes('none')) assert.ok(listed.variables.every((variable) => !variable.model), 'the network was switched off');
  return files;
}

function compareVariable(out, file, variable, listed) {
  const stem = file.name.replace(/\.[^.]*$/, '');
  const name = file.variables.length === 1 ? `${stem}.npy` : `${stem}.${variable.name}.npy`;
  const { shape, data } = readNpy(join(out, name));
  assert.deepEqual(variable.shape, shape, `${name}: shape`);
  assertSameBits(bytesOf(variable.values), data, name, variable);
  const entry = listed.variables.find((v) => v.file === file.name && v.name === variable.name);
  assert.equal(variable.dataType, entry.data_type);
  assert.equal(variable.certificate.absoluteBound, entry.absolute_bound);
  assert.equal(variable.certificate.maxError, entry.max_abs_error);
  assert.equal(variable.certificate.missing, entry.missing);
  assert.equal(variable.certificate.meanError, entry.mean_error);
  assert.deepEqual(variable.certificate.kept, (entry.kept ?? []).map(({ value, count }) => [value, count]));
  assert.equal(variable.certificate.xxh3.toString(16).padStart(16, '0'), entry.checksum);
}

function assertSameBits(ours, theirs, name, { values }) {
  if (ours.equals(theirs)) return;
  const size = values.BYTES_PER_ELEMENT;
  assert.equal(ours.length, theirs.length, `${name}: number of bytes`);
  for (let i = 0; i < ours.length; i += size) {
    const [a, b] = [ours, theirs].map((bytes) => bytes.toString('hex', i, i + size));
    assert.equal(a, b, `${name}: first difference at value ${i / size}`);
  }
}

/** The decoder's values against the source: the bound holds, NaN have kept their bits, the certificate's error is the true one. */
function compareWithSource({ name, values, certificate }, source) {
  if (certificate.bound === 'lossless') return assertSameBits(bytesOf(values), bytesOf(source), name, { values });
  let worst = 0;
  const kept = new Set(certificate.kept.map(([value]) => value));
  const finite = Array.from(source, Number).filter(Number.isFinite);
  const [least, most] = [finite.reduce((a, b) => Math.min(a, b), Infinity), finite.reduce((a, b) => Math.max(a, b), -Infinity)];
  source.forEach((s, i) => {
    if (Object.is(values[i], s)) return;
    assert.ok(values[i] == s || !kept.has(Number(s)), `${name}: ${s} at ${i} was not kept`);
    assert.ok(values[i] >= least && values[i] <= most, `${name}: ${values[i]} at ${i} lies outside ${least} ... ${most}`);
    assert.ok(!Number.isNaN(values[i]) && !Number.isNaN(s), `${name}: NaN at ${i}`);
    const error = typeof s === 'bigint' ? Math.abs(Number(values[i] - s)) : Math.abs(values[i] - s);
    worst = Math.max(worst, error);
  });
  assert.ok(worst <= certificate.absoluteBound, `${name}: error ${worst} above the bound ${certificate.absoluteBound}`);
  assert.equal(certificate.maxError, worst, `${name}: largest error`);
}

/** Both comparisons, for inputs of one variable each. Returns the decoded variables. */
function compareInputs(label, inputs, kind, options) {
  const variables = compare(label, writeInputs(label, inputs, kind), options).map((file) => file.variables[0]);
  for (const variable of variables) compareWithSource(variable, inputs[variable.name].array);
  return variables;
}

function writeInputs(label, inputs, kind) {
  const directory = join(folder, label);
  mkdirSync(directory);
  const descr = (kind[1] === '1' ? '|' : '<') + kind;
  return Object.entries(inputs).map(([name, { shape, array }]) => {
    const path = join(directory, `${name}.npy`);
    writeFileSync(path, npyBytes(descr, shape, bytesOf(array)));
    return path;
  });
}

/** Those that take their time here get less to do. */
const isSlow = (predictor) => predictor === 'network' || predictor.startsWith('max');
const BOUNDS = { lossless: ['--lossless'], abs: ['--abs', '0.05'], coarse: ['--abs', '3'], rel: ['--rel', '1e-4'], stable: ['--rel', '3e-3', '--stable'], signs: ['--rel', '5e-3', '--keep', 'sign'] };

for (const [predictor, options] of Object.entries(PREDICTORS)) {
  const bounds = Object.entries(BOUNDS).filter(([name]) => (predictor === 'classical' || name !== 'abs') && (!predictor.startsWith('max') || ['lossless', 'rel', 'signs'].includes(name)));

  describe(`arrays written here, ${predictor}`, () => {
    for (const kind of ['f4', 'f8', 'i2', 'u1', 'i4']) {
      for (const [boundName, bound] of bounds) {
        test(`${kind} ${boundName}`, () => {
          const inputs = makeInputs(kind, isSlow(predictor) ? SMALL_SHAPES : SHAPES);
          compareInputs(`${kind}-${boundName}-${predictor}`, inputs, kind, [...bound, ...options]);
        });
      }
    }

    for (const kind of ['i1', 'u2', 'u4', 'i8', 'u8']) {
      test(`${kind} on fewer shapes`, () => {
        const inputs = makeInputs(kind, isSlow(predictor) ? [[23, 31], [3, 9, 11]] : [[7], [25, 31], [3, 20, 20]]);
        for (const [boundName, bound] of bounds) {
          compareInputs(`${kind}-${boundName}-${predictor}`, inputs, kind, [...bound, ...options]);
        }
      });
    }
  });
}

describe('other arrays written here', () => {
  test('arbitrary bits', () => {
    for (const kind of Object.keys(ARRAYS)) {
      const inputs = { bits: makeBitNoise(kind) };
      for (const [boundName, bound] of [['lossless', ['--lossless']], ['rel', ['--rel', '1e-3']]]) {
        const label = `bits-${kind}-${boundName}`;
        compare(label, writeInputs(label, inputs, kind), bound);
      }
    }
  });

  test('no values, Fortran order, big-endian', () => {
    const array = makeField('f4', [5, 6], 'smooth', randomNumbers(1));
    const files = {
      empty: npyBytes('<f4', [0], Buffer.alloc(0)),
      emptyPlanes: npyBytes('<i2', [3, 0, 5], Buffer.alloc(0)),
      fortran: npyBytes('<f4', [6, 5], bytesOf(array), true),
      big: npyBytes('>f4', [5, 6], Buffer.from(bytesOf(array)).swap32()),
    };
    const directory = join(folder, 'odd');
    mkdirSync(directory);
    const paths = Object.entries(files).map(([name, bytes]) => {
      writeFileSync(join(directory, `${name}.npy`), bytes);
      return join(directory, `${name}.npy`);
    });
    const decoded = compare('odd', paths, ['--lossless']);
    for (const i of [2, 3]) assertSameBits(bytesOf(decoded[i].variables[0].values), bytesOf(array), decoded[i].name, { values: array });
  });

  test('several chunks', () => {
    const random = randomNumbers(5);
    const inputs = {};
    // Tiles of this encoder hold about a million samples: these are cut along planes, rows and columns.
    for (const shape of [[5, 500, 600], [1300, 900], [1200000]]) {
      inputs[shape.join('x')] = { shape, array: makeField('u1', shape, shape.length === 2 ? 'smooth' : 'mostlyZeros', random) };
    }
    compareInputs('several', inputs, 'u1', ['--abs', '2', ...PREDICTORS.classical]);
  });
});

describe('committed samples', () => {
  const samples = readdirSync(SAMPLES).filter((name) => /\.(npy|nc|png)$/.test(name));
  for (const sample of samples) {
    const large = statSync(join(SAMPLES, sample)).size > 500000;
    for (const [boundName, bound] of Object.entries({ lossless: ['--lossless'], abs: ['--abs', '0.01'], rel: ['--rel', '0.01'] })) {
      for (const [predictor, options] of Object.entries(PREDICTORS)) {
        if (sample.endsWith('.png') && boundName === 'abs') continue; // no error of integers: lossless again
        if (large && isSlow(predictor) && (sample.endsWith('.png') || boundName !== 'rel' || predictor !== 'network')) continue; // would take too long
        test(`${sample} ${boundName} ${predictor}`, () => {
          compare(`${sample}-${boundName}-${predictor}`, [join(SAMPLES, sample)], [...bound, ...options]);
        });
      }
    }
  }
});

describe('vectors of this version', () => {
  // Per line of the list: an archive and XXH3 of the decoded values of its first variable.
  for (const line of readFileSync(join(VECTORS, 'values.xxh3'), 'utf8').trim().split('\n')) {
    const [name, expected] = line.split(' ');
    test(name, () => {
      const { files } = decodeArchive(readBytes(join(VECTORS, name)), { models });
      const [first] = files[0].variables;
      assert.equal(xxh3(new Uint8Array(bytesOf(first.values))).toString(16).padStart(16, '0'), expected);
    });
  }
});

test('a file that is kept whole', () => {
  const { files: [{ data, variables: [bytes] }] } = decodeArchive(readBytes(join(VECTORS, 'whole.dca')), { models });
  assert.equal(data, true);
  assert.equal(Buffer.from(bytes.values).toString(), 'lat,lon,t\n1.5,2,3\n2.5,3,4.25\n');
});

const LAYERED = 6; // filling

/** A model file of small nets, with some of its parts replaced; the hash always fits. `drawing` are parts of an autoencoder. */
function modelBytes(parts) {
  const { magic, version, name, adaptive, inputs, hidden, second, kernels, shift, bias, weight, priors, drawing, autoencoders, extra } = {
    magic: 'DCM', version: 2, name: Buffer.from('made'), adaptive: 1, inputs: 47, hidden: 1, second: 1, kernels: 0, shift: 3, bias: 0,
    weight: 1, priors: 0, drawing: null, autoencoders: parts.drawing ? 1 : 0, extra: 0, ...parts,
  };
  const layer = (from, to) => layerBytes(from, to, { shift, bias, weight: () => weight });
  const net = [
    ...[inputs, hidden, second, kernels].flatMap(varint),
    ...layer(inputs, hidden), ...(kernels > 0 ? layer(inputs, kernels) : []), ...layer(hidden, second),
    ...layer(second, kernels > 0 ? 22 + kernels : 2),
  ];
  const body = Uint8Array.from([
    0x89, ...Buffer.from(magic), 13, 10, 26, 10, version, 0, ...varint(name.length), ...name, adaptive, ...net, ...net, ...net,
    ...varint(priors), ...new Array(32 * priors).fill(128), ...varint(autoencoders), ...(drawing ? autoencoderBytes(drawing) : []),
    ...new Array(extra).fill(0),
  ]);
  return sealed(body);
}

function sealed(body) {
  const hash = Buffer.alloc(8);
  hash.writeBigUInt64LE(xxh3(body));
  return new Uint8Array(Buffer.concat([body, hash]));
}

function layerBytes(from, to, { shift, bias, weight }) {
  const weights = Array.from({ length: from * to }, () => weight() & 255);
  return [...new Array(to).fill(shift), ...new Array(to).fill(varint(bias)).flat(), ...weights];
}

/** Layers are of random weights; `layers` replaces shift, bias or weight of some, by name (those of blocks: of the last block). */
function autoencoderBytes(parts) {
  const { fine, coarse, latents, attend, radii, place, factor, priors, layers } = {
    fine: 16, coarse: 16, latents: 1, attend: 0, radii: [0, 0], place: null, factor: null, priors: 0, layers: {}, ...parts,
  };
  const random = randomNumbers(fine + 3 * latents + 5 * attend);
  const integer = (n) => Math.round((random() * 2 - 1) * n); // within -n ... n
  const layer = (name, from, to, last = true) => {
    const largest = Math.min(Math.floor(6000 / from), 127);
    const usual = { shift: Math.max(Math.floor(Math.log2(largest * Math.sqrt(from))) - 1, 0), bias: 0, weight: () => integer(largest) };
    return layerBytes(from, to, { ...usual, ...(last ? layers[name] : {}) });
  };
  const block = (channels, radius, last) => {
    const heads = Math.floor(channels / 16);
    const places = Array.from({ length: heads * (2 * radius + 1) ** 2 }, () => varint(place ?? Math.floor(random() * 200))).flat();
    const three = ['query', 'key', 'value'].flatMap((name) => layer(name, channels, channels, last));
    const attention = attend ? [...three, ...places, ...layer('output', channels, channels, last)] : [];
    return [...attention, ...layer('widen', channels, 2 * channels, last), ...layer('narrow', 2 * channels, channels, last)];
  };
  return [
    ...[fine, coarse, latents, attend, ...radii].flatMap(varint),
    ...layer('embed', 256, fine), ...block(fine, radii[0], false), ...layer('merge', 4 * fine, coarse), ...block(coarse, radii[1], false),
    ...layer('latents', coarse, latents), ...layer('open', latents, coarse), ...block(coarse, radii[1], false), ...layer('split', coarse, 4 * fine),
    ...block(fine, radii[0], true), ...layer('synthesis', fine, 256),
    ...Array.from({ length: 4 * latents }, () => (factor ?? integer(20)) & 255),
    ...varint(priors), ...Array.from({ length: 32 * priors }, () => 60 + Math.floor(random() * 136)),
  ];
}

function varint(n) {
  return n < 128 ? [n] : [(n % 128) + 128, ...varint(Math.floor(n / 128))];
}

describe('models', () => {
  const LARGEST_BIAS = 2 * (2 ** 23 - 1 - 47 * 127 * 1023); // of weights of 127, as zigzag

  const GOOD = {
    plain: {}, adaptive: { adaptive: 0 }, unsighted: { adaptive: 3 }, kernels: { kernels: 235 }, wide: { hidden: 512, second: 2 }, shift: { shift: 22 }, priors: { priors: 2304 },
    name: { name: Buffer.alloc(64, 'x') }, sum: { weight: 127, bias: LARGEST_BIAS }, 'negative sum': { weight: -127, bias: LARGEST_BIAS - 1 },
  };
  const BAD = {
    magic: { magic: 'DCA' }, version: { version: 1 }, 'later version': { version: 3 },
    'length of the name': { name: Buffer.alloc(65, 'x') }, 'name that is no UTF-8': { name: [0xc0] },
    adaptive: { adaptive: 4 }, inputs: { inputs: 46 }, 'no hidden outputs': { hidden: 0 }, 'hidden outputs': { hidden: 513 },
    'no second outputs': { second: 0 }, 'second outputs': { second: 513 }, kernels: { kernels: 236 }, shift: { shift: 23 }, weight: { weight: -128 },
    bias: { bias: 2 ** 32, shift: 0 }, sum: { weight: 127, bias: LARGEST_BIAS + 2 }, 'negative sum': { weight: -127, bias: LARGEST_BIAS + 1 },
    priors: { priors: 2305 }, 'bytes left over': { extra: 1 }, autoencoders: { autoencoders: 1 },
  };

  const LARGEST_OF_OPEN = 2 * (2 ** 23 - 1 - 127); // bias beside one weight of 1
  const one = () => 1;
  const GOOD_DRAWING = {
    plain: {}, attending: { attend: 1, radii: [1, 2], fine: 32, coarse: 48, latents: 5, priors: 80 }, 'radii that do not count': { radii: [4, 4] },
    'largest radii': { attend: 1, radii: [4, 4] }, latents: { latents: 64, priors: 1024 }, places: { attend: 1, radii: [1, 1], place: 65534 },
    'low places': { attend: 1, radii: [1, 0], place: 65533 }, 'low factors': { factor: -128 }, 'high factors': { factor: 127 },
    sum: { layers: { embed: { weight: () => 32 } } }, bias: { layers: { open: { bias: LARGEST_OF_OPEN, weight: one } } },
    shift: { layers: { synthesis: { shift: 22 } } },
  };
  const BAD_DRAWING = {
    'no fine channels': { fine: 0 }, 'fine channels': { fine: 24 }, 'many fine channels': { fine: 528 }, 'coarse channels': { coarse: 8 },
    'many coarse channels': { coarse: 528 }, 'no latents': { latents: 0 }, latents: { latents: 65 }, attend: { attend: 2 },
    'fine radius': { radii: [5, 0] }, 'coarse radius': { radii: [0, 5] }, places: { attend: 1, place: 65536 }, 'low places': { attend: 1, place: 65535 }, priors: { priors: 17 },
    sum: { layers: { embed: { weight: () => 33 } } }, bias: { layers: { open: { bias: LARGEST_OF_OPEN + 2, weight: one } } },
    shift: { layers: { synthesis: { shift: 23 } } }, weight: { layers: { narrow: { weight: () => -128 } } },
  };
  for (const [name, drawing] of Object.entries(GOOD_DRAWING)) GOOD[`drawing, ${name}`] = { drawing };
  for (const [name, drawing] of Object.entries(BAD_DRAWING)) BAD[`drawing, ${name}`] = { drawing };
  GOOD['drawing, unsighted'] = { adaptive: 3, kernels: 4, drawing: {} };
  GOOD['drawing, not adaptive'] = { adaptive: 0, kernels: 2, drawing: { attend: 1, radii: [2, 1] } };
  BAD['drawing, bytes left over'] = { drawing: {}, extra: 1 };
  BAD['two autoencoders'] = { drawing: {}, autoencoders: 2 };

  /** Does the CLI take the model too? */
  function cliTakes(bytes) {
    const path = join(folder, 'made.dcm');
    writeFileSync(path, bytes);
    const [input] = existsSync(join(folder, 'made')) ? [join(folder, 'made', 'field.npy')] : writeInputs('made', { field: makeSmall() }, 'f4');
    try {
      cli('compress', input, '-o', join(folder, 'made.dca'), '--abs', '0.1', '--model', path);
      return true;
    } catch {
      return false;
    }
  }

  const makeSmall = () => ({ shape: [9, 11], array: makeField('f4', [9, 11], 'smooth', randomNumbers(2)) });

  for (const [name, parts] of Object.entries(GOOD)) {
    test(`taken: ${name}`, () => {
      const bytes = modelBytes(parts);
      assert.equal(readModel(bytes).nets.length, 3);
      assert.ok(cliTakes(bytes), 'the CLI refuses it');
    });
  }

  for (const [name, parts] of Object.entries(BAD)) {
    test(`refused: ${name}`, () => {
      const bytes = modelBytes(parts);
      assert.throws(() => readModel(bytes), CorruptModel);
      assert.ok(!cliTakes(bytes), 'the CLI takes it');
    });
  }

  test('damaged files are refused', () => {
    const good = readBytes(TINY);
    for (let i = 0; i < good.length; i += i < 40 || i > good.length - 12 ? 1 : 4999) {
      const bad = good.slice();
      bad[i] ^= 1 << (i % 8);
      assert.throws(() => readModel(bad), CorruptModel, `byte ${i}`);
    }
    for (const n of [0, 7, 8, 15, 16, 40, good.length - 1]) assert.throws(() => readModel(good.subarray(0, n)), CorruptModel, `${n} bytes`);
  });

  test('files that are cut are refused, even if the hash fits', () => {
    const good = modelBytes({ drawing: { attend: 1, radii: [1, 1], latents: 2, priors: 2 } });
    for (let n = 0; n < good.length - 8; n += n < 200 ? 1 : 97) {
      assert.throws(() => readModel(sealed(good.subarray(0, n))), CorruptModel, `${n} bytes`);
    }
  });

  test('an archive names its model', () => {
    const bytes = readBytes(join(VECTORS, 'network_row.dca'));
    const [other, own] = [builtIn, tiny];
    for (const options of [undefined, {}, { models: new Map([[other.hash, other]]) }]) {
      assert.throws(() => decodeArchive(bytes, options), (error) => error instanceof MissingModel && error.hash === own.hash);
    }
    decodeArchive(bytes, { models: new Map([[own.hash, own]]) });
  });

  test('arrays coded with the models of this test', () => {
    const random = randomNumbers(3);
    const [wide, series] = [[21, 24], [3, 13, 14]];
    const inputs = {
      smooth: { shape: wide, array: makeField('f4', wide, 'smooth', random) },
      alike: { shape: series, array: makeField('f4', series, 'alike', random) },
      holes: { shape: series, array: makeHoles('f4', series, 'oneNaN', random) },
    };
    for (const [name, parts] of Object.entries({ tiny: null, ...GOOD })) {
      const path = join(folder, `${name}.dcm`);
      writeFileSync(path, parts ? modelBytes(parts) : readBytes(TINY));
      const { autoencoder } = addModel(path);
      for (const bound of ['abs', 'lossless']) {
        const options = [...BOUNDS[bound], '--model', path, ...(autoencoder ? ALWAYS : [])];
        const variables = compareInputs(`made-${name}-${bound}`, inputs, 'f4', options);
        if (autoencoder) assertLayered(variables);
      }
    }
  });
});

// ---------------------------------------------------------------------------------------------------------- base layers

const ALWAYS = ['--base', 'always'];

/** The encoder takes other methods where those are much better, and never draws planes of fewer than 256 samples. */
function assertLayered(variables) {
  const layered = variables.filter(({ fillings }) => fillings.includes(LAYERED));
  assert.ok(2 * layered.length >= variables.length, `layered: ${layered.map(({ name }) => name)} of ${variables.map(({ name }) => name)}`);
}

describe('base layers', () => {
  const options = [...ALWAYS, '--model', MODEL];

  before(() => assert.ok(drawing.autoencoder, `${MODEL} has no autoencoder: name a model that has in DEEPCOMP_TEST_MODEL`));

  // Sizes around multiples of 8 and of 16, a series, rows.
  const FIELD_SHAPES = [[40, 48], [37, 53], [17, 33], [32, 31], [5, 26, 31], [2, 72, 24], [1, 300]];
  const fields = (kind, names, holes = []) => {
    const random = randomNumbers(kind.charCodeAt(0) + 77);
    const inputs = {};
    for (const shape of FIELD_SHAPES) {
      for (const field of names) inputs[`${field}_${shape.join('x')}`] = { shape, array: makeField(kind, shape, field, random) };
      for (const hole of holes) inputs[`${hole}_${shape.join('x')}`] = { shape, array: makeHoles(kind, shape, hole, random) };
    }
    return inputs;
  };

  for (const [boundName, bound] of Object.entries({ ...BOUNDS, rel: ['--rel', '0.1'] })) {
    test(`f4 ${boundName}`, () => {
      assertLayered(compareInputs(`base-f4-${boundName}`, fields('f4', ['smooth', 'alike'], ['oneNaN', 'threeNaNs']), 'f4', [...bound, ...options]));
    });
    for (const kind of ['i2', 'f8']) {
      test(`${kind} ${boundName}`, () => {
        assertLayered(compareInputs(`base-${kind}-${boundName}`, fields(kind, ['smooth']), kind, [...bound, ...options]));
      });
    }
  }

  test('u1', () => { // never layered where each byte is kept
    assertLayered(compareInputs('base-u1', fields('u1', ['smooth']), 'u1', [...BOUNDS.coarse, ...options]));
    compareInputs('base-u1-lossless', fields('u1', ['smooth']), 'u1', [...BOUNDS.lossless, ...options]);
  });

  test('a row', () => {
    const array = makeField('f4', [300], 'smooth', randomNumbers(8));
    for (const bound of ['abs', 'lossless']) {
      assertLayered(compareInputs(`base-row-${bound}`, { row: { shape: [300], array } }, 'f4', [...BOUNDS[bound], ...options]));
    }
  });

  test('planes of which some hold nothing', () => {
    const shape = [6, 20, 24];
    const array = makeField('f4', shape, 'alike', randomNumbers(12));
    array.fill(NaN, 0, 480); // of plane 0
    array.fill(7, 2 * 480, 3 * 480);
    array.fill(NaN, 4 * 480, 5 * 480);
    for (const bound of ['abs', 'lossless']) {
      assertLayered(compareInputs(`base-some-${bound}`, { series: { shape, array } }, 'f4', [...BOUNDS[bound], ...options]));
    }
  });

  test('columns that go around', () => {
    const shape = [3, 32, 64];
    const array = new Float32Array(3 * 32 * 64);
    const turn = Math.PI / 32;
    forEachSample(shape, (i, p, y, x) => { array[i] = 50 * Math.sin(y / 9 + p) * Math.cos(2 * x * turn) + 9 * Math.sin(x * turn + p); });
    for (const bound of ['abs', 'coarse']) {
      assertLayered(compareInputs(`base-around-${bound}`, { around: { shape, array } }, 'f4', [...BOUNDS[bound], ...options]));
    }
  });

  test('a picture', () => {
    const path = join(folder, 'picture.png');
    writeFileSync(path, pngBytes(48, 40, (c, y, x) => Math.round(128 + 60 * Math.sin(y / 9) + 50 * Math.cos(x / 13 + c / 20))));
    compare('base-picture-lossless', [path], ['--lossless', ...options]);
    assertLayered(compare('base-picture', [path], ['--rel', '0.02', ...options])[0].variables);
  });

  describe('damaged', () => {
    let archive;
    let parts;

    before(() => {
      const array = makeField('f4', [30, 34], 'smooth', randomNumbers(10));
      const [path] = writeInputs('base-damaged', { field: { shape: [30, 34], array } }, 'f4');
      cli('compress', path, '-o', join(folder, 'base.dca'), '--abs', '0.1', ...options);
      archive = readBytes(join(folder, 'base.dca'));
      parts = layeredParts(payloadOf(archive));
    });

    const cliRefuses = (bytes) => {
      const path = join(folder, 'forged.dca');
      writeFileSync(path, bytes);
      try {
        cli('extract', path, '-C', join(folder, 'forged'), '--force', ...modelPaths);
        return false;
      } catch (error) {
        return error.status === 1 || error.status === 2; // and no crash
      }
    };

    /** An archive of parts of which some are replaced. */
    const forged = (changes) => forge(archive, layeredPayload({ ...parts, ...changes(parts) }));

    test('nothing changed', () => {
      assert.deepEqual(layeredPayload(parts), payloadOf(archive));
      const bytes = forged(() => ({}));
      decodeArchive(bytes, { models });
      assert.ok(!cliRefuses(bytes));
    });

    const empty = Buffer.from([0, 0, 1, 0, 0, 0, 1, 0]); // a stream without steps
    const BAD = {
      'filling 13': [() => ({ filling: 13 }), /filling/],
      'filling 12': [() => ({ filling: 12 }), /./],
      'filling 11': [() => ({ filling: 11 }), /./],
      'filling 9': [() => ({ filling: 9 }), /./],
      'filling 8': [() => ({ filling: 8 }), /narrow/],
      'filling 7': [() => ({ filling: 7 }), /LZMA/],
      'filling 5': [() => ({ filling: 5 }), /./],
      'a unit of 25': [() => ({ look: [25, ...varint(0)] }), /unit/],
      'a unit of 255': [() => ({ look: [255, ...varint(0)] }), /unit/],
      'another unit': [({ look }) => ({ look: [look[0] === 0 ? 24 : 0, ...look.slice(1)] }), /./],
      'the largest unit': [({ look }) => ({ look: [24, ...look.slice(1)] }), /./],
      'another middle': [({ look }) => ({ look: [look[0], ...varint(2 ** 32 - 1)] }), /./],
      'a middle of 2^32': [({ look }) => ({ look: [look[0], ...varint(2 ** 32)] }), /out of range/],
      'no stream': [() => ({ stream: [] }), /length of a stream/],
      'a stream of no steps': [() => ({ stream: empty }), /./],
      'a stream cut by a byte': [({ stream }) => ({ stream: stream.subarray(0, -1) }), /length of a stream/],
      'a stream cut by a word': [({ stream }) => ({ stream: stream.subarray(0, -2) }), /./],
      'a stream cut among the latents': [({ stream }) => ({ stream: stream.subarray(0, 10) }), /./],
      'a stream and more': [({ stream }) => ({ stream: [...stream, 0, 0] }), /end as it must/],
      'a stream past the end': [({ stream }) => ({ stream, length: 100000 }), /out of range/],
      'a shorter length': [({ stream }) => ({ stream, length: stream.length - 2 }), /./],
    };

    for (const [name, [changes, message]] of Object.entries(BAD)) {
      test(name, () => {
        const bytes = forged(changes);
        assert.throws(() => decodeArchive(bytes, { models }), (error) => error instanceof CorruptArchive && message.test(error.message));
        assert.ok(cliRefuses(bytes), 'the CLI takes it');
      });
    }

    test('cut or flipped anywhere', () => {
      const good = payloadOf(archive);
      for (let n = 0; n < good.length; n += n < 60 ? 1 : 13) {
        const bad = good.slice();
        bad[n] ^= 1 << (n % 8);
        for (const payload of [good.subarray(0, n), bad]) {
          // Low bits of the numbers of a lattice may not matter, nor do references of a single plane.
          const decode = () => decodeArchive(forge(archive, payload), { models });
          if (decodesTo(decode, archive)) assert.ok(payload === bad && n < parts.at, `byte ${n}`);
        }
      }
    });

    test('a model without an autoencoder', () => {
      const path = join(folder, 'no-autoencoder.dcm');
      writeFileSync(path, modelBytes({ name: Buffer.from('nothing to draw with') }));
      const other = addModel(path);
      const bytes = forge(archive, payloadOf(archive), (cbor) => replaced(cbor, named(drawing), named(other)));
      assert.throws(() => decodeArchive(bytes, { models }), (error) => error instanceof CorruptArchive && /autoencoder/.test(error.message));
      assert.ok(cliRefuses(bytes), 'the CLI takes it');
    });

    test('no model named', () => {
      const bytes = forge(archive, payloadOf(archive), (cbor) => replaced(cbor, named(drawing), Buffer.from(named(drawing)).fill(15, 0, 1)));
      assert.throws(() => decodeArchive(bytes, { models }), (error) => error instanceof CorruptArchive && /without a model/.test(error.message));
      assert.ok(cliRefuses(bytes), 'the CLI takes it');
    });

    test('the model is not there', () => {
      for (const given of [{}, { models: new Map([[tiny.hash, tiny]]) }]) {
        assert.throws(() => decodeArchive(archive, given), (error) => error instanceof MissingModel && error.hash === drawing.hash);
      }
    });
  });
});

/** Does it decode? If so, then to what the archive decodes to; if not, with the error of damage. */
function decodesTo(decode, archive) {
  try {
    const [ours, theirs] = [decode(), decodeArchive(archive, { models })].map(({ files }) => bytesOf(files[0].variables[0].values));
    assert.ok(ours.equals(theirs), 'wrong values');
    return true;
  } catch (error) {
    if (!(error instanceof CorruptArchive)) throw error;
    return false;
  }
}

/** The payload of the only chunk. */
function payloadOf(archive) {
  return frameOf(archive).payload;
}

function readVarint(bytes, at) {
  let value = 0;
  for (let unit = 1; ; unit *= 128) {
    value += (bytes[at] % 128) * unit;
    if (bytes[at++] < 128) return [value, at];
  }
}

/** A layered payload of one plane, a scaled lattice, nothing missing, no mapping and no references, in parts. */
function layeredParts(payload) {
  assert.deepEqual([...payload.subarray(0, 2)], [LAYERED, 0], 'filling and lattice');
  const [quantum, afterQuantum] = readVarint(payload, 18);
  const at = quantum > 1 ? readVarint(payload, afterQuantum)[1] : afterQuantum;
  assert.deepEqual([payload[at], payload[at + 1], payload[at + 2] % 4], [0, 0, 0], 'missing, mapping and references');
  const afterMiddle = readVarint(payload, at + 4)[1];
  const [length, start] = readVarint(payload, afterMiddle);
  return {
    filling: LAYERED, head: payload.subarray(1, at + 3), look: [...payload.subarray(at + 3, afterMiddle)], at: at + 3,
    stream: payload.subarray(start, start + length), rest: payload.subarray(start + length),
  };
}

function layeredPayload({ filling, head, look, stream, length = stream.length, rest }) {
  return Uint8Array.from([filling, ...head, ...look, ...varint(length), ...stream, ...rest]);
}

/** The archive with another payload of its only chunk, and perhaps another index. */
function forge(archive, payload, change = (cbor) => cbor) {
  const { offset, frame, valuesSum } = frameOf(archive);
  const cbor = Buffer.from(unpackIndex(indexOf(archive).payload));
  const sealed = (bytes) => Buffer.concat([bytes, u32(xxh3Low(new Uint8Array(bytes)))]);
  const guarded = (head) => Buffer.concat([head, u32(xxh3Low(new Uint8Array(head))).subarray(0, 2)]);
  const record = (kind, bytes) => sealed(Buffer.concat([guarded(Buffer.from([0xdc, kind, ...varint(bytes.length)])), bytes]));
  const own = sealed(Buffer.concat([Buffer.from([0xd1, 0]), u32(valuesSum), payload]));
  const chunk = record(1, Buffer.concat([Buffer.from([0]), own]));
  const place = 24 + chunk.length - 4 - own.length;
  const table = (start, length) => {
    const bytes = Buffer.from([...varint(2 * start), ...varint(length)]);
    return Buffer.concat([Buffer.from([0x40 + bytes.length]), bytes]);
  };
  const body = Buffer.concat([Buffer.from([0]), change(replaced(cbor, table(offset, frame.length), table(place, own.length)))]);
  const front = Buffer.concat([archive.subarray(0, 24), chunk]);
  const at = Buffer.alloc(8);
  at.writeUInt32LE(front.length);
  return new Uint8Array(Buffer.concat([front, record(5, body), at, Buffer.from('dca.')]));
}

/** The index record of an archive. */
function indexOf(archive) {
  const start = Number(new DataView(archive.buffer, archive.byteOffset).getBigUint64(archive.length - 12, true));
  const [length, at] = readVarint(archive, start + 2);
  return { start, payload: archive.subarray(at + 2, at + 2 + length) };
}

/** The frame in the first record of an archive, which has no header. */
function frameOf(archive) {
  const [length, at] = readVarint(archive, 26);
  const frame = archive.subarray(at + 3, at + 2 + length);
  return { offset: at + 3, frame, payload: frame.slice(6, -4), valuesSum: new DataView(frame.buffer, frame.byteOffset).getUint32(2, true) };
}

function u32(n) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(n);
  return bytes;
}

/** Key 4 of a section, in CBOR. */
function named({ hash }) {
  const bytes = Buffer.from([4, 27, 0, 0, 0, 0, 0, 0, 0, 0]);
  bytes.writeBigUInt64BE(hash, 2);
  return bytes;
}

function replaced(bytes, old, by) {
  const at = bytes.indexOf(old);
  assert.ok(at >= 0 && bytes.indexOf(old, at + 1) < 0, 'to be found once');
  return Buffer.concat([bytes.subarray(0, at), by, bytes.subarray(at + old.length)]);
}

const ECCODES = '/usr/share/eccodes/samples';

describe('places of grids', { skip: existsSync(ECCODES) ? false : 'no sample files of eccodes' }, () => {
  const conic = 'Ni=16,Nj=31,latitudeOfFirstGridPoint=20000000,longitudeOfFirstGridPoint=240000000';
  const lambert = `gridType=lambert,Nx=16,Ny=31,latitudeOfFirstGridPoint=20000000,longitudeOfFirstGridPoint=240000000,LoV=262000000,Latin1=30000000,Latin2=50000000,DxInMetres=60000,DyInMetres=50000,scanningMode=64`;
  const mercator = `gridType=mercator,${conic},LaD=20000000,latitudeOfLastGridPoint=30000000,longitudeOfLastGridPoint=250000000,Di=20000000,Dj=20000000,scanningMode=64,shapeOfTheEarth=5`;
  const cases = [
    ['rotated_ll_sfc_grib1', ''], ['rotated_ll_pl_grib2', 'latitudeOfSouthernPole=-40000000,longitudeOfSouthernPole=10000000'], ['regular_gg_pl_grib2', ''],
    ['reduced_gg_sfc_grib1', ''], ['reduced_gg_pl_160_grib2', ''], ['reduced_ll_sfc_grib2', ''], ['reduced_rotated_gg_sfc_grib1', ''], ['polar_stereographic_pl_grib1', ''], ['polar_stereographic_pl_grib2', ''],
    ['polar_stereographic_pl_grib2', 'projectionCentreFlag=128,LaD=-90000000,shapeOfTheEarth=4,latitudeOfFirstGridPoint=-60000000'], ['regular_ll_pl_grib2', mercator],
    ['regular_ll_pl_grib2', lambert], ['regular_ll_pl_grib2', `${lambert},shapeOfTheEarth=4`], ['regular_ll_pl_grib2', `${lambert},Latin2=30000000`],
  ];
  for (const [sample, settings] of cases) {
    test(`${sample} ${settings}`, () => {
      const path = join(folder, `${sample}-${cases.findIndex((c) => c[1] === settings && c[0] === sample)}.grib`);
      if (settings) execFileSync('grib_set', ['-s', settings, join(ECCODES, `${sample}.tmpl`), path]);
      else writeFileSync(path, readFileSync(join(ECCODES, `${sample}.tmpl`)));
      const [{ variables }] = compare(basename(path), [path], ['--lossless', '--model', 'none']);
      assert.ok(variables.filter(({ fillings }) => fillings.length === 0).length >= 2, 'positions are not stored');
    });
  }
});

describe('the decoder itself', () => {
  test('XXH3 of the reference implementation', () => {
    const bytes = (n) => Uint8Array.from({ length: n }, (_, i) => i * 7 + 3);
    const expected = {
      0: 0x2d06800538d394c2n, 1: 0x13e608bc156defedn, 3: 0xa9088dda485b481cn, 4: 0x6d9253b16c8b1ed3n, 8: 0x60539db630471163n,
      9: 0xfeff668361d723a8n, 16: 0xb8c859b0f030b585n, 17: 0x714a04408e79b80fn, 33: 0x3e44983ad21679c8n, 65:
      0x829218de4d798646n, 97: 0x1daa83271a8e7b7cn, 128: 0x67425a03650261bfn, 129: 0xc664bf3311c6abc4n, 144:
      0x606a17fa700bb932n, 240: 0x64556dc6b462a6cfn, 241: 0x8beadd3a8874fe17n, 1024: 0x9b81661c641c72b1n, 1025:
      0x806c2072ed713576n, 2049: 0x55aed42c9f1554b6n, 5000: 0x799aaddd7339581dn,
    };
    for (const [n, hash] of Object.entries(expected)) assert.equal(xxh3(bytes(Number(n))), hash, `${n} bytes`);
  });

  test('archives of other versions are refused', () => {
    const gone = join(dirname(VECTORS), 'gone');
    const files = readdirSync(gone);
    assert.ok(files.length >= 3);
    for (const file of files) {
      const bytes = readBytes(join(gone, file));
      assert.throws(() => decodeArchive(bytes, { models }), (error) => error instanceof CorruptArchive && /version/.test(error.message));
    }
  });

  test('damage is found', () => {
    const array = makeField('f4', [20, 30], 'smooth', randomNumbers(9));
    const [path] = writeInputs('damage', { field: { shape: [20, 30], array } }, 'f4');
    const archive = join(folder, 'damage.dca');
    cli('compress', path, '-o', archive, '--abs', '0.1');
    const good = readBytes(archive);
    decodeArchive(good, { models });
    for (let i = 0; i < good.length; i++) {
      const bad = good.slice();
      bad[i] ^= 1 << (i % 8);
      // The record around a frame is for those who lost the index, through which frames are found.
      if (decodesQuietly(bad)) assert.ok(isChunkFraming(good, i), `flipping a bit of byte ${i} went unnoticed`);
    }
    for (const n of [0, 10, 35, good.length - 1]) assert.throws(() => decodeArchive(good.subarray(0, n), { models }), `${n} bytes`);
  });
});

function decodesQuietly(bytes) {
  try {
    decodeArchive(bytes, { models });
    return true;
  } catch (error) {
    assert.ok(error instanceof CorruptArchive || error.code?.startsWith('Z_') || error.code === 'ERR_BUFFER_TOO_LARGE', String(error.stack));
    return false;
  }
}

/** Is byte i in the record around the only frame, but not in that, before the index? */
function isChunkFraming(bytes, i) {
  const { offset, frame } = frameOf(bytes);
  return i >= 24 && i < indexOf(bytes).start && (i < offset || i >= offset + frame.length);
}
