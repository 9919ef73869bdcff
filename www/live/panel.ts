/** The live stream on the page: one worker sends maps through a channel as slow as the visitor picks, another shows them as they come. */
import { bytes, number, seconds, whole } from '../format.ts';
import { SEQUENTIAL } from '../plot/colours.ts';
import { PlaneMap } from '../plot/map.ts';
import { byId, make } from '../ui/dom.ts';
import type { FromReceiver, FromSender } from './protocol.ts';

type Playing = Extract<FromSender, { playing: unknown }>['playing'];
type Seen = Extract<FromReceiver, { seen: unknown }>;

/** What was open when it was started, and how to get it. */
export type Source = () => Promise<{ name: string; file: Blob }>;

export class LivePanel {
  readonly #rate = byId('live-rate', HTMLSelectElement);
  readonly #start = byId('live-start', HTMLButtonElement);
  readonly #stop = byId('live-stop', HTMLButtonElement);
  readonly #now = byId('live-now', HTMLElement);
  readonly #facts = byId('live-facts', HTMLElement);
  readonly #map = new PlaneMap(byId('live-map', HTMLCanvasElement), () => {});
  readonly #shown = byId('live-shown', HTMLElement);
  #workers: Worker[] = [];
  #playing: Playing | undefined;
  #made = new Map<number, number>();
  #sent = 0;
  #since = 0;
  /** Of maps that are whole: milliseconds until something of them was seen, and until all of it was. */
  #delays: { seen: number; whole: number }[] = [];
  #firstSeen = new Map<number, number>();

  constructor(readonly source: Source) {
    this.#start.addEventListener('click', () => void this.#play());
    this.#stop.addEventListener('click', () => this.#end('Stopped.'));
    this.#rate.addEventListener('change', () => this.#workers[0]?.postMessage({ rate: Number(this.#rate.value) }));
  }

  async #play(): Promise<void> {
    this.#end('');
    this.#start.hidden = true;
    this.#stop.hidden = false;
    this.#shown.hidden = false;
    this.#say('Opening the file …');
    try {
      const { name, file } = await this.source();
      const { port1, port2 } = new MessageChannel();
      const sender = new Worker(new URL('./sender.ts', import.meta.url), { type: 'module' });
      const receiver = new Worker(new URL('./receiver.ts', import.meta.url), { type: 'module' });
      this.#workers = [sender, receiver];
      sender.addEventListener('message', ({ data }: MessageEvent<FromSender>) => this.#ofSender(data));
      receiver.addEventListener('message', ({ data }: MessageEvent<FromReceiver>) => this.#ofReceiver(data));
      for (const worker of this.#workers) worker.addEventListener('error', ({ message }) => this.#end(`It broke off: ${message || 'a worker could not be loaded'}`));
      receiver.postMessage({ port: port2 }, [port2]);
      sender.postMessage({ file, name, port: port1, rate: Number(this.#rate.value) }, [port1]);
    } catch (error) {
      this.#end(`It broke off: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #end(why: string): void {
    for (const worker of this.#workers) worker.terminate();
    this.#workers = [];
    [this.#playing, this.#sent, this.#delays] = [undefined, 0, []];
    this.#made.clear();
    this.#firstSeen.clear();
    this.#start.hidden = false;
    this.#stop.hidden = true;
    this.#say(why);
  }

  #say(text: string): void {
    this.#now.textContent = text;
  }

  #ofSender(message: FromSender): void {
    if ('failed' in message) return this.#end(`It broke off: ${message.failed}.`);
    if ('playing' in message) {
      this.#playing = message.playing;
      this.#since = performance.now();
      this.#say(`The first of ${message.playing.maps} maps is on its way.`);
    }
    if ('made' in message) this.#made.set(message.made, message.at);
    if ('sent' in message) this.#sent = message.sent;
    this.#figures();
  }

  #ofReceiver(message: FromReceiver): void {
    if ('failed' in message) return this.#end(`It broke off: ${message.failed}.`);
    if ('seen' in message) return this.#show(message);
    const [maps, took] = [this.#playing?.maps ?? 0, (performance.now() - this.#since) / 1000];
    for (const worker of this.#workers) worker.terminate();
    this.#workers = [];
    this.#start.hidden = false;
    this.#stop.hidden = true;
    this.#say(`All ${maps} maps came in ${seconds(took)}, each one checked.`);
  }

  #show({ seen, at }: Seen): void {
    const playing = this.#playing;
    if (!playing) return;
    const [map] = seen.first;
    const waited = at - (this.#made.get(map) ?? at);
    if (!this.#firstSeen.has(map)) this.#firstSeen.set(map, waited);
    if (seen.stride === 1) this.#delays.push({ seen: this.#firstSeen.get(map) ?? waited, whole: waited });
    const { rows, columns, min, max } = playing;
    const values = playing.southFirst ? turned(seen.values.subarray(0, rows * columns), rows, columns) : seen.values;
    this.#map.show({ planes: [{ values, width: columns, height: rows, missing: 0 }], scale: { table: SEQUENTIAL, min, max }, picture: false, axes: { row: undefined, column: undefined } });
    const state = seen.stride === 1 ? 'whole and checked' : `a value in ${seen.stride} × ${seen.stride}, after ${bytes(seen.bytes)}`;
    this.#say(`Map ${map + 1} of ${playing.maps}: ${state}.`);
    this.#figures();
  }

  #figures(): void {
    const playing = this.#playing;
    if (!playing) return;
    const { rows, columns, maps, bound, units, title } = playing;
    const raw = rows * columns * 4 * this.#delays.length;
    const mean = (of: 'seen' | 'whole') => this.#delays.reduce((sum, delay) => sum + delay[of], 0) / (this.#delays.length || 1) / 1000;
    const plain = (rows * columns * 32) / Number(this.#rate.value);
    const facts: [string, string][] = [
      ['Plays', `${title}, ${whole(maps)} maps of ${rows} × ${columns} values, each within ${number(bound)}${units && ` ${units}`}`],
      ['Sent', this.#delays.length > 0 ? `${bytes(this.#sent)} for ${bytes(raw)} of values: ${bytes(Math.max(0, raw - this.#sent))} saved` : bytes(this.#sent)],
      ['A map is seen', this.#delays.length > 0 ? `after ${seconds(mean('seen'))}, and whole after ${seconds(mean('whole'))}` : '–'],
      ['As plain numbers', `it would take ${seconds(plain)} a map`],
    ];
    this.#facts.replaceChildren(...facts.flatMap(([term, text]) => [make('dt', { textContent: term }), make('dd', { textContent: text })]));
  }
}

/** The other way up. */
function turned(values: Float32Array, rows: number, columns: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) out.set(values.subarray((rows - 1 - row) * columns, (rows - row) * columns), row * columns);
  return out;
}
