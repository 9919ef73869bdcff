/** A file of an archive, variable by variable: all that is whole of a damaged one, and large ones without holding all of them. */
import { decompress, DeepCompError, formats, inspect, models, type Variable, type VariableReport } from 'deepcomp';
import { decodedInParts, describe, type Unpacked } from '../decoded.ts';
import type { Opened, Result } from '../protocol.ts';
import type { Post } from '../serve.ts';

export async function salvage(bytes: Uint8Array, file: number, signal: AbortSignal, post: Post): Promise<{ unpacked: Unpacked; opened: Opened }> {
  const { version, comment, files } = await inspect(bytes);
  const { name = '', variables: reports = [], bytes: fileBytes } = files[file] ?? {};
  const start = performance.now();
  const total = reports.reduce((sum, { rawBytes }) => sum + rawBytes, 0);
  const [variables, axes, damage]: [Variable[], Opened['axes'], (string | undefined)[]] = [[], {}, []];
  let done = 0;
  for (const [number, report] of reports.entries()) {
    try {
      const onProgress = ({ doneBytes }: { doneBytes: number }) => post.stage('checking', total > 0 ? (done + doneBytes) / total : 1);
      using dataset = await decompress(bytes, { file, variable: number, backend: 'cpu', signal, onProgress });
      const described = await describe(dataset, 0);
      variables.push(described.variables[0] ?? lost(report));
      Object.assign(axes, described.axes);
      damage.push(undefined);
    } catch (error) {
      if (!(error instanceof DeepCompError) || error.code === 'cancelled') throw error;
      variables.push(lost(report));
      damage.push(error.message);
    }
    done += report.rawBytes;
  }
  const result: Result = {
    ...(fileBytes !== undefined && { fileBytes }),
    archiveBytes: files.length > 1 ? reports.reduce((sum, v) => sum + v.archiveBytes, 0) : bytes.length,
    version,
    ...(comment !== undefined && { comment }),
    variables: reports,
    models: (await models()).list,
    decodeSeconds: (performance.now() - start) / 1000,
    decodeRan: { backend: 'cpu', workers: 0 },
  };
  const whole = damage.every((what) => what === undefined);
  const opened: Opened = {
    fileName: name,
    fileBytes: bytes.length,
    format: 'array',
    formats: await formats(),
    variables,
    level: 'balanced',
    axes,
    result,
    files: { names: files.map((f) => f.name), current: file },
    ...(!whole && { damage }),
  };
  return { unpacked: { decoded: decodedInParts(bytes, file, name, 'cpu'), archive: { bytes, file, layered: reports.map(() => false) } }, opened };
}

/** What the index says of a variable whose values are lost. */
function lost({ name, dataType, shape, rawBytes }: VariableReport): Variable {
  return { name, dataType, shape, dimensions: shape.map((_, i) => `dim_${i}`), planes: 0, bytes: rawBytes, coordinate: false, role: 'measurement', why: '', attributes: {} };
}
