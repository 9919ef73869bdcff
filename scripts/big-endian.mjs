/**
 * `npm run big-endian -- [test files…]`: runs the tests of the core on an emulated big-endian processor; all but the few of LEFT_OUT when nothing is said.
 *
 * Among them tests/compat.rs decodes the vectors and compares archives that are written here with the checksums of those that little-endian processors write.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { CommandFailed, ROOT, counted, ensureBigEndian, ensureFieldTools, ensureRust, main } from './tools.mjs';

/** Tests that would take most of the time where every instruction is emulated, and what says the same in less. */
const LEFT_OUT = {
  a_wrong_answer_never_reaches_the_archive_nor_the_values: 'sixty archives with the network; one that is right changes nothing, tested beside it, passes the same numbers',
  an_archive_made_variable_by_variable_and_taken_in_parts_is_the_same: 'megabytes six times over; variables are read one by one in the tests beside it, and parts are the bytes of the whole',
};

const FILES = readdirSync(join(ROOT, 'tests')).filter((file) => file.endsWith('.rs')).map((file) => file.replace(/\.rs$/, ''));

/** Emulated code is slow enough; the checks for overflow stay. */
const SPEED = { CARGO_PROFILE_DEV_OPT_LEVEL: '3' };

await main(async () => {
  const named = process.argv.slice(2);
  const unknown = named.filter((name) => !FILES.includes(name));
  if (unknown.length > 0) throw new CommandFailed(`no test file ${unknown.join(', ')}; there are: ${FILES.join(', ')}`);
  ensureRust();
  ensureFieldTools();
  const { target, env } = ensureBigEndian();
  const start = performance.now();
  const chosen = named.length > 0 ? named.flatMap((file) => ['--test', file]) : ['--lib', '--tests'];
  const left = named.length > 0 ? [] : Object.keys(LEFT_OUT);
  const passed = await counted('cargo', ['test', '--no-fail-fast', '--target', target, '-p', 'deepcomp', ...chosen, '--', ...left.flatMap((test) => ['--skip', test])], { ...SPEED, ...env });
  console.log(`\n${passed} passed on ${target} in ${Math.round((performance.now() - start) / 1000)} s${left.length > 0 ? `; left out: ${left.join(', ')}` : ''}`);
});
