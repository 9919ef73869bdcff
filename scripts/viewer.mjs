/**
 * www/viewer -> pkg/viewer/viewer.html: one file with style, script and decoder in it, and a place for an archive. The script is a single one, which is both page and worker,
 * and the content security policy names it by its hash; nothing else runs, and nothing is connected to.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ROOT } from './tools.mjs';

const VIEWER = join(ROOT, 'www', 'viewer');

/** The module that decodes in place of the one that compresses as well. */
const modules = {
  name: 'modules-of-the-viewer',
  resolveId: (id) => (id === '#wasm' ? join(ROOT, 'pkg', 'wasm-viewer', 'deepcomp.js') : undefined),
};

/** The script, and what of the package it takes. */
async function bundle() {
  const { rolldown } = await import('rolldown');
  const build = await rolldown({
    input: join(VIEWER, 'viewer.ts'),
    plugins: [modules],
    // Of the package's functions those that compress are left out, and with them what they import.
    shimMissingExports: true,
    transform: { target: 'es2022' },
    // Addresses beside the module are those of files that a page does not have; they are never asked for.
    checks: { emptyImportMeta: false, importIsUndefined: false },
    onLog: (level, log, tell) => log.code === 'SHIMMED_EXPORT' || tell(level, log),
  });
  const { output } = await build.generate({ format: 'iife', minify: true });
  await build.close();
  // The parser of HTML ends a script there, and nowhere else.
  return output[0].code.trim().replace(/<(\/script|script|!--)/gi, '\\x3c$1');
}

/** The oldest browsers that run the decoder, by their versions. */
const BROWSERS = { chrome: [111, 0], edge: [111, 0], firefox: [114, 0], safari: [16, 4] };

/** The style of the page that compresses, and what is other here. */
async function style() {
  const { transform } = await import('lightningcss');
  const code = Buffer.concat([join(ROOT, 'www', 'style.css'), join(VIEWER, 'style.css')].map((path) => readFileSync(path)));
  const targets = Object.fromEntries(Object.entries(BROWSERS).map(([name, [major, minor]]) => [name, (major << 16) | (minor << 8)]));
  return transform({ filename: 'viewer.css', code, minify: true, targets }).code.toString();
}

const hashed = (text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

export async function assembleViewer() {
  const { part, PLACE } = await import('../pkg/dist/part.js');
  const [css, script] = await Promise.all([style(), bundle()]);
  const policy = `default-src 'none'; script-src ${hashed(script)} 'wasm-unsafe-eval'; style-src ${hashed(css)}; worker-src blob:; base-uri 'none'; form-action 'none'`;
  const module = (...path) => gzipSync(readFileSync(join(ROOT, 'pkg', ...path)), { level: 9 });
  const parts = [part('module', 'deepcomp', module('wasm-viewer', 'deepcomp_bg.wasm')), PLACE[0], part('formats', 'deepcomp_formats', module('wasm-formats', 'deepcomp_formats_bg.wasm')), PLACE[1]];
  const filled = { POLICY: policy, STYLE: css, SCRIPT: script, PARTS: parts.join('') };
  const page = readFileSync(join(VIEWER, 'index.html'), 'utf8').replace(/\b(POLICY|STYLE|SCRIPT|PARTS)\b/g, (name) => filled[name]);
  mkdirSync(join(ROOT, 'pkg', 'viewer'), { recursive: true });
  writeFileSync(join(ROOT, 'pkg', 'viewer', 'viewer.html'), page);
}
