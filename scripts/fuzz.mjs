/**
 * `npm run fuzz -- [minutes for each target] [targets…]`: damages files until a reader breaks; 5 minutes for each of all targets when nothing is said.
 *
 * What was found out about the readers stays in the cache folder, so that every run goes on where the last one ended. fuzz/README.md says what is checked.
 */
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { CACHE, CommandFailed, ROOT, ensureCargoFuzz, ensureRust, main, run } from './tools.mjs';

const FUZZ = join(ROOT, 'fuzz');
const TARGETS = readdirSync(join(FUZZ, 'fuzz_targets')).map((file) => file.replace(/\.rs$/, ''));

/** Longer inputs say little more and take longer; a file of 16 kB can still ask for any amount of time and memory. */
const LIMITS = ['-max_len=16384', '-timeout=10', '-rss_limit_mb=1024'];

/** cargo-fuzz without sanitizers, which would look for faults of `unsafe` where there is none. */
function fuzz(cargoFuzz, command, ...args) {
  return [cargoFuzz, ['fuzz', command, '--fuzz-dir', FUZZ, '--sanitizer', 'none', ...args]];
}

/** Runs a target; its last line of statistics, and the input that broke it if one did. */
function runTarget(cargoFuzz, target, minutes) {
  const folder = (name) => {
    const path = join(CACHE, 'fuzz', name, target);
    mkdirSync(path, { recursive: true });
    return path;
  };
  const dictionary = join(FUZZ, 'dictionaries', `${target}.dict`);
  const options = [...LIMITS, `-max_total_time=${Math.round(minutes * 60)}`, `-artifact_prefix=${folder('found')}/`, '-print_final_stats=1'];
  if (existsSync(dictionary)) options.push(`-dict=${dictionary}`);
  const [command, args] = fuzz(cargoFuzz, 'run', target, folder('corpus'), join(FUZZ, 'seeds', target), '--', ...options);
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'pipe'] });
    let output = '';
    child.stderr.setEncoding('utf8').on('data', (data) => {
      output = (output + data).slice(-1_000_000);
      process.stderr.write(data);
    });
    child.on('error', reject);
    child.on('close', (status) => {
      const state = output.match(/^#\d+.*cov: \d+ ft: \d+/gm)?.at(-1) ?? '';
      const [, coverage = '?', features = '?'] = /cov: (\d+) ft: (\d+)/.exec(state) ?? [];
      const executions = /stat::number_of_executed_units:\s*(\d+)/.exec(output)?.[1] ?? '?';
      const found = /Test unit written to (\S+)/.exec(output)?.[1];
      resolve({ target, executions, coverage, features, found: found ?? (status === 0 ? undefined : `nothing was written; it ended with ${status}`) });
    });
  });
}

await main(async () => {
  const [first, ...rest] = process.argv.slice(2);
  const timed = Number(first) > 0;
  const named = timed ? rest : [first, ...rest].filter((name) => name !== undefined);
  const unknown = named.filter((name) => !TARGETS.includes(name));
  if (unknown.length > 0) throw new CommandFailed(`no target ${unknown.join(', ')}; there are: ${TARGETS.join(', ')}`);
  ensureRust();
  const cargoFuzz = ensureCargoFuzz();
  run(...fuzz(cargoFuzz, 'build'));
  const minutes = timed ? Number(first) : 5;
  const results = [];
  for (const target of named.length > 0 ? named : TARGETS) results.push(await runTarget(cargoFuzz, target, minutes));
  for (const { target, executions, coverage, features, found } of results) {
    console.log(`${target}: ${executions} executions in ${minutes} min, coverage ${coverage}, features ${features}${found ? `, FOUND: ${found}` : ''}`);
  }
  const found = results.filter((result) => result.found);
  if (found.length > 0) throw new CommandFailed(`found: ${found.map((result) => result.found).join(', ')}`);
});
