/** What a self-extracting page holds besides its script: blocks of text, each taken out of the page as it is read. */
import type { Kind } from '../../pkg/part.ts';

export interface Part {
  name: string;
  bytes: Uint8Array<ArrayBuffer>;
}

/** What the file lacks, in words. */
export class DamagedPage extends Error {}

const NAMES: Record<Kind, string> = { module: 'the decoder', formats: 'the writer of its format', weights: 'the network that the archive was made with', archive: 'the archive' };

/** The parts of a kind, in their order. */
export function takeParts(kind: Kind): Part[] {
  return [...document.querySelectorAll<HTMLScriptElement>(`script[data-part="${kind}"]`)].map((element) => {
    const { name = '', bytes } = element.dataset;
    const text = element.textContent;
    element.remove();
    return { name, bytes: decoded(text, Number(bytes), NAMES[kind]) };
  });
}

/** The part of a kind that there is one of. */
export function takePart(kind: Kind): Part {
  const [part] = takeParts(kind);
  if (!part) throw new DamagedPage(`${NAMES[kind]} is missing from this file, most likely since it ends too early`);
  return part;
}

/** Characters that are turned into bytes at a time. */
const STRETCH = 1 << 16;

function decoded(text: string, length: number, what: string): Uint8Array<ArrayBuffer> {
  if (text.length < 4 * Math.ceil(length / 3)) throw new DamagedPage(`this file ends too early: it has ${Math.floor((3 * text.length) / 4)} of the ${length} bytes of ${what}`);
  try {
    const bytes = new Uint8Array(length);
    for (let at = 0, done = 0; at < text.length; at += STRETCH) {
      const stretch = atob(text.slice(at, at + STRETCH));
      for (let i = 0; i < stretch.length; i++) bytes[done++] = stretch.charCodeAt(i);
      if (done > length) throw new Error();
    }
    return bytes;
  } catch {
    throw new DamagedPage(`${what} was changed on its way: there are characters in it that do not belong there`);
  }
}
