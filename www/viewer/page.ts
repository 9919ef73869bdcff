/** The page around an archive: what is open, and who shows it. The work is done in the worker. */
import type { FormatInfo, Variable } from 'deepcomp';
import { Engine, EngineError, type CallOptions } from '../engine.ts';
import { bytes, number, seconds, whole } from '../format.ts';
import { formatOf, type FileKind, type Look, type Opened } from '../protocol.ts';
import { certificateSentence, showCertificates } from '../ui/certificates.ts';
import { byId, make } from '../ui/dom.ts';
import { showDoubts } from '../ui/doubts.ts';
import { download } from '../ui/download.ts';
import { showFilesInside, watchFilesInside } from '../ui/inside.ts';
import { latest } from '../ui/latest.ts';
import { tell } from '../ui/message.ts';
import { firstVariable, showVariables } from '../ui/variables.ts';
import { isPicture, planeNumber, showSliders, ViewPanel } from '../ui/views.ts';
import { starter } from './engineers.ts';
import { DamagedPage, takePart, takeParts, type Part } from './parts.ts';

interface Session {
  opened: Opened;
  variable: number;
  range: Look;
  /** Position along each leading dimension of the variable. */
  index: number[];
}

/** Opens the archive in this page; `script` is what its worker runs. */
export async function openPage(script: string): Promise<void> {
  byId('unstarted', HTMLElement).remove();
  try {
    const archive = takePart('archive');
    const [formats] = takeParts('formats');
    const equipment = { module: takePart('module').bytes, ...(formats && { formats: formats.bytes }), weights: takeParts('weights').map((part) => part.bytes) };
    await new Viewer(archive, formats !== undefined, new Engine(await starter(script, equipment))).open();
  } catch (error) {
    document.body.classList.add('failed');
    tell(reasonOf(error));
  } finally {
    byId('main', HTMLElement).ariaBusy = 'false';
  }
}

/** What went wrong, and what to do about it. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  if (error instanceof DamagedPage) return `${text}. The data cannot be shown: ask for the file again`;
  const { code } = error instanceof EngineError ? error : { code: '' };
  const damaged = ['not-an-archive', 'truncated', 'corrupt', 'checksum-mismatch'].includes(code);
  return damaged ? `the archive in this file is damaged, and nothing of it can be shown (${text}). Ask for the file again` : text;
}

class Viewer {
  readonly #panel = new ViewPanel({ caption: 'Values' });
  readonly #draw = latest(() => this.#drawOnce(), (error) => tell(reasonOf(error)));
  #session: Session | undefined;

  /** `writesAll` says whether the module of the heavy formats is in this page. */
  constructor(readonly archive: Part, readonly writesAll: boolean, readonly engine: Engine) {
    watchFilesInside((file) => void this.#show((options) => engine.call('openFile', { file, backend: 'cpu' }, options)).catch((error: unknown) => tell(reasonOf(error))));
  }

  open(): Promise<void> {
    const { name, bytes: content } = this.archive;
    document.title = name;
    byId('title', HTMLElement).textContent = name;
    return this.#show((options) => this.engine.call('open', { file: new Blob([content]), name, backend: 'cpu' }, options));
  }

  /** Shows what `load` gives, and meanwhile how far it is. */
  async #show(load: (options: CallOptions) => Promise<Opened>): Promise<void> {
    const progress = byId('progress', HTMLElement);
    const bar = byId('bar', HTMLProgressElement);
    tell('');
    [progress.hidden, bar.value] = [false, 0];
    byId('main', HTMLElement).ariaBusy = 'true';
    const onPreview: CallOptions['onPreview'] = (preview) => {
      byId('content', HTMLElement).hidden = false;
      this.#panel.preview(preview);
    };
    try {
      const opened = await load({ onProgress: (_, fraction) => (bar.value = fraction), onPreview });
      for (const id of ['content', 'save', 'details', 'about']) byId(id, HTMLElement).hidden = false;
      this.#session = { opened, variable: firstWhole(opened), range: { missing: 0 }, index: [] };
      this.#describe(opened);
      await this.#select(this.#session.variable);
    } finally {
      progress.hidden = true;
      byId('main', HTMLElement).ariaBusy = 'false';
    }
  }

  /** All that does not depend on which variable is shown. */
  #describe(opened: Opened): void {
    const { fileName, result, files, damage } = opened;
    const reports = result?.variables ?? [];
    const several = (files?.names.length ?? 0) > 1;
    const raw = reports.reduce((sum, { rawBytes }) => sum + rawBytes, 0);
    const size = opened.fileBytes;
    const held = several ? `${whole(files!.names.length)} files` : fileName;
    byId('summary', HTMLElement).textContent = `${held} in a DeepComp archive of ${bytes(this.archive.bytes.length)}, ready to look at and to save. Nothing leaves this device.`;
    showFilesInside(opened);
    showVariables(opened, this.#session!.variable, (chosen) => void this.#select(chosen).catch((error: unknown) => tell(reasonOf(error))));
    showCertificates(reports, opened.variables, [], damage);
    const facts: [string, string][] = [
      ['Archive', `${this.archive.name}, ${whole(this.archive.bytes.length)} bytes, format ${result?.version ?? ''}`],
      ...(result?.comment === undefined ? [] : [['Comment', result.comment] as [string, string]]),
      [several ? 'Shown' : 'Holds', `${fileName}, ${whole(size)} bytes${result?.fileBytes === undefined ? ' of values' : ''}`],
      ['Compressed to', `${whole(result?.archiveBytes ?? 0)} bytes${size > (result?.archiveBytes ?? size) ? `, ${number(size / Math.max(1, result!.archiveBytes), 3)} times smaller` : ''}`],
      ['Decoded here', `${bytes(raw)} in ${seconds(result?.decodeSeconds ?? 0)}${(result?.decodeRan.workers ?? 0) > 1 ? ` by ${result!.decodeRan.workers} workers` : ''}`],
    ];
    byId('facts', HTMLElement).replaceChildren(...facts.flatMap(([name, text]) => [make('dt', { textContent: name }), make('dd', { textContent: text })]));
    showDamage(opened);
    showDoubts(reports, false);
  }

  async #select(number: number): Promise<void> {
    const session = this.#session!;
    const { opened } = session;
    const variable = opened.variables[number];
    this.#showSaves(opened, number);
    if (!variable) return this.#panel.clear('This file holds no variables.');
    const nothing = whyNothing(opened, number);
    const range: Look = nothing === undefined ? await this.engine.call('look', { variable: number }) : { missing: 0 };
    if (this.#session !== session) return;
    Object.assign(session, { variable: number, range, index: variable.shape.slice(0, -2).map(() => 0) });
    showVerdict(opened, number);
    showAttributes(variable);
    if (nothing === undefined) {
      showSliders(opened, variable, session.index, () => void this.#draw());
      await this.#draw();
    } else {
      byId('sliders', HTMLElement).replaceChildren();
      this.#panel.clear(nothing);
    }
  }

  async #drawOnce(): Promise<void> {
    const { opened, variable: number, range, index } = this.#session!;
    const variable = opened.variables[number];
    if (!variable) return;
    const planes = isPicture(opened, variable) ? [0, 1, 2] : [planeNumber(variable, index)];
    const views = await this.engine.call('views', { variable: number, planes });
    if (this.#session?.opened !== opened || this.#session.variable !== number) return;
    this.#panel.show({ opened, variable, range, absoluteBound: opened.result?.variables[number]?.absoluteBound ?? 0, views });
  }

  /** A button for everything that can be saved. */
  #showSaves(opened: Opened, number: number): void {
    const { fileName, format, formats, damage } = opened;
    const variable = opened.variables[number];
    const readable = variable !== undefined && damage?.[number] === undefined;
    const own = formatOf(opened);
    const original = (own.here || this.writesAll) && damage === undefined;
    const buttons = [this.#button('archive', this.archive.name, `the archive, ${bytes(this.archive.bytes.length)}`, 'primary wide')];
    if (original) buttons.push(this.#button('original', fileName, format === 'file' ? 'the file, byte for byte' : own.returned === own.title ? 'the file, as it was' : `the file, as ${own.returned}`, 'wide'));
    const holds: Record<NonNullable<FormatInfo['saves']>, string> = { dataset: 'everything', variable: variable?.name ?? '', plane: 'this map' };
    for (const { name, title, saves, text, here } of format === 'file' ? [] : formats) {
      const fits = saves === 'dataset' ? damage === undefined : readable && (text || variable.dataType !== 'char');
      if (saves !== undefined && (here || this.writesAll) && fits) buttons.push(this.#button(name as FileKind, title, holds[saves], ''));
    }
    byId('saves', HTMLElement).replaceChildren(...buttons);
    const unsaved = byId('unsaved', HTMLElement);
    unsaved.hidden = original;
    unsaved.textContent = damage
      ? 'Only what is whole can be saved; the archive is saved as it is, damage included.'
      : `${fileName} as it was is ${own.returned}, which this page was made without: DeepComp brings it out of the archive. All of its values can be saved here.`;
  }

  #button(kind: FileKind, title: string, what: string, className: string): HTMLButtonElement {
    const button = make('button', { type: 'button', className }, title, make('small', { textContent: what }));
    button.dataset.kind = kind;
    button.addEventListener('click', () => void this.#save(kind, button));
    return button;
  }

  async #save(kind: FileKind, button: HTMLButtonElement): Promise<void> {
    const { opened, variable: number, index } = this.#session!;
    const variable = opened.variables[number];
    tell('');
    button.disabled = true;
    try {
      if (kind === 'archive') download({ bytes: this.archive.bytes, fileName: this.archive.name });
      else download(await this.engine.call('save', { kind, variable: number, plane: variable ? planeNumber(variable, index) : 0 }));
    } catch (error) {
      tell(reasonOf(error));
    } finally {
      button.disabled = false;
      button.focus();
    }
  }
}

/** The variable to show first, if it can be. */
function firstWhole(opened: Opened): number {
  const best = firstVariable(opened.variables);
  const { damage } = opened;
  return damage?.[best] === undefined ? best : Math.max(0, opened.variables.findIndex((v, i) => damage[i] === undefined && !v.coordinate));
}

/** Why a variable has no map. */
function whyNothing({ variables, format, damage }: Opened, number: number): string | undefined {
  const { name, dataType, bytes: size } = variables[number]!;
  if (damage?.[number] !== undefined) return `${name} is damaged and cannot be shown.`;
  if (format === 'file') return 'This file is kept byte for byte; there is nothing to draw.';
  return dataType === 'char' || size === 0 ? `${name}: ${size > 0 ? 'text, kept exactly' : 'no values'}` : undefined;
}

/** That all is well, in a sentence about the variable that is shown. */
function showVerdict({ variables, result, format, damage }: Opened, number: number): void {
  const element = byId('verdict', HTMLElement);
  const [variable, report] = [variables[number], result?.variables[number]];
  element.hidden = damage !== undefined || !variable || !report;
  if (!variable || !report) return;
  element.textContent = format === 'file' ? 'Checksum verified: the file is here as it was, byte for byte.' : certificateSentence(variable, report);
}

/** What is damaged, and that the rest is not. */
function showDamage({ variables, damage = [] }: Opened): void {
  const list = byId('damage', HTMLUListElement);
  const lost = variables.flatMap(({ name }, i) => (damage[i] === undefined ? [] : [`${name}: ${damage[i]}`]));
  list.hidden = lost.length === 0;
  const rest = variables.length - lost.length;
  const first = `This file was damaged on its way: ${lost.length} of ${variables.length} variables cannot be shown. ${rest > 0 ? 'The others are whole, each checked. ' : ''}Ask for the file again.`;
  list.replaceChildren(...[first, ...lost].map((textContent) => make('li', { className: 'doubt', textContent })));
}

function showAttributes({ name, attributes }: Variable): void {
  const all = Object.entries(attributes);
  byId('attributes', HTMLElement).hidden = all.length === 0;
  byId('attributes-title', HTMLElement).textContent = `What the file says of ${name}`;
  const text = (value: unknown) => (Array.isArray(value) ? value.map((v) => number(Number(v), 7)).join(', ') : typeof value === 'number' ? number(value, 7) : String(value));
  byId('attributes-list', HTMLElement).replaceChildren(...all.flatMap(([key, value]) => [make('dt', { textContent: key }), make('dd', { textContent: text(value) })]));
}
