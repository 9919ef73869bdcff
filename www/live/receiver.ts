/** Whoever gets the stream: another worker, which shows each map as its bytes come, coarse to fine. */
import { readStream } from 'deepcomp';
import { received } from './channel.ts';
import { now, reason, type FromReceiver } from './protocol.ts';

const tell = (message: FromReceiver, transfer: Transferable[] = []): void => postMessage(message, { transfer });

addEventListener('message', ({ data: { port } }: MessageEvent<{ port: MessagePort }>) => {
  show(port).catch((error: unknown) => tell({ failed: reason(error) }));
});

async function show(port: MessagePort): Promise<void> {
  let last = '';
  for await (const arrival of readStream(counted(port), { coming: true })) {
    if (arrival.type !== 'chunk' && arrival.type !== 'coming') continue;
    const { first, shape } = arrival;
    const stride = arrival.type === 'chunk' ? 1 : Math.max(2, arrival.stride);
    // Between two strides nothing new is seen.
    const what = [...first, shape[0], stride].join();
    if (what === last) continue;
    last = what;
    const values = new Float32Array(arrival.values as Float32Array<ArrayBuffer>);
    tell({ seen: { first, shape, stride, values, at: now() } }, [values.buffer]);
  }
  tell({ complete: true });
}

/** What comes through a channel, of which the page is told how much that is. */
async function* counted(port: MessagePort): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  let count = 0;
  for await (const bytes of received(port)) {
    tell({ received: (count += bytes.length) });
    yield bytes;
  }
}
