/** The maps of one variable side by side, the sliders through its planes, colour bars and the value under the cursor. */
import type { Plane, Range, Variable } from 'deepcomp';
import { label } from '../coordinates.ts';
import { quantity, sentence, number, unit } from '../format.ts';
import { showColourBar } from '../plot/colour-bar.ts';
import { DIVERGING, GREY, SEQUENTIAL, type Scale } from '../plot/colours.ts';
import { hatch, PlaneMap, type Content, type Cursor } from '../plot/map.ts';
import { formatOf, type Axis, type Opened, type Preview, type Views } from '../protocol.ts';
import { byId, make } from './dom.ts';

const NAMES = ['original', 'decoded', 'error'] as const;
type Name = (typeof NAMES)[number];

/** What the second map shows: all that came back, its base layer, or what was added to that. */
type Layer = 'decoded' | 'base' | 'detail';
const LAYERS: Record<Layer, { caption: string; label: string }> = {
  decoded: { caption: 'Reconstruction', label: 'Map of the values decoded from the archive.' },
  base: { caption: 'Base layer', label: 'Map of what the base layer draws.' },
  detail: { caption: 'Whole − base', label: 'Map of the detail, reconstruction minus base layer.' },
};

/** What tells a map alone from several side by side. */
interface Only {
  /** What its values are called. */
  caption: string;
}

/** What is shown: a variable of a file, and for the error map the bound it was compressed with. */
export interface Shown {
  opened: Opened;
  variable: Variable;
  range: Range;
  absoluteBound: number;
  views: Views;
}

/** Whether a variable is a colour picture, of shape (channel, y, x). */
export function isPicture(opened: Opened, variable: Variable): boolean {
  return formatOf(opened).picture && variable.shape.length === 3 && variable.shape[0]! >= 3;
}

export class ViewPanel {
  readonly #maps: Partial<Record<Name, PlaneMap>>;
  readonly #names: readonly Name[];
  #shown: Shown | undefined;
  #cursor: Cursor | undefined;
  /** The choice of a person; planes without a base layer show the whole. */
  #layer: Layer = 'decoded';

  /** All maps, or only that of what was decoded, on a page that has no other. */
  constructor(readonly only?: Only) {
    this.#names = only ? ['decoded'] : NAMES;
    this.#maps = Object.fromEntries(this.#names.map((name) => [name, new PlaneMap(part(name, 'canvas'), (cursor) => this.#point(cursor))]));
    byId('layers', HTMLFieldSetElement).addEventListener('change', ({ target }) => {
      this.#layer = (target as HTMLInputElement).value as Layer;
      if (this.#shown) this.show(this.#shown);
    });
    this.#drawSwatch();
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#drawSwatch());
  }

  show(shown: Shown): void {
    this.#shown = shown;
    const { opened, variable, views } = shown;
    const units = unit(variable.units);
    byId('views-title', HTMLElement).textContent = [sentence(variable.longName ?? variable.name), units && `(${units})`].filter(Boolean).join(' ');
    const single = opened.result !== undefined;
    byId('maps', HTMLElement).classList.toggle('single', single);
    byId('sliders', HTMLElement).hidden = false;
    byId('layers', HTMLElement).hidden = views.base === undefined;
    const layer = this.#secondMap;
    part('decoded', 'figcaption').textContent = layer === 'decoded' && this.only ? this.only.caption : LAYERS[layer].caption;
    part('decoded', 'canvas').ariaLabel = `${LAYERS[layer].label} The arrow keys move the cursor.`;
    for (const name of this.#names) {
      const planes = this.#planes(name);
      byId(name, HTMLElement).hidden = single && name !== 'decoded';
      part(name, 'canvas').hidden = planes === undefined;
      part(name, '.placeholder').hidden = planes !== undefined;
      this.#maps[name]?.show(planes && this.#content(name, planes));
      showColours(name, planes && !(isPicture(opened, variable) && !this.#signed(name)) ? this.#scale(name) : undefined, units, this.#signed(name));
    }
    byId('legend', HTMLElement).hidden = !((views.original ?? views.decoded)?.[0]?.missing ?? 0);
    if (!this.only) part('error', 'figcaption').replaceChildren('Error ', make('span', { textContent: views.error ? 'reconstruction − original' : '' }));
    if (this.#cursor && this.#cursor.row < (this.#height ?? 0) && this.#cursor.column < (this.#width ?? 0)) this.#point(this.#cursor);
    else this.#point(undefined);
  }

  /** Shows what an archive that is being decoded has to show at once. What the axes mean is not known yet. */
  preview({ fileName, variable, plane }: Preview): void {
    this.#shown = undefined;
    this.#point(undefined);
    byId('views-title', HTMLElement).textContent = `${variable} in ${fileName}`;
    byId('maps', HTMLElement).classList.add('single');
    byId('sliders', HTMLElement).hidden = byId('layers', HTMLElement).hidden = true;
    byId('legend', HTMLElement).hidden = plane.missing === 0;
    byId('readout', HTMLElement).textContent = '';
    for (const name of this.#names) byId(name, HTMLElement).hidden = name !== 'decoded';
    part('decoded', 'figcaption').replaceChildren('Preview from the base layer ', make('span', { textContent: 'rows as stored; the rest is being decoded' }));
    part('decoded', '.placeholder').hidden = true;
    const canvas = part('decoded', 'canvas');
    canvas.hidden = false;
    canvas.ariaLabel = LAYERS.base.label;
    const scale = { table: /\.png$/i.test(fileName) ? GREY : SEQUENTIAL, ...extent(plane, undefined) };
    this.#maps.decoded?.show({ planes: [plane], scale, picture: false, axes: { row: undefined, column: undefined } });
    showColours('decoded', scale, '', false);
  }

  /** Text variables and empty arrays have no map. */
  clear(why: string): void {
    this.#shown = undefined;
    byId('views-title', HTMLElement).textContent = why;
    byId('sliders', HTMLElement).hidden = false;
    byId('legend', HTMLElement).hidden = true;
    byId('readout', HTMLElement).textContent = '';
    for (const name of this.#names) {
      byId(name, HTMLElement).hidden = true;
      this.#maps[name]?.show(undefined);
    }
  }

  get #height(): number | undefined {
    return (this.#shown?.views.original ?? this.#shown?.views.decoded)?.[0]?.height;
  }

  get #width(): number | undefined {
    return (this.#shown?.views.original ?? this.#shown?.views.decoded)?.[0]?.width;
  }

  /** What the second map shows of this plane. */
  get #secondMap(): Layer {
    return this.#shown?.views.base ? this.#layer : 'decoded';
  }

  #planes(name: Name): Plane[] | undefined {
    return this.#shown?.views[name === 'decoded' ? this.#secondMap : name];
  }

  /** Whether a map shows differences. */
  #signed(name: Name): boolean {
    return name === 'error' || (name === 'decoded' && this.#secondMap === 'detail');
  }

  #axes(): Content['axes'] {
    const { opened, variable } = this.#shown!;
    const axis = (back: number) => opened.axes[variable.dimensions.at(-back) ?? ''];
    return { row: variable.shape.length > 1 ? axis(2) : undefined, column: axis(1) };
  }

  #scale(name: Name): Scale {
    const { opened, range, absoluteBound, views } = this.#shown!;
    if (!this.#signed(name)) return { table: formatOf(opened).picture ? GREY : SEQUENTIAL, ...extent(range, (views.original ?? views.decoded)?.[0]) };
    const largest = Math.max(0, ...(this.#planes(name) ?? []).flatMap((p) => [Math.abs(p.min ?? 0), Math.abs(p.max ?? 0)]));
    const end = (name === 'error' && absoluteBound) || largest;
    return { table: DIVERGING, min: -end, max: end };
  }

  #content(name: Name, planes: Plane[]): Content {
    const { opened, variable } = this.#shown!;
    const picture = isPicture(opened, variable);
    if (!picture) return { planes, scale: this.#scale(name), picture, axes: this.#axes() };
    if (this.#signed(name)) return { planes: [strongest(planes)], scale: this.#scale(name), picture: false, axes: this.#axes() };
    return { planes, scale: { table: GREY, min: 0, max: variable.dataType === 'uint16' ? 65535 : 255 }, picture, axes: this.#axes() };
  }

  #point(cursor: Cursor | undefined): void {
    this.#cursor = cursor;
    for (const name of this.#names) this.#maps[name]!.cursor = cursor;
    const readout = byId('readout', HTMLElement);
    if (!this.#shown) return;
    if (!cursor) {
      readout.replaceChildren(make('span', { className: 'hint', textContent: `Point at ${this.only ? 'the map, tap it' : 'a map'}, or move through it with the arrow keys, to read values.` }));
      return;
    }
    const { views, variable } = this.#shown;
    const layered = this.#secondMap !== 'decoded';
    const parts = [
      ['original', views.original, false],
      ['reconstruction', views.decoded, false],
      ['base', layered ? views.base : undefined, false],
      ['detail', layered ? views.detail : undefined, true],
      ['error', views.error, true],
    ] as const;
    const alone = this.only !== undefined && !layered;
    const texts = parts.flatMap(([name, planes, signed]) => (planes ? [`${alone ? '' : `${name} `}${this.#value(planes, cursor, unit(variable.units), signed)}`] : []));
    readout.replaceChildren(make('b', { textContent: this.#place(cursor) }), ` · ${texts.join(' · ')}`);
  }

  #value(planes: Plane[], { row, column }: Cursor, units: string, signed: boolean): string {
    const values = planes.map(({ values, width }) => values[row * width + column] ?? NaN);
    if (values.every(Number.isNaN)) return 'missing';
    const sign = signed && values.some((v) => v > 0) ? '+' : '';
    return values.length === 1 ? sign + quantity(values[0]!, units, signed ? 3 : 6) : values.map((v) => number(v, 5)).join(', ');
  }

  #place({ row, column }: Cursor): string {
    const { row: rows, column: columns } = this.#axes();
    const known = (axis: Axis | undefined, name: string, index: number) => (axis ? label(axis, index) : `${name} ${index}`);
    const place = known(columns, 'column', column);
    return this.#shown!.variable.shape.length > 1 ? `${known(rows, 'row', row)}, ${place}` : place;
  }

  #drawSwatch(): void {
    const canvas = byId('swatch', HTMLCanvasElement);
    const context = canvas.getContext('2d');
    const style = getComputedStyle(canvas);
    if (context) hatch(context, { x: 0, y: 0, width: canvas.width, height: canvas.height }, style.getPropertyValue('--missing'), style.getPropertyValue('--missing-line'));
  }
}

/** One scale for all planes of a variable, unless this one, such as a pressure level, would show little of it. */
function extent(whole: Range, plane: Range | undefined): { min: number; max: number } {
  const { min = 0, max = 0 } = whole;
  const { min: low = min, max: high = max } = plane ?? {};
  return high > low && 4 * (high - low) < max - min ? { min: low, max: high } : { min, max };
}

/** The channel that errs most, sample by sample. */
function strongest(planes: Plane[]): Plane {
  const [first, ...rest] = planes as [Plane, ...Plane[]];
  const values = first.values.slice();
  for (const plane of rest) plane.values.forEach((v, i) => Math.abs(v) > Math.abs(values[i]!) && (values[i] = v));
  return { ...first, values };
}

function part<K extends string>(figure: Name, selector: K): K extends 'canvas' ? HTMLCanvasElement : HTMLElement {
  const element = byId(figure, HTMLElement).querySelector(selector);
  if (!element) throw new Error(`index.html has no ${selector} in ${figure}`);
  return element as K extends 'canvas' ? HTMLCanvasElement : HTMLElement;
}

function showColours(name: Name, scale: Scale | undefined, units: string, difference: boolean): void {
  const bar = part(name, '.colour-bar');
  bar.hidden = scale === undefined;
  if (!scale) return;
  const middle = (scale.min + scale.max) / 2;
  const signed = (v: number) => (difference && v > 0 ? '+' : '') + quantity(v, units, 3);
  showColourBar(bar, scale, scale.min === scale.max ? [scale.min === 0 && difference ? (name === 'error' ? 'no error anywhere' : 'no detail') : signed(scale.min)] : [scale.min, middle, scale.max].map(signed));
}

/** A slider for every leading dimension; calls back with the index along each. */
export function showSliders(opened: Opened, variable: Variable, index: number[], onMove: (index: number[]) => void): void {
  const leading = isPicture(opened, variable) ? [] : variable.shape.slice(0, -2);
  const sliders = leading.flatMap((length, d) => {
    if (length < 2) return [];
    const name = variable.dimensions[d] ?? '';
    const output = make('output');
    const input = make('input', { type: 'range', min: '0', max: String(length - 1), value: String(index[d] ?? 0), id: `slider-${d}` });
    const tell = () => {
      const text = label(opened.axes[name], Number(input.value));
      input.setAttribute('aria-valuetext', text);
      output.textContent = opened.axes[name] ? `${text} (${Number(input.value) + 1}/${length})` : `${text} of ${length}`;
    };
    input.addEventListener('input', () => {
      index[d] = Number(input.value);
      tell();
      onMove(index);
    });
    tell();
    return [make('div', { className: 'slider' }, make('label', { htmlFor: input.id, textContent: name }), input, output)];
  });
  byId('sliders', HTMLElement).replaceChildren(...sliders);
}

/** Number of the plane at an index along every leading dimension. */
export function planeNumber({ shape }: Variable, index: number[]): number {
  return shape.slice(0, -2).reduce((number, length, d) => number * length + (index[d] ?? 0), 0);
}
