/**
 * What the project needs from outside, found or installed: npm packages, the Rust target, wasm-bindgen, Chromium, tools and libraries to compare with.
 * Node built-ins only, since this runs before anything is installed.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));
const WINDOWS = process.platform === 'win32';
/** Where tools and environments are kept between checkouts. */
export const CACHE = join(process.env.XDG_CACHE_HOME ?? (WINDOWS ? process.env.LOCALAPPDATA : undefined) ?? join(homedir(), '.cache'), 'deepcomp');
const TOOLS = join(CACHE, 'tools');

/** A command that failed; the message says which. */
export class CommandFailed extends Error {}

/** Runs the work of a script; a failed command ends it with its message alone. */
export async function main(work) {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}

/** Runs a command in the project, showing its output; returns its standard output when `capture` is set. */
export function run(command, args, { capture = false, env = {}, cwd = ROOT } = {}) {
  const stdio = ['ignore', capture ? 'pipe' : 'inherit', 'inherit'];
  const result = spawnSync(command, args, { cwd, stdio, encoding: 'utf8', maxBuffer: 1 << 28, env: { ...process.env, ...env }, shell: WINDOWS && command === 'npm' });
  if (result.error?.code === 'ENOENT') throw new CommandFailed(`${command} is not installed`);
  if (result.error) throw result.error;
  if (result.status !== 0) {
    if (capture) process.stderr.write(result.stdout);
    throw new CommandFailed(`${command} ${args.join(' ')} ended with ${result.status ?? result.signal}`);
  }
  return result.stdout;
}

/** Runs a command, shows its output, and counts the tests it reports; a command that reports none counts as one. */
export function counted(command, args, env = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...env } });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (data) => {
      output += data;
      process.stdout.write(data);
    });
    child.on('error', reject);
    child.on('close', (status) => {
      if (status !== 0) return reject(new CommandFailed(`${command} ${args.join(' ')} ended with ${status}`));
      const counts = [...output.matchAll(/^test result: ok\. (\d+) passed|^# pass (\d+)|^ℹ pass (\d+)|^(\d+) passed/gm)].map((m) => Number(m.slice(1).find(Boolean)));
      resolve(counts.length > 0 ? counts.reduce((a, b) => a + b, 0) : 1);
    });
  });
}

function onPath(names) {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    for (const name of names) {
      const path = join(folder, WINDOWS ? `${name}.exe` : name);
      if (folder && existsSync(path)) return path;
    }
  }
  return undefined;
}

/** npm packages as the lock file says, installed when it is newer than they are. */
export function ensurePackages() {
  const installed = join(ROOT, 'node_modules', '.package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(ROOT, 'package-lock.json')).mtimeMs) return;
  run('npm', ['ci', '--no-audit', '--no-fund']);
}

/** The toolchain of rust-toolchain.toml, its components and the wasm32 target. */
export function ensureRust() {
  if (!onPath(['rustup'])) throw new CommandFailed('rustup is not installed; see https://rustup.rs');
  run('cargo', ['--version'], { capture: true });
  const installed = run('rustup', ['component', 'list', '--installed'], { capture: true });
  if (!installed.includes('rust-std-wasm32-unknown-unknown')) run('rustup', ['target', 'add', 'wasm32-unknown-unknown']);
  if (!installed.includes('clippy') || !installed.includes('rustfmt')) run('rustup', ['component', 'add', 'clippy', 'rustfmt']);
}

/** Path of a tool of wasm-bindgen-cli, in the version of Cargo.lock: the command line tool and the crate must be the same. */
export function ensureWasmBindgen(tool = 'wasm-bindgen') {
  const lock = readFileSync(join(ROOT, 'Cargo.lock'), 'utf8');
  const version = /name = "wasm-bindgen"\r?\nversion = "([^"]+)"/.exec(lock)?.[1];
  if (!version) throw new Error('Cargo.lock does not name wasm-bindgen');
  const fits = (path) => path && spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout?.includes(version);
  const cached = join(TOOLS, 'bin', WINDOWS ? `${tool}.exe` : tool);
  for (const path of [cached, onPath([tool])]) {
    if (fits(path)) return path;
  }
  run('cargo', ['install', 'wasm-bindgen-cli', '--version', version, '--root', TOOLS, '--force']);
  return cached;
}

/** Path of cargo-fuzz, which needs a C++ compiler beside it for libFuzzer. */
export function ensureCargoFuzz() {
  const version = '0.13.2';
  const cached = join(TOOLS, 'bin', WINDOWS ? 'cargo-fuzz.exe' : 'cargo-fuzz');
  const fits = (path) => path && spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout?.includes(version);
  for (const path of [cached, onPath(['cargo-fuzz'])]) {
    if (fits(path)) return path;
  }
  run('cargo', ['install', 'cargo-fuzz', '--version', version, '--locked', '--root', TOOLS, '--force']);
  return cached;
}

/** Installs Debian packages where apt-get is there and may be used; does nothing elsewhere. */
export function aptInstall(...packages) {
  const root = process.getuid?.() === 0;
  if (!onPath(['apt-get']) || !(root || onPath(['sudo']))) return;
  const apt = (...args) => (root ? run('apt-get', args) : run('sudo', ['apt-get', ...args]));
  apt('update');
  apt('install', '-y', '--no-install-recommends', ...packages);
}

/** Whether there is a Vulkan driver for native tests of the GPU; one in software is installed with apt-get where there is none. */
export function ensureVulkan() {
  const folders = ['/usr/share/vulkan/icd.d', '/etc/vulkan/icd.d'];
  const found = () => process.env.VK_ICD_FILENAMES !== undefined || folders.some((folder) => existsSync(folder) && readdirSync(folder).length > 0);
  if (process.platform !== 'linux' || found()) return true;
  aptInstall('mesa-vulkan-drivers', 'libvulkan1');
  return found();
}

/** The tools of the field that tests compare with, as Debian packages; the tests name what is missing. */
const FIELD_TOOLS = { ncdump: 'netcdf-bin', grib_ls: 'libeccodes-tools', gdalinfo: 'gdal-bin', 'gdalcompare.py': 'python3-gdal', cdo: 'cdo', python3: 'python3' };

/** Installs those that are missing where apt-get is there. */
export function ensureFieldTools() {
  const missing = Object.entries(FIELD_TOOLS).filter(([tool]) => !onPath([tool]));
  if (missing.length > 0) aptInstall(...missing.map(([, name]) => name));
}

/** Whether there is nginx, a server that gives parts of files as those of data centres do; it is installed with apt-get where it is not. */
export function ensureNginx() {
  // Debian has it where only the administrator looks.
  const found = () => Boolean(onPath(['nginx'])) || existsSync('/usr/sbin/nginx');
  if (!found()) aptInstall('nginx-light');
  return found();
}

/** A processor that keeps the first byte of a number first, emulated: the target, and what cargo has to be told to link and to run for it. */
export function ensureBigEndian() {
  const target = 's390x-unknown-linux-gnu';
  const [linker, emulator, libraries] = ['s390x-linux-gnu-gcc', 'qemu-s390x', '/usr/s390x-linux-gnu'];
  const found = () => onPath([linker]) && onPath([emulator]) && existsSync(join(libraries, 'lib', 'crt1.o'));
  if (!found()) aptInstall('qemu-user', 'gcc-s390x-linux-gnu', 'libc6-dev-s390x-cross');
  if (!found()) throw new CommandFailed(`${linker}, ${emulator} and a C library in ${libraries} are needed; they come with Debian`);
  if (!run('rustup', ['target', 'list', '--installed'], { capture: true }).includes(target)) run('rustup', ['target', 'add', target]);
  const settings = `CARGO_TARGET_${target.toUpperCase().replaceAll('-', '_')}`;
  return { target, env: { [`${settings}_LINKER`]: linker, [`${settings}_RUNNER`]: `${emulator} -L ${libraries}` } };
}

/** A folder of the cache that holds exactly what a file with pins asks for, filled once; other pins make another folder. */
export function environment(name, pins, fill) {
  const hash = createHash('sha256').update(readFileSync(pins)).digest('hex').slice(0, 12);
  const folder = join(CACHE, `${name}-${hash}`);
  const done = join(folder, '.complete');
  if (!existsSync(done)) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    fill(folder);
    writeFileSync(done, '');
  }
  return folder;
}

/** Path of a Python that has the packages of a file with pins. */
export function ensurePython(name, requirements) {
  const python = (folder) => join(folder, ...(WINDOWS ? ['Scripts', 'python.exe'] : ['bin', 'python']));
  const folder = environment(name, requirements, (folder) => {
    const own = WINDOWS ? 'python' : 'python3';
    // Debian's has what makes environments in a package of its own.
    if (spawnSync(own, ['-c', 'import ensurepip, venv'], { stdio: 'ignore' }).status !== 0) aptInstall('python3', 'python3-venv');
    run(own, ['-m', 'venv', folder]);
    run(python(folder), ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements]);
  });
  return python(folder);
}

/** Path of a Python with the libraries of the field that tests compare with. */
export function ensureFieldPython() {
  return ensurePython('field', join(ROOT, 'tests', 'field_tools', 'requirements.txt'));
}

/** Path of Chromium: the CHROMIUM variable, or found, or installed with apt-get. */
export function ensureChromium() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
  const found = onPath(names);
  if (found) return found;
  aptInstall('chromium');
  const installed = onPath(names);
  if (!installed) throw new CommandFailed('Chromium is not installed; install it, or set CHROMIUM to its path');
  return installed;
}
