/** What came out: sizes, times, the verdict, a line per variable, and the ways to save. */
import type { Comparison, Ran, Variable, VariableReport } from 'deepcomp';
import { bytes, number, quantity, rate, seconds, shape, unit, whole } from '../format.ts';
import { formatOf, type Base, type FileKind, type Opened, type Result } from '../protocol.ts';
import { certificateSentence, kept, showCertificates } from './certificates.ts';
import { byId, make } from './dom.ts';
import { showDoubts } from './doubts.ts';

export function watchSaves(onSave: (kind: FileKind | 'page') => void): void {
  byId('save-archive', HTMLButtonElement).addEventListener('click', () => onSave('archive'));
  byId('save-page', HTMLButtonElement).addEventListener('click', () => onSave('page'));
  byId('save-file', HTMLButtonElement).addEventListener('click', () => onSave(byId('save-format', HTMLSelectElement).value as FileKind));
}

export function showResult(opened: Opened, result: Result | undefined, selected: number): void {
  byId('nothing-yet', HTMLElement).hidden = result !== undefined;
  byId('archive', HTMLElement).hidden = byId('details', HTMLElement).hidden = result === undefined;
  byId('verdict', HTMLElement).hidden = result === undefined;
  showDoubts(result?.variables ?? []);
  const raw = opened.variables.reduce((sum, v) => sum + v.bytes, 0);
  byId('raw-size', HTMLElement).textContent = `${whole(opened.fileBytes)} bytes, not compressed yet`;
  if (!result) return;
  showSizes(result);
  showFigures(raw, result, opened.variables[selected], result.variables[selected]);
  showVerdict(opened, result, selected);
  showCertificates(result.variables, opened.variables, result.comparisons);
  showFormats(opened, opened.variables[selected]);
}

/** The file on disk and the archive: what a person has before and after. */
function showSizes({ fileBytes, archiveBytes }: Result): void {
  byId('gain', HTMLElement).hidden = byId('bars', HTMLElement).hidden = fileBytes === undefined;
  byId('sizes', HTMLElement).textContent = fileBytes === undefined ? `${whole(archiveBytes)} bytes` : `${whole(fileBytes)} → ${whole(archiveBytes)} bytes,`;
  if (fileBytes === undefined) return;
  const grew = archiveBytes > fileBytes;
  byId('ratio', HTMLElement).textContent = grew ? '' : `${(fileBytes / Math.max(1, archiveBytes)).toFixed(2)} ×`;
  byId('ratio-note', HTMLElement).textContent = grew ? 'larger than the file' : 'smaller';
  const width = (size: number) => `${(100 * size) / Math.max(1, fileBytes, archiveBytes)}%`;
  byId('raw-bar', HTMLElement).style.width = width(fileBytes);
  byId('packed-bar', HTMLElement).style.width = width(archiveBytes);
}

/** The formats to save in: first that of the source, then what the variable shown can be. */
function showFormats(opened: Opened, variable: Variable | undefined): void {
  const select = byId('save-format', HTMLSelectElement);
  const chosen = select.value;
  const others = opened.format === 'file' ? [] : opened.formats.filter(({ saves, text }) => saves !== undefined && (text || variable?.dataType !== 'char'));
  const options = [['original', `As it was (${formatOf(opened).returned})`], ...others.map(({ name, title }) => [name, title] as const)] as const;
  select.replaceChildren(...options.map(([value, textContent]) => make('option', { value, textContent, selected: value === chosen })));
}

function showFigures(raw: number, result: Result, variable: Variable | undefined, report: VariableReport | undefined): void {
  const { archiveBytes, comment, encodeSeconds, decodeSeconds, version } = result;
  const time = (value: number) => `${seconds(value)} · ${rate(raw, value)}`;
  const list: [string, string][] = [['Values', `${bytes(raw)} → ${bytes(archiveBytes)}, ratio ${number(raw / Math.max(1, archiveBytes), 3)}`]];
  if (report && report.bound.kind !== 'lossless') list.push(['Mean error', bias(report, unit(variable?.units))], ['Kept exactly', kept(report) || 'no value in particular']);
  if (encodeSeconds !== undefined) list.push(['Encoding', time(encodeSeconds)]);
  list.push(['Decoding', time(decodeSeconds)]);
  list.push(['Ran on', ranOn(result)]);
  list.push(['Predictor', predictors(result)]);
  const base = report && variable && !variable.coordinate && variable.dataType !== 'char' ? baseLayer(report, result.base) : undefined;
  if (base !== undefined) list.push(['Base layer', base]);
  if (encodeSeconds === undefined) list.push(['Format', `version ${version}`]);
  if (comment !== undefined) list.push(['Comment', comment]);
  byId('figures', HTMLElement).replaceChildren(...list.flatMap(([name, text]) => [make('dt', { textContent: name }), make('dd', { textContent: text })]));
}

/** The mean error, and as a part of what it is the mean of. */
function bias({ meanError, bias = 0 }: VariableReport, units: string): string {
  const part = bias > 0 ? ` (${number(100 * Math.sign(meanError) * bias, 2)}\u202f% of the mean magnitude)` : '';
  return `${quantity(meanError, units, 3)}${part}`;
}

/** What did the work: one line where encoding and decoding agree. */
function ranOn({ encodeRan, decodeRan }: Result): string {
  const [encoded, decoded] = [encodeRan && processors(encodeRan), processors(decodeRan)];
  return encoded === undefined || encoded === decoded ? decoded : `${encoded}; decoded on ${decoded}`;
}

function processors({ backend, workers, adapter }: Ran): string {
  const cpu = workers === 0 ? 'the CPU' : `${workers} CPU worker${workers > 1 ? 's' : ''}`;
  if (backend === 'cpu') return cpu;
  return `WebGPU (${adapter ?? 'unnamed'})${workers > 0 ? ` and ${cpu}` : ''}`;
}

/** The networks that decoding takes, by name and hash. */
function predictors({ variables, models }: Result): string {
  const needed = [...new Set(variables.map((v) => v.model))].filter((id) => id !== undefined);
  return needed.length === 0 ? 'classical' : `network ${needed.map((id) => `${models.find((m) => m.id === id)?.name ?? ''} (${id})`).join(', ')}`;
}

/** What the base layers of a variable cost and gain; nothing where they were not wanted, or where that is not known. */
function baseLayer({ base, archiveBytes }: VariableReport, wanted: Base | undefined): string | undefined {
  if (!base) return wanted === 'auto' ? 'not tried: no gain expected at this bound' : wanted === 'always' ? 'none can be had here' : undefined;
  if (base.chunks === 0) return 'tried, does not pay here';
  const size = `${bytes(base.bytes)}${base.chunks < base.tried ? ` in ${base.chunks} of ${base.tried} parts` : ''}`;
  if (base.saved < 0) return `${size}, costs ${bytes(-base.saved)} more than it saves`;
  return base.saved === 0 ? `${size}, saves as much as it costs` : `${size}, saves ${bytes(base.saved)} (${number((100 * base.saved) / (archiveBytes + base.saved), 2)}\u202f%)`;
}

function showVerdict({ variables }: Opened, result: Result, selected: number): void {
  const element = byId('verdict', HTMLElement);
  const broken = result.variables.findIndex((report, i) => !holds(report, result.comparisons?.[i]));
  const index = broken >= 0 ? broken : selected;
  const [variable, report] = [variables[index], result.variables[index]];
  element.classList.toggle('broken', broken >= 0);
  element.classList.toggle('coarse', broken < 0 && result.variables.some(({ coarse }) => coarse !== undefined));
  if (!variable || !report) return;
  const several = variables.filter((v) => !v.coordinate).length > 1;
  element.textContent = sentence(variable, report, result.comparisons?.[index], several);
}

/** Whether a variable came back as promised: measured against the source when it is at hand, certified otherwise. */
function holds(report: VariableReport, comparison: Comparison | undefined): boolean {
  if (!comparison) return true;
  if (!comparison.missingEqual) return false;
  const { kind, value } = report.bound;
  if (kind === 'pointwise') return comparison.maxPointwiseError <= value;
  return kind === 'lossless' ? comparison.bitIdentical : comparison.maxAbsError <= report.absoluteBound;
}

function sentence(variable: Variable, report: VariableReport, comparison: Comparison | undefined, several: boolean): string {
  if (!comparison) return certificateSentence(variable, report);
  const units = unit(variable.units);
  const all = `all ${shape(variable.shape)} values`;
  const bound = quantity(report.absoluteBound, units);
  if (!comparison.missingEqual) return `${variable.name}: missing values did not come back as they were. Do not use this archive, and report it.`;
  if (report.absoluteBound === 0) {
    return comparison.bitIdentical ? `No error: ${all} of ${variable.name} came back bit for bit${several ? '; every other variable keeps its bound' : ''}.` : `${variable.name} was to be lossless but differs. Do not use this archive, and report it.`;
  }
  const error = quantity(comparison.maxAbsError, units);
  if (report.bound.kind === 'pointwise') return pointwiseSentence(variable, report, comparison, several);
  if (comparison.maxAbsError > report.absoluteBound) return `Largest error ${quantity(comparison.maxAbsError, units, 9)} > ${bound}: the bound does not hold on ${variable.name}. Do not use this archive, and report it.`;
  const missing = report.missing > 0 ? ' Missing values stayed missing.' : '';
  return `Largest error ${error} ≤ ${bound}: the bound holds on ${all}${several ? ', and on every other variable' : ''}.${missing}`;
}

/** Of a bound relative to each value. */
function pointwiseSentence(variable: Variable, report: VariableReport, comparison: Comparison, several: boolean): string {
  const [found, allowed] = [comparison.maxPointwiseError, report.bound.value].map((share) => `${number(100 * share!)} %`);
  if (comparison.maxPointwiseError > report.bound.value) return `Largest error ${found} of a value > ${allowed}: the bound does not hold on ${variable.name}. Do not use this archive, and report it.`;
  return `Largest error ${found} ≤ ${allowed} of each value: the bound holds on all ${shape(variable.shape)} values${several ? ', and on every other variable' : ''}.`;
}
