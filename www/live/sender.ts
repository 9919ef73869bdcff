/** A weather model, played by a worker: it makes one map after the other and sends each through a channel as soon as that has taken the one before. */
import { compressStream, openDataset, type Dataset, type Variable } from 'deepcomp';
import { now, type FromSender, type Through, type ToSender } from './protocol.ts';

/** Milliseconds between two pieces on the channel. */
const TICK = 40;
/** The bound where nobody advises one: a part of the range. */
const PART = 0.002;

/** Bits a second of the channel. */
let rate = 1;

const tell = (message: FromSender): void => postMessage(message);

addEventListener('message', ({ data }: MessageEvent<ToSender>) => {
  rate = data.rate;
  if ('file' in data) void play(data.file, data.name, data.port).catch((error: unknown) => tell({ failed: error instanceof Error ? error.message : String(error) }));
});

async function play(file: Blob, name: string, port: MessagePort): Promise<void> {
  using dataset = await openDataset(file, name);
  const variable = longest(dataset);
  if (!variable) throw new Error('nothing in this file is a series of maps');
  const { width, height } = dataset.plane(variable.name, 0);
  const { min = 0, max = 1 } = dataset.range(variable.name);
  const { recommended } = variable;
  const bound = recommended?.kind === 'abs' ? recommended.value : (max - min) * PART || 1;
  tell({ playing: { title: variable.longName ?? variable.name, units: variable.units ?? '', maps: variable.planes, rows: height, columns: width, bound, min, max, southFirst: isSouthFirst(dataset, variable) } });
  const header = { variables: { [variable.name]: { type: 'float32' as const, shape: [height, width] } } };
  // One map a section: none waits for the next.
  const stream = await compressStream(header, { abs: bound, coarse: true, level: 'balanced', asData: [variable.name], tiles: { time: 1 } });
  const taken = stream.readable.pipeTo(channel(port));
  const writer = stream.writable.getWriter();
  for (let map = 0; map < variable.planes; map++) {
    await writer.ready;
    tell({ made: map, at: now() });
    await writer.write(dataset.plane(variable.name, map).values);
  }
  await writer.close();
  await taken;
  tell({ done: true });
}

/** The measurement that has the most maps. */
function longest(dataset: Dataset): Variable | undefined {
  const maps = dataset.variables.filter(({ role, planes, shape }) => role === 'measurement' && planes > 1 && shape.length > 2);
  return maps.toSorted((a, b) => b.planes - a.planes)[0];
}

/** Whether rows go northward. */
function isSouthFirst(dataset: Dataset, variable: Variable): boolean {
  const rows = dataset.variables.find(({ name, coordinate }) => coordinate && name === variable.dimensions.at(-2));
  if (!rows || !/north|lat/i.test(`${rows.units ?? ''} ${rows.name}`)) return false;
  const [first = 0, second = 0] = dataset.plane(rows.name, 0).values;
  return second > first;
}

/** A channel that takes so many bits a second and no more. */
function channel(port: MessagePort): WritableStream<Uint8Array<ArrayBuffer>> {
  let sent = 0;
  return new WritableStream(
    {
      async write(bytes) {
        for (let at = 0; at < bytes.length; ) {
          const piece = bytes.slice(at, at + Math.max(1, Math.round((rate / 8) * (TICK / 1000))));
          await new Promise((resolve) => setTimeout(resolve, (piece.length * 8000) / rate));
          port.postMessage(piece satisfies Through, [piece.buffer]);
          at += piece.length;
          tell({ sent: (sent += piece.length) });
        }
      },
      close: () => port.postMessage(null satisfies Through),
    },
    { highWaterMark: 0 },
  );
}
