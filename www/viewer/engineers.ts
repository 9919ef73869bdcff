/** Who decodes: a worker, or where browsers refuse that, this thread, in slices. */
import type { Engineer } from '../engine.ts';
import { canStart, startWorker } from './blobs.ts';
import { work, type Equipment } from './worker.ts';

/** Starts whoever can be had. */
export async function starter(script: string, equipment: Equipment): Promise<() => Engineer> {
  const isolated = await canStart(script);
  return () => {
    const engineer = isolated ? startWorker(script, 'archive') : local();
    engineer.postMessage({ equipment: { ...equipment, ...(isolated && { script }) } });
    return engineer;
  };
}

/** This thread, spoken to as if it were another. */
function local(): Engineer {
  const { port1, port2 } = new MessageChannel();
  work(port1);
  port1.start();
  port2.start();
  return {
    addEventListener: port2.addEventListener.bind(port2) as Engineer['addEventListener'],
    postMessage: port2.postMessage.bind(port2) as Engineer['postMessage'],
    terminate: () => port2.close(),
  };
}
