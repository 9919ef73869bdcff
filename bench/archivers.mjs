/**
 * `npm run bench -- archivers`: a folder as people have it (NetCDF, GRIB, pictures, text), without loss, through DeepComp and through archivers; writes docs/bench/archivers.md.
 * Seconds are those of the processor, on one thread, so that little depends on what else the machine does. `--cli PATH` takes that program instead of building one.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { basename, extname, join } from 'node:path';
import { ROOT, CommandFailed } from '../scripts/tools.mjs';

const DATA = process.env.DEEPCOMP_DATA ?? join(ROOT, '..', 'shared', 'data', 'valid');
const PAGE = join(ROOT, 'docs', 'bench', 'archivers.md');
const KINDS = { NetCDF: ['.nc', '.cdf'], GRIB: ['.grb', '.grib', '.grib2'], PNG: ['.png'], text: ['.md', '.txt', '.csv'] };

/** What packs the folder `in` into `out` and gets it back; the program that must be there, and what tells its version. */
const PACKERS = [
  { name: 'zip -9', program: 'zip', version: ['-v'], pack: 'zip -9 -q -r "$OUT" in', unpack: 'unzip -q "$OUT"' },
  { name: 'xz -9', program: 'xz', version: ['--version'], pack: 'tar cf - in | xz -9 -T1 > "$OUT"', unpack: 'xz -dc "$OUT" | tar xf -' },
  { name: 'zstd -19', program: 'zstd', version: ['--version'], pack: 'tar cf - in | zstd -19 -T1 -q > "$OUT"', unpack: 'zstd -dcq "$OUT" | tar xf -' },
  { name: '7z -mx9', program: '7zz', version: ['i'], pack: '7zz a -t7z -mx9 -mmt1 -bso0 -bsp0 "$OUT" in', unpack: '7zz x -mmt1 -bso0 -bsp0 "$OUT"' },
  { name: 'rar 5 -m5', program: 'rar', version: ['-iver'], pack: 'rar a -ma5 -m5 -mt1 -idq -r "$OUT" in', unpack: 'rar x -mt1 -idq "$OUT"' },
  ...['fast', 'balanced', 'best'].map((level) => ({
    name: `deepcomp ${level}`,
    program: 'deepcomp',
    version: ['--version'],
    pack: `"$CLI" compress in -o "$OUT" --lossless --threads 1 --level ${level} --json > /dev/null`,
    unpack: '"$CLI" extract "$OUT" --threads 1 > /dev/null',
  })),
];

/** All files below a folder. */
const below = (folder) => readdirSync(folder, { recursive: true, withFileTypes: true }).filter((e) => e.isFile()).map((e) => join(e.parentPath, e.name));
const kindOf = (path) => Object.keys(KINDS).find((kind) => KINDS[kind].includes(extname(path).toLowerCase()));

/** Copies what is measured into a folder; how many files and bytes there are of each kind. */
function gather(folder) {
  const sources = [...(existsSync(DATA) ? below(DATA) : []), ...below(join(ROOT, 'samples')), join(ROOT, 'docs', 'page.png'), join(ROOT, 'README.md'), ...below(join(ROOT, 'docs')).filter((path) => extname(path) === '.md' && path !== PAGE)];
  const kinds = {};
  for (const path of sources) {
    const kind = kindOf(path);
    const to = join(folder, basename(path));
    if (!kind || existsSync(to)) continue;
    copyFileSync(path, to);
    const { files = 0, bytes = 0 } = kinds[kind] ?? {};
    kinds[kind] = { files: files + 1, bytes: bytes + statSync(path).size };
  }
  return kinds;
}

/** Seconds of the processor that a line of the shell takes; throws where it fails. */
function seconds(line, cwd, env) {
  const { status, stderr } = spawnSync('bash', ['-o', 'pipefail', '-c', `TIMEFORMAT='%U %S'; time { ${line}; }`], { cwd, env: { ...process.env, ...env }, encoding: 'utf8', maxBuffer: 1 << 28 });
  if (status !== 0) throw new CommandFailed(`bench: ${line}: ${stderr}`);
  return stderr.trim().split('\n').at(-1).split(' ').reduce((sum, part) => sum + Number(part), 0);
}

function version({ program, version }, cli) {
  const { stdout = '' } = spawnSync(program === 'deepcomp' ? cli : program, version, { encoding: 'utf8' });
  return stdout.split('\n').find((line) => /\d+\.\d+/.test(line))?.trim() ?? 'version not told';
}

/** What a packer makes of the folder, and what comes back. */
function measure(packer, folder, cli) {
  // Some programs append their own extension where there is none.
  const [out, back] = [join(folder, `packed.${packer.program}`), mkdtempSync(join(folder, 'back-'))];
  const env = { OUT: out, CLI: cli };
  const pack = seconds(packer.pack, folder, env);
  const bytes = statSync(out).size;
  const unpack = seconds(packer.unpack, back, env);
  const names = readdirSync(join(folder, 'in'));
  const same = names.filter((name) => existsSync(join(back, 'in', name)) && readFileSync(join(back, 'in', name)).equals(readFileSync(join(folder, 'in', name)))).length;
  rmSync(back, { recursive: true });
  rmSync(out);
  return { bytes, pack, unpack, same, all: names.length };
}

/** Measures and writes the page; `build` makes the program where none is named. */
export function archivers(more, build) {
  const at = more.indexOf('--cli');
  const cli = at >= 0 ? more[at + 1] : build();
  const folder = mkdtempSync(join(tmpdir(), 'deepcomp-archivers-'));
  try {
    mkdirSync(join(folder, 'in'));
    const kinds = gather(join(folder, 'in'));
    const whole = Object.values(kinds).reduce((sum, { bytes }) => sum + bytes, 0);
    const [rows, missing, versions] = [[], [], new Set()];
    for (const packer of PACKERS) {
      if (packer.program !== 'deepcomp' && spawnSync('which', [packer.program]).status !== 0) {
        missing.push(packer.name);
        continue;
      }
      const { bytes, pack, unpack, same, all } = measure(packer, folder, cli);
      versions.add(`${packer.program}: ${version(packer, cli)}`);
      rows.push(`| ${packer.name} | ${bytes.toLocaleString('en')} | ${(whole / bytes).toFixed(2)} | ${pack.toFixed(1)} | ${unpack.toFixed(1)} | ${same} of ${all} |`);
      console.log(rows.at(-1));
    }
    writeFileSync(PAGE, page(kinds, whole, rows, missing, versions));
    console.log('bench: docs/bench/archivers.md');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function page(kinds, whole, rows, missing, versions) {
  const held = Object.entries(kinds).map(([kind, { files, bytes }]) => `${files} of ${kind} (${(bytes / 1e6).toFixed(1)} MB)`);
  return `# A folder, beside archivers

Measured with \`npm run bench -- archivers\` on ${new Date().toISOString().slice(0, 10)} (${cpus()[0]?.model ?? 'unknown processor'}): one folder, ${(whole / 1e6).toFixed(1)} MB: ${held.join(', ')}; all without loss. Seconds are those of the processor, on one thread each.
"Same" counts the files that come back byte for byte; of the others values, types, names and attributes do (README, What it reads, and what comes back).

| | bytes | ratio | pack, s | get back, s | same |
|---|---|---|---|---|---|
${rows.join('\n')}

${missing.length > 0 ? `Not installed, and left out: ${missing.join(', ')}.\n\n` : ''}${[...versions].map((version) => `- ${version}`).join('\n')}
`;
}
