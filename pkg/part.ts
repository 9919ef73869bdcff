/** The parts of a self-extracting page: blocks of data that browsers keep as text and do not run. */

/** What a block holds: the module that decodes, that of the heavy formats, the weights of a network, the archive. */
export type Kind = 'module' | 'formats' | 'weights' | 'archive';

/** Around the module of the heavy formats, which stays where it is asked for; weights and archive follow it. */
export const PLACE = ['<!-- deepcomp:formats -->\n', '<!-- deepcomp:parts -->\n'] as const;

/** A block, and the line it ends with. */
export function part(kind: Kind, name: string, bytes: Uint8Array): string {
  return `<script type="application/octet-stream" data-part="${kind}" data-name="${attribute(name)}" data-bytes="${bytes.length}">${base64(bytes)}</script>\n`;
}

const ESCAPES: Record<string, string> = { '&': '&amp;', '"': '&quot;', '<': '&lt;', '>': '&gt;' };

/** A name that means nothing but itself in an attribute. */
function attribute(name: string): string {
  return name.replace(/[\0-\x1f\x7f]/g, '_').replace(/[&"<>]/g, (c) => ESCAPES[c]!);
}

/** Bytes that are turned into text at a time: a number that 3 divides, and few enough to be arguments of a call. */
const STRETCH = 3 << 13;

function base64(bytes: Uint8Array): string {
  const texts: string[] = [];
  for (let at = 0; at < bytes.length; at += STRETCH) texts.push(btoa(String.fromCharCode(...bytes.subarray(at, at + STRETCH))));
  return texts.join('');
}
