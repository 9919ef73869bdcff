/** Who decodes: a worker out of a blob, since a page from a disk has no other file to start one from; where browsers refuse that, this thread, in slices. */
import type { Engineer } from '../engine.ts';
import { work, type Equipment } from './worker.ts';

/** Milliseconds in which a worker has to say that it is there. */
const PATIENCE = 5_000;

/** Starts whoever can be had. */
export async function starter(script: string, equipment: Equipment): Promise<() => Engineer> {
  const url = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
  const start = (await canStart(url)) ? () => new Worker(url) : local;
  return () => {
    const engineer = start();
    engineer.postMessage({ equipment });
    return engineer;
  };
}

function canStart(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    try {
      const worker = new Worker(url);
      const end = (can: boolean) => {
        worker.terminate();
        resolve(can);
      };
      worker.addEventListener('message', () => end(true), { once: true });
      worker.addEventListener('error', () => end(false), { once: true });
      setTimeout(() => end(false), PATIENCE);
    } catch {
      resolve(false);
    }
  });
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
