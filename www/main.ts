/** The page: what is open, what was asked for, and who shows it. The work is done in the worker. */
import type { Backend, Level } from 'deepcomp';
import { Engine, EngineError, type CallOptions } from './engine.ts';
import type { Base, Bounds, FileKind, Look, Missing, Opened, Result } from './protocol.ts';
import { AcceptancePanel } from './ui/acceptance.ts';
import { BackendChoice } from './ui/backend.ts';
import { BoundForm } from './ui/bound.ts';
import { byId } from './ui/dom.ts';
import { download } from './ui/download.ts';
import { LivePanel } from './live/panel.ts';
import { sampleSeries, watchFiles } from './ui/files.ts';
import { showFilesInside, watchFilesInside } from './ui/inside.ts';
import { latest } from './ui/latest.ts';
import { tell } from './ui/message.ts';
import { withPassphrase } from './ui/passphrase.ts';
import { hideRefusal, showRefusal, watchRefusal } from './ui/refusal.ts';
import { showResult, watchSaves } from './ui/result.ts';
import { showSuspect, watchSuspect } from './ui/suspect.ts';
import { firstVariable, showVariables } from './ui/variables.ts';
import { isPicture, planeNumber, showSliders, ViewPanel } from './ui/views.ts';

interface Session {
  opened: Opened;
  /** The file, to compress it. */
  file: Blob;
  result: Result | undefined;
  variable: number;
  range: Look;
  /** Values that were named as missing. */
  missing: Missing;
  /** Position along each leading dimension of the variable. */
  index: number[];
}

const startWorker = () => new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
/** Holds the open file. */
const engine = new Engine(startWorker);
/** Makes archives, with memory of its own that is given back soon after. */
const packer = new Engine(startWorker);
const panel = new ViewPanel();
const acceptance = new AcceptancePanel((variable) => engine.call('acceptance', { variable }));
const form = new BoundForm((...wanted) => void compress(...wanted), cancel);
const backends = new BackendChoice();
let session: Session | undefined;
let running: AbortController | undefined;
let last = Promise.resolve();
const draw = latest(drawOnce, report);
new LivePanel(async () => {
  const series = session?.opened.variables.some(({ role, planes, shape }) => role === 'measurement' && planes > 1 && shape.length > 2) ?? false;
  return series && session && session.file.size > 0 && !session.opened.result ? { name: session.opened.fileName, file: session.file } : sampleSeries();
});

watchFiles((name, get) => void (/\.dcm$/i.test(name) ? addModel(get) : open(name, get)));
watchFilesInside((file) => void show(async (options) => ({ opened: await engine.call('openFile', { file, backend: backends.chosen }, options), file: new Blob() })));
watchSaves((kind) => void save(kind));
watchSuspect((variable, value) => void nameMissing(variable, value));
watchRefusal({ recommended: (names) => form.recommend(names), each: (names) => void boundEach(names), anyway: () => form.submit(true) });

/** Runs one long task; a newer one stops the older and starts when that has ended, so that page and worker agree on what is open. */
function task(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  running?.abort();
  const mine = (running = new AbortController());
  busy(true);
  tell('');
  hideRefusal();
  return (last = last.then(() => perform(mine, work)));
}

async function perform(mine: AbortController, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  if (running !== mine) return;
  try {
    await work(mine.signal);
  } catch (error) {
    if (running === mine) report(error);
  } finally {
    if (running === mine) {
      running = undefined;
      busy(false);
      form.idle();
      form.enable(session !== undefined && session.opened.result === undefined);
    }
  }
}

function cancel(): void {
  running?.abort();
  form.stopping();
}

function open(name: string, get: () => Promise<Blob>): Promise<void> {
  return show(async (options) => {
    const file = await get();
    const call = (passphrase?: string) => engine.call('open', { file, name, backend: backends.chosen, ...(passphrase !== undefined && { passphrase }) }, options);
    return { file, opened: await withPassphrase(call, options.signal) };
  });
}

/** Networks are added to the engine that decodes; archives are made with the one of the package. */
function addModel(get: () => Promise<Blob>): Promise<void> {
  return task(async () => {
    const bytes = await (await get()).arrayBuffer();
    const { id, name } = await engine.call('addModel', { bytes }, { transfer: [bytes] });
    tell(`The network ${name} (${id}) is loaded: archives that need it can be opened now`, false);
  });
}

function show(load: (options: CallOptions) => Promise<{ opened: Opened; file: Blob }>): Promise<void> {
  return task(async (signal) => {
    form.enable(false);
    let previewed = false;
    const onPreview: CallOptions['onPreview'] = (preview) => {
      previewed = true;
      panel.preview(preview);
    };
    const { opened, file } = await load({ signal, onProgress: (stage, fraction) => form.progress(stage, fraction), onPreview }).catch(async (error: unknown) => {
      if (previewed) await (session ? draw() : panel.clear(''));
      throw error;
    });
    showFilesInside(opened);
    session = { opened, file, result: opened.result, variable: firstVariable(opened.variables), range: { missing: 0 }, missing: [], index: [] };
    showVariables(opened, session.variable, (variable) => void select(variable, false).catch(report));
    await select(session.variable, true);
    if (opened.why !== undefined) tell(`kept byte for byte, not as data: ${opened.why}`, false);
    else tellFallback(opened.result);
  });
}

function compress(bounds: Bounds, level: Level, base: Base): Promise<void> {
  return task(async (signal) => {
    if (!session) return;
    form.enable(false);
    form.progress('compressing', 0);
    const { opened, file, missing } = session;
    const backend: Backend = backends.chosen;
    const onProgress: CallOptions['onProgress'] = (stage, fraction) => form.progress(stage, fraction);
    signal.addEventListener('abort', () => packer.stop(), { once: true });
    const packed = await packer.call('compress', { file, name: opened.fileName, bounds, missing, level, base, backend }, { onProgress }).finally(() => packer.rest());
    const result = await engine.call('check', { packed, backend }, { signal, onProgress, transfer: [packed.archive.buffer] });
    if (session?.opened !== opened) return;
    session.result = result;
    showResult(opened, result, session.variable);
    if (result.warning !== undefined) tell(`The classical predictor made this archive, because ${result.warning}`, false);
    else tellFallback(result);
    const drawn = draw();
    acceptance.show(opened, result, session.variable);
    await drawn;
  });
}

async function select(variable: number, newFile: boolean): Promise<void> {
  if (!session) return;
  const { opened } = session;
  const chosen = opened.variables[variable];
  if (!chosen) {
    panel.clear('This file holds no variables.');
    return;
  }
  const drawable = chosen.dataType !== 'char' && chosen.bytes > 0 && opened.format !== 'file';
  const range: Look = drawable ? await engine.call('look', { variable }) : { missing: 0 };
  if (session?.opened !== opened) return;
  Object.assign(session, { variable, range, index: chosen.shape.slice(0, -2).map(() => 0) });
  form.suggest(opened, chosen, range, newFile);
  showSuspect(opened, variable, range.suspect);
  showResult(opened, session.result, variable);
  showSliders(opened, chosen, session.index, () => void draw());
  const drawn = drawable ? draw() : panel.clear(opened.format === 'file' ? 'This file is kept byte for byte; there is nothing to draw.' : `${chosen.name}: ${chosen.bytes > 0 ? 'text, kept exactly' : 'no values'}`);
  acceptance.show(opened, session.result, variable);
  await drawn;
}

/** Suggests a bound of its own for each of these variables, and for those that share one in no unit of their own, and shows the first of them. */
function boundEach(names: string[]): Promise<void> {
  return task(async () => {
    if (!session) return;
    const { opened } = session;
    const numbers = form.sharing(names);
    for (const number of numbers) form.separate(opened.variables[number]!.name, await engine.call('look', { variable: number }));
    const [first = session.variable] = numbers;
    showVariables(opened, first, (variable) => void select(variable, false).catch(report));
    await select(first, false);
    byId('amount', HTMLInputElement).focus();
  });
}

/** Takes a value as missing from now on; what was made before is no longer of this data. */
function nameMissing(variable: number, value: number): Promise<void> {
  return task(async () => {
    if (!session) return;
    const opened = await engine.call('setMissing', { variable, value });
    session = { ...session, opened, result: undefined, missing: [...session.missing, [variable, value]] };
    showVariables(opened, variable, (chosen) => void select(chosen, false).catch(report));
    await select(variable, true);
  });
}

/** Draws what the sliders say. */
async function drawOnce(): Promise<void> {
  if (!session) return;
  const { opened, variable: number, range, index, result } = session;
  const variable = opened.variables[number];
  if (!variable) return;
  const planes = isPicture(opened, variable) ? [0, 1, 2] : [planeNumber(variable, index)];
  const views = await engine.call('views', { variable: number, planes });
  if (session?.opened !== opened || session.variable !== number) return;
  panel.show({ opened, variable, range, absoluteBound: result?.variables[number]?.absoluteBound ?? 0, views });
}

async function save(kind: FileKind | 'page'): Promise<void> {
  const variable = session?.opened.variables[session.variable];
  if (!session || !variable) return;
  try {
    tell('');
    if (kind === 'page') download(await engine.call('page', {}));
    else download(await engine.call('save', { kind, variable: session.variable, plane: planeNumber(variable, session.index) }));
  } catch (error) {
    report(error);
  }
}

/** Where the GPU was given up; once, since the other half of the work met the same. */
function tellFallback(result: Result | undefined): void {
  const fallback = result?.encodeRan?.fallback ?? result?.decodeRan.fallback;
  if (fallback !== undefined) tell(`The CPU did the work, with the same result, because of the GPU: ${fallback}`, false);
}

function busy(is: boolean): void {
  byId('main', HTMLElement).ariaBusy = String(is);
}

function report(error: unknown): void {
  const { code, refusal } = error instanceof EngineError ? error : { code: '' };
  if (refusal && session) {
    const { opened } = session;
    showRefusal(opened, refusal, form.sharing([]).map((number) => opened.variables[number]!));
  } else if (code === 'cancelled' || (error instanceof DOMException && error.name === 'AbortError')) tell('Cancelled. Nothing was changed.', false);
  else if (code === 'model-unavailable') tell(`this archive cannot be opened without the network it was made with. If you have its .dcm file, drop it here first. In detail: ${(error as EngineError).message}`);
  else tell(error instanceof Error ? error.message : String(error), true);
}
