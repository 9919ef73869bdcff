/** A weather model, played by a worker: it makes one map after the other, each when the channel has taken the one before. */
import { compressStream, openDataset, type Dataset, type Variable } from 'deepcomp';
import { label } from '../coordinates.ts';
import { axesOf } from '../decoded.ts';
import { sentence, unit } from '../format.ts';
import { Channel } from './channel.ts';
import { now, reason, type FromSender, type Playing, type ToSender } from './protocol.ts';

/** The bound where nobody advises one: a part of the range. */
const PART = 0.002;

let channel: Channel | undefined;

const tell = (message: FromSender): void => postMessage(message);

addEventListener('message', ({ data }: MessageEvent<ToSender>) => {
  if ('file' in data) {
    channel = new Channel(data.port, data.rate);
    play(data.file, data.name, channel).catch((error: unknown) => tell({ failed: reason(error) }));
  } else if (channel) channel.rate = data.rate;
});

async function play(file: Blob, name: string, channel: Channel): Promise<void> {
  using dataset = await openDataset(file, name);
  const variable = longest(dataset);
  if (!variable) throw new Error('nothing in this file is a series of maps');
  const playing = whatIsPlayed(dataset, variable);
  tell({ playing });
  const header = { variables: { [variable.name]: { type: 'float32' as const, shape: [playing.rows, playing.columns] } } };
  // One map a section: none waits for the next.
  const stream = await compressStream(header, { abs: playing.bound, coarse: true, level: 'balanced', asData: [variable.name], tiles: { time: 1 }, backend: 'cpu', workers: 0 });
  const [writer, reader] = [stream.writable.getWriter(), stream.readable.getReader()];
  for (let map = 0; map < variable.planes; map++) {
    const { values } = dataset.plane(variable.name, map);
    tell({ made: map, at: now() });
    const [{ value }] = await Promise.all([reader.read(), writer.write(values)]);
    if (value) await channel.send(value);
  }
  const closed = writer.close();
  for (let value; (value = (await reader.read()).value); ) await channel.send(value);
  await closed;
  channel.close();
}

/** The measurement that has the most maps. */
function longest(dataset: Dataset): Variable | undefined {
  const maps = dataset.variables.filter(({ role, planes, shape }) => role === 'measurement' && planes > 1 && shape.length > 2);
  return maps.sort((a, b) => b.planes - a.planes)[0];
}

function whatIsPlayed(dataset: Dataset, variable: Variable): Playing {
  const { width: columns, height: rows } = dataset.plane(variable.name, 0);
  const { min = 0, max = 1 } = dataset.range(variable.name);
  const { recommended, dimensions, shape, planes } = variable;
  const axes = axesOf(dataset);
  const axis = (back: number) => axes[dimensions.at(-back) ?? ''];
  return {
    title: sentence(variable.longName ?? variable.name),
    units: unit(variable.units),
    names: Array.from({ length: planes }, (_, map) => (shape.length === 3 && axis(3) ? label(axis(3), map) : '')),
    rows,
    columns,
    bound: recommended?.kind === 'abs' ? recommended.value : (max - min) * PART || 1,
    min,
    max,
    axes: { row: axis(2), column: axis(1) },
  };
}
