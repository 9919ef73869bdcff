/** The bar below a map that says which colour stands for what. */
import { make } from '../ui/dom.ts';
import { colourAt, type Scale } from './colours.ts';

/** Fills `bar` with the colours of a scale, and labels from its lower end to its upper. */
export function showColourBar(bar: HTMLElement, scale: Scale, labels: string[]): void {
  const canvas = make('canvas', { width: 256, height: 1 });
  canvas.setAttribute('aria-hidden', 'true');
  const image = new ImageData(256, 1);
  for (let i = 0; i < 256; i++) {
    const colour = colourAt({ ...scale, min: 0, max: 255 }, i);
    image.data.set([...scale.table.subarray(colour, colour + 3), 255], 4 * i);
  }
  canvas.getContext('2d')?.putImageData(image, 0, 0);
  bar.replaceChildren(canvas, make('div', {}, ...labels.map((textContent) => make('span', { textContent }))));
}
