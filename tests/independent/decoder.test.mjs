// Is docs/format.md enough to read an archive? The native CLI makes archives out of inputs written here, with the network and without, and
// extracts them again; the decoder of decoder.mjs, written from the document alone, must give the same bits. The CLI's path is in DEEPCOMP_CLI, by default
// target/debug/deepcomp of this repository. Run with `node --test tests/independent/`.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { CorruptArchive, CorruptModel, MissingModel, decodeArchive, readModel } from './decoder.mjs';
import { xxh3 } from './xxh3.mjs';

const ROOT = resolve(import.meta.dirname, '../..');
const CLI = process.env.DEEPCOMP_CLI ? resolve(process.env.DEEPCOMP_CLI) : join(ROOT, 'target/debug/deepcomp');
const SAMPLES = join(ROOT, 'samples');
const VECTORS = join(ROOT, 'tests/vectors/v0.4');

const readBytes = (path) => new Uint8Array(readFileSync(path));

// The model of the CLI and that of the vectors, by their hashes.
const MODEL_FILES = [join(ROOT, 'models/predictor.dcm'), join(VECTORS, 'tiny.dcm')];
const models = new Map(MODEL_FILES.map((path) => readModel(readBytes(path))).map((model) => [model.hash, model]));

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
const PREDICTORS = { network: [], classical: ['--model', 'none'] };

/** Compresses, extracts and decodes; every variable must agree bit by bit. Returns the decoded files. */
function compare(label, paths, options) {
  const archive = join(folder, `${label}.dca`);
  const out = join(folder, `${label}.out`);
  cli('compress', ...paths, '-o', archive, ...options);
  cli('extract', archive, '-C', out, '--as', 'npy', ...(models.size > 2 ? ['--models', join(folder, 'models')] : []), '--models', VECTORS);
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
  source.forEach((s, i) => {
    if (Object.is(values[i], s)) return;
    assert.ok(!Number.isNaN(values[i]) && !Number.isNaN(s), `${name}: NaN at ${i}`);
    const error = typeof s === 'bigint' ? Math.abs(Number(values[i] - s)) : Math.abs(values[i] - s);
    worst = Math.max(worst, error);
  });
  assert.ok(worst <= certificate.absoluteBound, `${name}: error ${worst} above the bound ${certificate.absoluteBound}`);
  assert.equal(certificate.maxError, worst, `${name}: largest error`);
}

/** Both comparisons, for inputs of one variable each. */
function compareInputs(label, inputs, kind, options) {
  const files = compare(label, writeInputs(label, inputs, kind), options);
  for (const { variables } of files) compareWithSource(variables[0], inputs[variables[0].name].array);
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

const BOUNDS = { lossless: ['--lossless'], abs: ['--abs', '0.05'], coarse: ['--abs', '3'], rel: ['--rel', '1e-4'] };

for (const [predictor, options] of Object.entries(PREDICTORS)) {
  const bounds = Object.entries(BOUNDS).filter(([name]) => predictor === 'classical' || name !== 'abs');

  describe(`arrays written here, ${predictor}`, () => {
    for (const kind of ['f4', 'f8', 'i2', 'u1', 'i4']) {
      for (const [boundName, bound] of bounds) {
        test(`${kind} ${boundName}`, () => {
          const inputs = makeInputs(kind, predictor === 'network' ? SMALL_SHAPES : SHAPES);
          compareInputs(`${kind}-${boundName}-${predictor}`, inputs, kind, [...bound, ...options]);
        });
      }
    }

    for (const kind of ['i1', 'u2', 'u4', 'i8', 'u8']) {
      test(`${kind} on fewer shapes`, () => {
        const inputs = makeInputs(kind, predictor === 'network' ? [[23, 31], [3, 9, 11]] : [[7], [25, 31], [3, 20, 20]]);
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
        if (large && predictor === 'network' && (sample.endsWith('.png') || boundName !== 'rel')) continue; // would take too long
        test(`${sample} ${boundName} ${predictor}`, () => {
          compare(`${sample}-${boundName}-${predictor}`, [join(SAMPLES, sample)], [...bound, ...options]);
        });
      }
    }
  }
});

describe('vectors of this version', () => {
  // Per line of the list: an archive and XXH3 of its decoded values.
  for (const line of readFileSync(join(VECTORS, 'values.xxh3'), 'utf8').trim().split('\n')) {
    const [name, expected] = line.split(' ');
    test(name, () => {
      const { files } = decodeArchive(readBytes(join(VECTORS, name)), { models });
      const values = Buffer.concat(files.flatMap(({ variables }) => variables.map((variable) => bytesOf(variable.values))));
      assert.equal(xxh3(new Uint8Array(values)).toString(16).padStart(16, '0'), expected);
    });
  }
});

/** A model file of small nets, with some of its parts replaced; the hash always fits. */
function modelBytes(parts) {
  const { magic, version, name, adaptive, inputs, hidden, second, kernels, shift, bias, weight, priors, extra } = {
    magic: 'DCM', version: 1, name: Buffer.from('made'), adaptive: 1, inputs: 47, hidden: 1, second: 1, kernels: 0, shift: 3, bias: 0,
    weight: 1, priors: 0, extra: 0, ...parts,
  };
  const layer = (from, to) => [
    ...new Array(to).fill(shift), ...new Array(to).fill(varint(bias)).flat(), ...new Array(from * to).fill(weight & 255),
  ];
  const net = [
    ...[inputs, hidden, second, kernels].flatMap(varint),
    ...layer(inputs, hidden), ...(kernels > 0 ? layer(inputs, kernels) : []), ...layer(hidden, second),
    ...layer(second, kernels > 0 ? 22 + kernels : 2),
  ];
  const body = Uint8Array.from([
    0x89, ...Buffer.from(magic), 13, 10, 26, 10, version, 0, ...varint(name.length), ...name, adaptive, ...net, ...net, ...net,
    ...varint(priors), ...new Array(32 * priors).fill(128), ...new Array(extra).fill(0),
  ]);
  const hash = Buffer.alloc(8);
  hash.writeBigUInt64LE(xxh3(body));
  return new Uint8Array(Buffer.concat([body, hash]));
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
    magic: { magic: 'DCA' }, version: { version: 2 }, 'length of the name': { name: Buffer.alloc(65, 'x') }, 'name that is no UTF-8': { name: [0xc0] },
    adaptive: { adaptive: 4 }, inputs: { inputs: 46 }, 'no hidden outputs': { hidden: 0 }, 'hidden outputs': { hidden: 513 },
    'no second outputs': { second: 0 }, 'second outputs': { second: 513 }, kernels: { kernels: 236 }, shift: { shift: 23 }, weight: { weight: -128 },
    bias: { bias: 2 ** 32, shift: 0 }, sum: { weight: 127, bias: LARGEST_BIAS + 2 }, 'negative sum': { weight: -127, bias: LARGEST_BIAS + 1 },
    priors: { priors: 2305 }, 'bytes left over': { extra: 1 },
  };

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
    const good = readBytes(MODEL_FILES[1]);
    for (let i = 0; i < good.length; i += i < 40 || i > good.length - 12 ? 1 : 4999) {
      const bad = good.slice();
      bad[i] ^= 1 << (i % 8);
      assert.throws(() => readModel(bad), CorruptModel, `byte ${i}`);
    }
    for (const n of [0, 7, 8, 15, 16, 40, good.length - 1]) assert.throws(() => readModel(good.subarray(0, n)), CorruptModel, `${n} bytes`);
  });

  test('an archive names its model', () => {
    const bytes = readBytes(join(VECTORS, 'network_row.dca'));
    const [other, own] = [...models.values()];
    for (const options of [undefined, {}, { models: new Map([[other.hash, other]]) }]) {
      assert.throws(() => decodeArchive(bytes, options), (error) => error instanceof MissingModel && error.hash === own.hash);
    }
    decodeArchive(bytes, { models: new Map([[own.hash, own]]) });
  });

  test('arrays coded with the models of this test', () => {
    mkdirSync(join(folder, 'models'));
    const random = randomNumbers(3);
    const [wide, series] = [[21, 24], [3, 13, 14]];
    const inputs = {
      smooth: { shape: wide, array: makeField('f4', wide, 'smooth', random) },
      alike: { shape: series, array: makeField('f4', series, 'alike', random) },
      holes: { shape: series, array: makeHoles('f4', series, 'oneNaN', random) },
    };
    for (const [name, parts] of Object.entries({ tiny: null, ...GOOD })) {
      const path = join(folder, 'models', `${name}.dcm`);
      const bytes = parts ? modelBytes(parts) : readBytes(MODEL_FILES[1]);
      const model = readModel(bytes);
      models.set(model.hash, model);
      writeFileSync(path, bytes);
      for (const bound of ['abs', 'lossless']) compareInputs(`made-${name}-${bound}`, inputs, 'f4', [...BOUNDS[bound], '--model', path]);
    }
  });
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
      // A record's kind, length and checksum are covered by nothing but the payload: chunks are found through the index.
      if (decodesQuietly(bad)) assert.ok(isChunkFraming(good, i), `flipping a bit of byte ${i} went unnoticed`);
    }
    for (const n of [0, 10, 39, good.length - 1]) assert.throws(() => decodeArchive(good.subarray(0, n), { models }), `${n} bytes`);
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

/** Is byte i of an archive with one chunk record (two bytes of length) outside the chunk's payload, before the index? */
function isChunkFraming(bytes, i) {
  const index = Number(new DataView(bytes.buffer).getBigUint64(bytes.length - 16, true));
  return i >= 24 && i < index && (i < 27 || i >= index - 4);
}
