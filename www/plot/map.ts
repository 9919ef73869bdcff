/**
 * A plane as a map on a canvas: colours, a hatch where values are missing, labels along latitude and longitude, and a cursor that is
 * moved with the pointer or the arrow keys. What to show at the cursor is for whoever listens.
 */
import type { Plane } from 'deepcomp';
import { isSouthFirst, ticks } from '../coordinates.ts';
import type { Axis } from '../protocol.ts';
import { colourAt, type Scale } from './colours.ts';

export interface Cursor {
  row: number;
  column: number;
}

export interface Content {
  /** One plane, or the red, green and blue of a picture. */
  planes: Plane[];
  /** How to colour one plane; for a picture, its largest value. */
  scale: Scale;
  picture: boolean;
  axes: { row: Axis | undefined; column: Axis | undefined };
}

interface Frame {
  x: number;
  y: number;
  width: number;
  height: number;
}

export class PlaneMap {
  #content: Content | undefined;
  #image: HTMLCanvasElement | undefined;
  #cursor: Cursor | undefined;
  #ratio = 1;

  constructor(readonly canvas: HTMLCanvasElement, onCursor: (cursor: Cursor | undefined) => void) {
    new ResizeObserver(() => this.#draw()).observe(canvas);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#draw());
    canvas.addEventListener('pointermove', (event) => onCursor(this.#under(event)));
    canvas.addEventListener('pointerdown', (event) => onCursor(this.#under(event)));
    // A finger that is lifted leaves too, and what it pointed at is to be read then.
    canvas.addEventListener('pointerleave', ({ pointerType }) => pointerType !== 'touch' && canvas !== document.activeElement && onCursor(undefined));
    canvas.addEventListener('focus', () => canvas.matches(':focus-visible') && onCursor(this.#cursor ?? this.#moved(0, 0)));
    canvas.addEventListener('blur', () => onCursor(undefined));
    canvas.addEventListener('keydown', (event) => {
      const step = event.shiftKey ? 10 : 1;
      const [down, right] = { ArrowUp: [-step, 0], ArrowDown: [step, 0], ArrowLeft: [0, -step], ArrowRight: [0, step] }[event.key] ?? [];
      if (down === undefined || right === undefined) return;
      event.preventDefault();
      onCursor(this.#moved(down, right));
    });
  }

  show(content: Content | undefined): void {
    this.#content = content;
    this.#image = content && render(content);
    const plane = content?.planes[0];
    if (plane) this.canvas.style.aspectRatio = String(Math.min(2.6, Math.max(0.9, plane.width / plane.height)));
    this.#draw();
  }

  set cursor(cursor: Cursor | undefined) {
    this.#cursor = cursor;
    this.#draw();
  }

  get #flipped(): boolean {
    return isSouthFirst(this.#content?.axes.row);
  }

  #frame(): Frame {
    const { clientWidth, clientHeight } = this.canvas;
    const axes = this.#content?.axes;
    const [left, bottom] = [ticks(axes?.row).length > 0 ? 34 : 0, ticks(axes?.column).length > 0 ? 18 : 0];
    return { x: left, y: left ? 5 : 0, width: Math.max(1, clientWidth - left), height: Math.max(1, clientHeight - bottom - (left ? 5 : 0)) };
  }

  #under(event: PointerEvent): Cursor | undefined {
    const plane = this.#content?.planes[0];
    if (!plane) return undefined;
    const frame = this.#frame();
    const column = Math.floor(((event.offsetX - frame.x) / frame.width) * plane.width);
    const line = Math.floor(((event.offsetY - frame.y) / frame.height) * plane.height);
    if (column < 0 || line < 0 || column >= plane.width || line >= plane.height) return undefined;
    return { row: this.#flipped ? plane.height - 1 - line : line, column };
  }

  #moved(down: number, right: number): Cursor | undefined {
    const plane = this.#content?.planes[0];
    if (!plane) return undefined;
    const { row, column } = this.#cursor ?? { row: Math.floor(plane.height / 2), column: Math.floor(plane.width / 2) };
    const clamp = (value: number, length: number) => Math.min(length - 1, Math.max(0, value));
    return { row: clamp(row + (this.#flipped ? -down : down), plane.height), column: clamp(column + right, plane.width) };
  }

  #draw(): void {
    const { canvas } = this;
    this.#ratio = devicePixelRatio || 1;
    canvas.width = Math.max(1, Math.round(canvas.clientWidth * this.#ratio));
    canvas.height = Math.max(1, Math.round(canvas.clientHeight * this.#ratio));
    const context = canvas.getContext('2d');
    if (!context || !this.#content || !this.#image) return;
    context.scale(this.#ratio, this.#ratio);
    const frame = this.#frame();
    const style = getComputedStyle(canvas);
    hatch(context, frame, style.getPropertyValue('--missing'), style.getPropertyValue('--missing-line'));
    this.#drawImage(context, frame, this.#image);
    this.#drawTicks(context, frame, style);
    if (this.#cursor) this.#drawCursor(context, frame, this.#cursor);
  }

  #drawImage(context: CanvasRenderingContext2D, frame: Frame, image: HTMLCanvasElement): void {
    context.save();
    // Values stay visible as cells when enlarged; when reduced, neighbours are averaged.
    context.imageSmoothingEnabled = image.width > frame.width * this.#ratio;
    context.translate(frame.x, this.#flipped ? frame.y + frame.height : frame.y);
    context.scale(1, this.#flipped ? -1 : 1);
    context.drawImage(image, 0, 0, frame.width, frame.height);
    context.restore();
  }

  #drawTicks(context: CanvasRenderingContext2D, frame: Frame, style: CSSStyleDeclaration): void {
    const plane = this.#content?.planes[0];
    if (!plane || !this.#content) return;
    context.fillStyle = context.strokeStyle = style.getPropertyValue('--quiet');
    context.lineWidth = 1;
    context.font = `11px ${style.fontFamily}`;
    for (const { at, text } of ticks(this.#content.axes.row)) {
      const t = (at + 0.5) / plane.height;
      const y = frame.y + (this.#flipped ? 1 - t : t) * frame.height;
      line(context, frame.x - 4, y, frame.x, y);
      Object.assign(context, { textAlign: 'right', textBaseline: 'middle' });
      context.fillText(text, frame.x - 6, y);
    }
    let free = frame.x;
    for (const { at, text } of ticks(this.#content.axes.column)) {
      const x = frame.x + ((at + 0.5) / plane.width) * frame.width;
      const half = context.measureText(text).width / 2;
      line(context, x, frame.y + frame.height, x, frame.y + frame.height + 4);
      if (x - half < free || x + half > frame.x + frame.width) continue;
      Object.assign(context, { textAlign: 'center', textBaseline: 'top' });
      context.fillText(text, x, frame.y + frame.height + 5);
      free = x + half + 8;
    }
  }

  #drawCursor(context: CanvasRenderingContext2D, frame: Frame, { row, column }: Cursor): void {
    const plane = this.#content?.planes[0];
    if (!plane) return;
    const [width, height] = [frame.width / plane.width, frame.height / plane.height];
    const x = frame.x + (column + 0.5) * width;
    const y = frame.y + ((this.#flipped ? plane.height - 1 - row : row) + 0.5) * height;
    const [w, h] = [Math.max(width, 7), Math.max(height, 7)];
    for (const [colour, lineWidth] of [['#fff', 3.5], ['#000', 1.5]] as const) {
      Object.assign(context, { strokeStyle: colour, lineWidth });
      context.strokeRect(x - w / 2, y - h / 2, w, h);
    }
  }
}

function line(context: CanvasRenderingContext2D, x1: number, y1: number, x2: number, y2: number): void {
  context.beginPath();
  context.moveTo(x1, y1);
  context.lineTo(x2, y2);
  context.stroke();
}

/** The ground that shows through where values are missing. */
export function hatch(context: CanvasRenderingContext2D, { x, y, width, height }: Frame, ground: string, stroke: string): void {
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  context.fillStyle = ground;
  context.fillRect(x, y, width, height);
  context.strokeStyle = stroke;
  context.lineWidth = 1;
  for (let start = x - height; start < x + width; start += 6) line(context, start, y + height, start + height, y);
  context.restore();
}

/** One pixel per value, transparent where missing. */
function render({ planes, scale, picture }: Content): HTMLCanvasElement | undefined {
  const [plane] = planes;
  if (!plane || plane.width * plane.height === 0) return undefined;
  const image = new ImageData(plane.width, plane.height);
  if (picture) paintPicture(image.data, planes, scale.max);
  else paintPlane(image.data, plane, scale);
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [plane.width, plane.height];
  canvas.getContext('2d')?.putImageData(image, 0, 0);
  return canvas;
}

function paintPlane(pixels: Uint8ClampedArray, { values }: Plane, scale: Scale): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (Number.isNaN(value)) continue;
    const colour = colourAt(scale, value);
    for (let c = 0; c < 3; c++) pixels[4 * i + c] = scale.table[colour + c]!;
    pixels[4 * i + 3] = 255;
  }
}

function paintPicture(pixels: Uint8ClampedArray, channels: Plane[], max: number): void {
  const size = pixels.length / 4;
  for (let i = 0; i < size; i++) {
    for (let c = 0; c < 3; c++) pixels[4 * i + c] = ((channels[c]?.values[i] ?? 0) * 255) / max;
    pixels[4 * i + 3] = 255;
  }
}
