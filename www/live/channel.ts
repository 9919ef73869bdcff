/** A channel that takes so many bits a second and no more. */
import type { Through } from './protocol.ts';

/** Milliseconds between two pieces. */
const TICK = 40;

export class Channel {
  /** When it has sent what it was given. */
  #free = 0;

  constructor(readonly port: MessagePort, public rate: number) {}

  /** Sends bytes; resolves when the last of them is through. */
  async send(bytes: Uint8Array): Promise<void> {
    this.#free = Math.max(this.#free, performance.now());
    for (let at = 0; at < bytes.length; ) {
      const piece = bytes.slice(at, at + Math.max(1, Math.round((this.rate * TICK) / 8000)));
      at += piece.length;
      // Timers are late, more or less; what follows makes up for that.
      this.#free += (piece.length * 8000) / this.rate;
      await new Promise((resolve) => setTimeout(resolve, this.#free - performance.now()));
      this.port.postMessage(piece satisfies Through, [piece.buffer]);
    }
  }

  close(): void {
    this.port.postMessage(null satisfies Through);
  }
}

/** What comes through a channel; what came meanwhile comes as one. */
export async function* received(port: MessagePort): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  const waiting: Through[] = [];
  let wake = (): void => {};
  port.onmessage = ({ data }: MessageEvent<Through>) => {
    waiting.push(data);
    wake();
  };
  for (let open = true; open; ) {
    if (waiting.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    const pieces = waiting.splice(0).filter((piece) => piece !== null || (open = false));
    const bytes = new Uint8Array(pieces.reduce((length, piece) => length + (piece?.length ?? 0), 0));
    let at = 0;
    for (const piece of pieces) {
      if (!piece) continue;
      bytes.set(piece, at);
      at += piece.length;
    }
    if (bytes.length > 0) yield bytes;
  }
}
