/**
 * Which file imports which, held against docs/architecture.md: a room imports only from rooms that its row names, and no files import each other in a circle, a
 * module and its own children aside. Rust paths are followed through re-exports to the file that has the item; what tests alone import does not count.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative, sep } from 'node:path';
import { ROOT, main, CommandFailed } from './tools.mjs';

const CODE = /\.(rs|ts|mjs|py)$/;
const OUTSIDE = /(^|\/)(node_modules|target|dist)(\/|$)|^\.|^pkg\/wasm|^tests\/vectors/;
/** Modules whose children are theirs: Rust's, and the list that a package is. */
const PARENT = /(^|\/)(mod|lib|main)\.rs$/;

/** All code of a checkout and the document, by path. */
export function readTree(root = ROOT) {
  const paths = readdirSync(root, { recursive: true, withFileTypes: true }).filter((e) => e.isFile()).map((e) => relative(root, join(e.parentPath, e.name)).split(sep).join('/'));
  const wanted = paths.filter((p) => !OUTSIDE.test(p) && (CODE.test(p) || p === 'docs/architecture.md'));
  return new Map(wanted.map((p) => [p, readFileSync(join(root, p), 'utf8')]));
}

/** Rows `| rooms | may use | …` of the document: paths in backquotes; "all" is every path. */
export function readRooms(text) {
  const paths = (cell) => [...cell.matchAll(/`([^`]+)`/g)].map((m) => m[1]);
  const rows = text.split('\n').filter((line) => /^\| `/.test(line)).map((line) => line.split('|').slice(1, 3));
  return rows.flatMap(([rooms, uses]) => paths(rooms).map((room) => ({ room, uses: /\ball\b/.test(uses) ? [''] : [...paths(rooms), ...paths(uses)] })));
}

const within = (path, room) => path === room || path.startsWith(room.endsWith('/') || room === '' ? room : `${room}/`);
const longest = (rooms, path) => rooms.filter(({ room }) => within(path, room)).sort((a, b) => b.room.length - a.room.length)[0];

/** `a::{b, c::{d as e}}` as `[['a','b'], …]`, each with the name it gets. */
function expand(tree) {
  const open = tree.indexOf('{');
  if (open < 0) {
    const [path, name] = tree.trim().split(/\s+as\s+/);
    const segments = path.split('::').map((s) => s.trim());
    return [{ segments, name: name ?? segments.at(-1) }];
  }
  const prefix = tree.slice(0, open).split('::').map((s) => s.trim()).filter(Boolean);
  const [parts, depth] = [[''], { now: 0 }];
  for (const c of tree.slice(open + 1, tree.lastIndexOf('}'))) {
    depth.now += c === '{' ? 1 : c === '}' ? -1 : 0;
    if (c === ',' && depth.now === 0) parts.push('');
    else parts[parts.length - 1] += c;
  }
  return parts.filter((p) => p.trim()).flatMap(expand).map(({ segments, name }) => ({ segments: [...prefix, ...segments], name: name === 'self' ? prefix.at(-1) : name }));
}

/** The Rust files: by module, with what they import and re-export. */
function rustModules(tree) {
  const modules = new Map();
  for (const [path, text] of tree) {
    const [, crate, rest] = /^((?:crates\/[^/]+\/)?src)\/(.+)\.rs$/.exec(path) ?? [];
    if (!crate) continue;
    const segments = rest.split('/').filter((s) => !['lib', 'main', 'mod'].includes(s));
    const code = text.replace(/^\s*\/\/.*$/gm, '').replace(/#\[cfg\(test\)\]\s*(pub\(crate\) )?mod \w+ \{[\s\S]*$/, '');
    const uses = [...code.matchAll(/(pub(?:\([^)]*\))? )?\buse\s+([^;]+);/g)].flatMap(([, open, use]) => expand(use).map((u) => ({ ...u, open: Boolean(open) })));
    const inline = [...code.replace(/\buse\s+[^;]+;/g, '').matchAll(/\b(?:crate|super|self|deepcomp(?:_\w+)?)(?:::\w+)+/g)].map(([p]) => ({ segments: p.split('::'), open: false }));
    modules.set([crate, ...segments].join('::'), { path, crate, segments, uses: [...uses, ...inline] });
  }
  return modules;
}

/** The file that has what `segments` name, seen from a module. */
function resolve(modules, from, segments, depth = 0) {
  let [crate, at, rest] = [from.crate, [...from.segments], [...segments]];
  const outer = /^deepcomp(?:_(\w+))?$/.exec(rest[0]);
  if (outer) [crate, at] = [outer[1] ? `crates/${outer[1]}/src` : 'src', []];
  else if (rest[0] === 'crate') at = [];
  else if (rest[0] === 'super') at.pop();
  else if (rest[0] !== 'self' && !modules.has([crate, ...at, rest[0]].join('::'))) return undefined;
  if (outer || ['crate', 'super', 'self'].includes(rest[0])) rest.shift();
  for (; rest[0] === 'super'; rest.shift()) at.pop();
  for (; rest.length > 0 && modules.has([crate, ...at, rest[0]].join('::')); ) at.push(rest.shift());
  const found = modules.get([crate, ...at].join('::'));
  const passed = found?.uses.find((u) => u.open && u.name === rest[0]);
  return (passed && depth < 8 && resolve(modules, found, passed.segments, depth + 1)) || found?.path;
}

/** Paths that a TypeScript, JavaScript or Python file imports. */
function scriptImports(tree, path, text) {
  if (path.endsWith('.py')) {
    const names = [...text.matchAll(/^\s*from\s+([\w.]+)\s+import\s+([^#\n(]+|\([^)]*\))|^\s*import\s+([\w., ]+)/gm)];
    const dotted = names.flatMap(([, from, what, plain]) => (plain ?? [from, ...what.replace(/[()]/g, '').split(',').map((w) => `${from}.${w.trim().split(' ')[0]}`)].join(',')).split(','));
    const folders = [...path.matchAll(/\//g)].map((m) => path.slice(0, m.index));
    const candidates = dotted.map((d) => d.trim().replaceAll('.', '/')).flatMap((d) => folders.flatMap((f) => [`${f}/${d}.py`, `${f}/${d}/__init__.py`]));
    return candidates.filter((c) => tree.has(c) && c !== path);
  }
  const names = [...text.matchAll(/\bfrom\s+'([^']+)'|\bimport\(?\s*'([^']+)'|new URL\('([^']+)', import\.meta/g)].map((m) => m[1] ?? m[2] ?? m[3]);
  const local = names.map((n) => (n === 'deepcomp' ? 'pkg/index.ts' : n.startsWith('.') ? posix.join(dirname(path), n) : '')).map((n) => (tree.has(n) ? n : n.replace(/\.js$/, '.ts')));
  return local.filter((n) => tree.has(n));
}

/** Every arrow: importing path to imported paths. */
function arrows(tree) {
  const modules = rustModules(tree);
  const rust = [...modules.values()].map((m) => [m.path, m.uses.map(({ segments }) => resolve(modules, m, segments))]);
  const scripts = [...tree].filter(([path]) => /\.(ts|mjs|py)$/.test(path)).map(([path, text]) => [path, scriptImports(tree, path, text)]);
  return new Map([...rust, ...scripts].map(([from, to]) => [from, new Set(to.filter((t) => t && t !== from))]));
}

const isChild = (child, parent) => PARENT.test(parent) && (dirname(child) === dirname(parent) || (PARENT.test(child) && dirname(dirname(child)) === dirname(parent)));

/** Groups of files that reach each other. */
function circles(graph) {
  const reach = (start) => {
    const [seen, todo] = [new Set(), [start]];
    while (todo.length > 0) for (const next of graph.get(todo.pop()) ?? []) if (!seen.has(next)) seen.add(next), todo.push(next);
    return seen;
  };
  const reached = new Map([...graph.keys()].map((path) => [path, reach(path)]));
  const groups = [...graph.keys()].filter((a) => reached.get(a).has(a)).map((a) => [...reached.get(a)].filter((b) => reached.get(b)?.has(a)).sort().join(', '));
  return [...new Set(groups)];
}

/** What is wrong with a tree, a line each. */
export function faults(tree) {
  const rooms = readRooms(tree.get('docs/architecture.md'));
  const graph = arrows(tree);
  const wrong = [...rooms.flatMap(({ room, uses }) => [room, ...uses])].filter((room) => ![...tree.keys()].some((p) => within(p, room))).map((room) => `docs/architecture.md names ${room}, which does not exist`);
  for (const [from, targets] of graph) {
    const room = longest(rooms, from);
    if (!room) wrong.push(`${from} lies in no room of docs/architecture.md`);
    for (const to of targets) {
      const allowed = !room || room.uses.some((use) => within(to, use));
      if (!allowed) wrong.push(`${from} imports ${to}, and ${room.room} may not`);
    }
  }
  const counted = new Map([...graph].map(([from, to]) => [from, [...to].filter((t) => !isChild(t, from) && !isChild(from, t))]));
  return [...new Set(wrong), ...circles(counted).map((c) => `a circle: ${c}`)];
}

if (process.argv[1] === import.meta.filename) {
  await main(async () => {
    const found = faults(readTree());
    if (found.length > 0) throw new CommandFailed(found.join('\n'));
  });
}
