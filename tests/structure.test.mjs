/** The structure check sees an arrow that is turned round, and a circle, in each language. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faults, readTree } from '../scripts/structure.mjs';

const tree = readTree();

/** What is wrong once a line is added to a file, or a file to the tree. */
function faultsWith(path, line) {
  return faults(new Map([...tree, [path, `${line}\n${tree.get(path) ?? ''}`]]));
}

test('the checkout is as docs/architecture.md says', () => assert.deepEqual(faults(tree), []));

const TURNED = [
  ['src/field/values.rs', 'use crate::archive::Archive;', 'src/archive/reader.rs'],
  ['src/network/engine/layer.rs', 'use crate::{codec::{entropy::Coder, OnCpu}, error};', 'src/codec/entropy/mod.rs'],
  ['src/codec/accelerator.rs', 'pub use super::methods::network::OnCpu;', 'src/codec/methods/network/on_cpu.rs'],
  ['src/codec/methods/repeats.rs', 'fn far() { crate::codec::encode::encode() }', 'src/codec/encode.rs'],
  ['crates/cli/src/main.rs', 'use deepcomp_gpu::Gpu;', 'crates/gpu/src/lib.rs'],
  ['pkg/error.ts', "import { open } from '../www/main.ts';", 'www/main.ts'],
  ['scripts/size.mjs', "import { pinned } from '../bench/run.mjs';", 'bench/run.mjs'],
];

for (const [path, line, reached] of TURNED) {
  test(`${path} may not import ${reached}`, () => {
    const wrong = faultsWith(path, line);
    assert.ok(wrong.some((fault) => fault.startsWith(`${path} imports ${reached}`)), wrong.join('\n'));
  });
}

const CIRCLES = [
  ['src/codec/lattice/sample.rs', 'use super::rule::Lattice;', 'src/codec/lattice/rule.rs'],
  ['pkg/error.ts', "import type { Progress } from './index.js';", 'pkg/index.ts'],
  ['bench/report/markdown.py', 'from report import pages', 'bench/report/pages.py'],
];

for (const [path, line, other] of CIRCLES) {
  test(`${path} and ${other} may not import each other`, () => {
    const wrong = faultsWith(path, line);
    assert.ok(wrong.some((fault) => fault.startsWith('a circle: ') && fault.includes(path) && fault.includes(other)), wrong.join('\n'));
  });
}

test('a file outside of all rooms is named', () => assert.ok(faultsWith('elsewhere/new.py', 'import os').includes('elsewhere/new.py lies in no room of docs/architecture.md')));

test('what tests alone import does not count', () => {
  const inTests = `${tree.get('src/limits.rs')}\n#[cfg(test)]\nmod tests {\n    use crate::archive::Archive;\n}\n`;
  assert.deepEqual(faults(new Map([...tree, ['src/limits.rs', inTests]])), faults(tree));
});
