/** Whoever gets the stream: another worker, which shows each map as its bytes come, coarse to fine. */
import { readStream } from 'deepcomp';
import { now, type FromReceiver, type Through } from './protocol.ts';

addEventListener('message', ({ data: { port } }: MessageEvent<{ port: MessagePort }>) => {
  show(port).catch((error: unknown) => postMessage({ failed: error instanceof Error ? error.message : String(error) } satisfies FromReceiver));
});

async function show(port: MessagePort): Promise<void> {
  for await (const arrival of readStream(bytesOf(port), { coming: true })) {
    if (arrival.type !== 'chunk' && arrival.type !== 'coming') continue;
    const { first, shape, bytes } = arrival;
    const values = new Float32Array(arrival.values as Float32Array<ArrayBuffer>);
    postMessage({ seen: { first, shape, bytes, stride: arrival.type === 'chunk' ? 1 : Math.max(2, arrival.stride), values }, at: now() } satisfies FromReceiver, { transfer: [values.buffer] });
  }
  postMessage({ complete: true } satisfies FromReceiver);
}

/** What comes through a channel. */
async function* bytesOf(port: MessagePort): AsyncGenerator<Uint8Array, void, void> {
  const waiting: Through[] = [];
  let wake = (): void => {};
  port.onmessage = ({ data }: MessageEvent<Through>) => {
    waiting.push(data);
    wake();
  };
  for (;;) {
    const next = waiting.shift();
    if (next === null) return;
    if (next) yield next;
    else await new Promise<void>((resolve) => (wake = resolve));
  }
}
