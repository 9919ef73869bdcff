/** The live stream on the page: one worker sends maps through a channel as slow as the visitor picks, another shows them as they come. */
import { bytes, quantity, whole } from '../format.ts';
import { showColourBar } from '../plot/colour-bar.ts';
import { SEQUENTIAL, type Scale } from '../plot/colours.ts';
import { PlaneMap } from '../plot/map.ts';
import { byId, make } from '../ui/dom.ts';
import { Account } from './account.ts';
import { reason, type FromReceiver, type FromSender, type Playing, type Seen } from './protocol.ts';

/** A file that is a series of maps, and how to get it. */
export type Source = () => Promise<{ name: string; file: Blob }>;

/** A stream that is under way. */
interface Run {
  workers: Worker[];
  account?: Account;
  playing?: Playing;
  /** The map that is shown, and how coarse. */
  seen?: { map: number; stride: number };
}

export class LivePanel {
  readonly #rate = byId('live-rate', HTMLSelectElement);
  readonly #start = byId('live-start', HTMLButtonElement);
  readonly #stop = byId('live-stop', HTMLButtonElement);
  readonly #status = byId('live-status', HTMLElement);
  readonly #shown = byId('live-shown', HTMLElement);
  readonly #caption = byId('live-caption', HTMLElement);
  readonly #canvas = byId('live-map', HTMLCanvasElement);
  readonly #facts = byId('live-facts', HTMLElement);
  readonly #map = new PlaneMap(this.#canvas, () => {});
  #run: Run | undefined;

  constructor(readonly source: Source) {
    this.#start.addEventListener('click', () => void this.#play());
    this.#stop.addEventListener('click', () => this.#end('Stopped.'));
    this.#rate.addEventListener('change', () => {
      this.#run?.workers[0]?.postMessage({ rate: this.#bits });
      this.#run?.account?.changeRate(this.#bits);
      this.#figures();
    });
  }

  get #bits(): number {
    return Number(this.#rate.value);
  }

  async #play(): Promise<void> {
    const run: Run = (this.#run = { workers: [] });
    this.#start.hidden = true;
    this.#stop.hidden = false;
    this.#stop.focus({ preventScroll: true });
    this.#status.textContent = 'Opening the file …';
    try {
      const { name, file } = await this.source();
      if (this.#run !== run) return;
      const { port1, port2 } = new MessageChannel();
      const sender = new Worker(new URL('./sender.ts', import.meta.url), { type: 'module' });
      const receiver = new Worker(new URL('./receiver.ts', import.meta.url), { type: 'module' });
      run.workers = [sender, receiver];
      sender.addEventListener('message', ({ data }: MessageEvent<FromSender>) => this.#ofSender(run, data, name));
      receiver.addEventListener('message', ({ data }: MessageEvent<FromReceiver>) => this.#ofReceiver(run, data));
      for (const worker of run.workers) worker.addEventListener('error', ({ message }) => this.#end(`It broke off: ${message || 'a worker could not be loaded'}.`));
      receiver.postMessage({ port: port2 }, [port2]);
      sender.postMessage({ file, name, port: port1, rate: this.#bits }, [port1]);
    } catch (error) {
      if (this.#run === run) this.#end(`It broke off: ${reason(error)}.`);
    }
  }

  /** Ends it; what was shown stays. */
  #end(why: string): void {
    for (const worker of this.#run?.workers ?? []) worker.terminate();
    this.#run = undefined;
    const focused = document.activeElement === this.#stop;
    this.#start.hidden = false;
    this.#stop.hidden = true;
    if (focused) this.#start.focus({ preventScroll: true });
    this.#status.textContent = why;
  }

  #ofSender(run: Run, message: FromSender, name: string): void {
    if (run !== this.#run) return;
    if ('failed' in message) this.#end(`It broke off: ${message.failed}.`);
    else if ('made' in message) run.account?.made(message.made, message.at);
    else this.#begin(run, message.playing, name);
  }

  #ofReceiver(run: Run, message: FromReceiver): void {
    if (run !== this.#run) return;
    if ('failed' in message) this.#end(`It broke off: ${message.failed}.`);
    else if ('complete' in message) this.#end(`All ${whole(run.playing?.names.length ?? 0)} maps came, whole and checked.`);
    else if ('received' in message) run.account?.received(message.received);
    else this.#show(run, message.seen);
    this.#figures();
  }

  #begin(run: Run, playing: Playing, name: string): void {
    const { rows, columns, min, max, units } = playing;
    run.playing = playing;
    run.account = new Account(name, playing, this.#bits);
    this.#status.textContent = '';
    this.#shown.hidden = false;
    this.#draw(playing, new Float32Array(rows * columns).fill(NaN));
    showColourBar(byId('live-colours', HTMLElement), scaleOf(playing), [min, (min + max) / 2, max].map((value) => quantity(value, units, 3)));
    this.#figures();
  }

  #show(run: Run, { first: [map], shape, stride, values, at }: Seen): void {
    const { playing, account } = run;
    if (!playing || !account) return;
    // Of a chunk that has several planes the last is the news.
    const last = map + shape[0] - 1;
    const size = playing.rows * playing.columns;
    this.#draw(playing, values.subarray((shape[0] - 1) * size, shape[0] * size));
    account.seen(last, stride, at);
    run.seen = { map: last, stride };
    Object.assign(this.#canvas.dataset, { map: String(last), stride: String(stride) });
  }

  #draw({ rows, columns, axes, ...scale }: Playing, values: Float32Array<ArrayBuffer>): void {
    this.#map.show({ planes: [{ values, width: columns, height: rows, missing: 0 }], scale: scaleOf(scale), picture: false, axes });
  }

  /** What is said beside the map, and above it. */
  #figures(): void {
    const { account, playing, seen } = this.#run ?? {};
    if (!account || !playing) return;
    this.#caption.replaceChildren(titleOf(playing, seen?.map ?? 0), ' ', make('span', { textContent: seen ? stateOf(seen.stride, account) : 'on its way …' }));
    const facts = account.facts();
    this.#facts.replaceChildren(...facts.flatMap(([term, text]) => [make('dt', { textContent: term }), make('dd', { textContent: text })]));
  }
}

function titleOf({ names }: Playing, map: number): string {
  return [`Map ${map + 1} of ${whole(names.length)}`, names[map]].filter(Boolean).join(', ');
}

function stateOf(stride: number, { ofLast, ofNext }: Account): string {
  return stride === 1 ? `whole and checked, ${bytes(ofLast)}` : `one value in ${stride} × ${stride}, ${bytes(ofNext)} so far`;
}

function scaleOf({ min, max }: { min: number; max: number }): Scale {
  return { table: SEQUENTIAL, min, max };
}
