/**
 * `npm run bench -- files`: opens every data file at hand, archives it without loss, extracts it, and compares the two with tools that no one here wrote;
 * writes docs/bench/files.md.
 */
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, extname, join, relative } from 'node:path';
import { spawnSync } from 'node:child_process';
import { cargoArtifact } from '../scripts/build.mjs';
import { ROOT, ensureFieldTools } from '../scripts/tools.mjs';

/** What is packed otherwise when a message comes back simply packed, and says nothing of values. */
const PACKING = readFileSync(join(ROOT, 'tests', 'field_tools', 'packing_keys.txt'), 'utf8').trim().split(/\s+/).join();

const DATA = process.env.DEEPCOMP_DATA ?? join(ROOT, '..', 'shared', 'data');

function output(command, args) {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 2 ** 30 });
  return { ok: status === 0, text: stdout + stderr };
}

function all(folder) {
  const names = existsSync(folder) ? readdirSync(folder, { recursive: true }).map((name) => join(folder, name)) : [];
  return names.filter((path) => statSync(path).isFile() && extname(path) !== '.md').sort();
}

/** What differs between a file and what was extracted; nothing when no tool finds anything. */
function differences(before, after) {
  if (readFileSync(before).equals(readFileSync(after))) return 'byte for byte';
  const kind = readFileSync(before).subarray(0, 4).toString('latin1');
  if (kind === '\x89HDF') {
    const dump = (path) => output('ncdump', [path]).text.replace(/^netcdf .*/, '');
    const storage = (path) => output('ncdump', ['-h', '-s', path]).text.replace(/^netcdf .*/, '').replace(/.*:_(NCProperties|SuperblockVersion|IsNetcdf4).*\n/g, '');
    if (dump(before) !== dump(after)) return '**`ncdump` differs**';
    return storage(before) === storage(after) ? '`ncdump` and `ncdump -h -s` equal' : '`ncdump` equal; storage differs';
  }
  if (kind === 'GRIB') {
    const compared = output('grib_compare', ['-f', '-b', PACKING, before, after]);
    return compared.ok ? 'simply packed; `grib_compare` finds values and all other keys equal' : `**\`grib_compare\`: ${compared.text.trim().split('\n')[0]}**`;
  }
  return 'as PNG, pixel for pixel';
}

/** Shapes of the variables with most values, the others counted. */
function shapes(variables) {
  const arrays = variables.filter((v) => v.shape.filter((n) => n > 1).length > 1);
  const counts = new Map();
  arrays.map((v) => `${v.shape.join('×')} ${v.data_type}`).forEach((shape) => counts.set(shape, (counts.get(shape) ?? 0) + 1));
  const list = [...counts].sort((a, b) => b[1] - a[1]).map(([shape, count]) => (count > 1 ? `${count} of ${shape}` : shape));
  return list.length > 4 ? `${list.slice(0, 3).join(', ')}, ${list.length - 3} more` : list.join(', ');
}

export function files() {
  ensureFieldTools();
  const cli = cargoArtifact(['--release', '-p', 'deepcomp-cli'], (path) => /deepcomp(\.exe)?$/.test(path));
  const folder = mkdtempSync(join(tmpdir(), 'deepcomp-files-'));
  const rows = [];
  try {
    for (const path of [...all(join(ROOT, 'samples')).filter((p) => extname(p) !== '.py'), ...all(DATA)]) {
      const name = path.startsWith(ROOT) ? relative(ROOT, path) : join(basename(dirname(dirname(path))), basename(dirname(path)), basename(path));
      const archive = join(folder, 'archive.dca');
      const made = output(cli, ['compress', path, '-o', archive, '--lossless', '--model', 'none', '--json']);
      if (!made.ok) {
        rows.push(`| ${name} | | | **${made.text.trim()}** |`);
        continue;
      }
      const { variables, raw_bytes: raw } = JSON.parse(made.text.slice(made.text.indexOf('{')));
      const extracted = output(cli, ['extract', archive, '-C', join(folder, 'out')]).text.trim();
      const tested = output(cli, ['test', archive, '--source', path]);
      const same = existsSync(extracted) ? differences(path, extracted) : `**${extracted}**`;
      rows.push(`| ${name} | ${variables.length} | ${shapes(variables)}; ${(raw / 1e6).toPrecision(3)} MB | ${same}${tested.ok ? '' : ' **values differ**'} |`);
      rmSync(join(folder, 'out'), { recursive: true, force: true });
      console.log(rows.at(-1));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  writeFileSync(
    join(ROOT, 'docs', 'bench', 'files.md'),
    `# Files

Every data file at hand, archived without loss and extracted again (\`npm run bench -- files\`, ${new Date().toISOString().slice(0, 10)}). Values are compared by \`deepcomp test --source\`, files byte for byte, then by \`ncdump\` and \`grib_compare\`; what differs is in the last column, in bold where
it should not.

| file | variables | arrays | comes back |
|---|---:|---|---|
${rows.join('\n')}
`,
  );
}
