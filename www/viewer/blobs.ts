/** Workers out of blobs, since a page from a disk has no other file to start them from. Each thread makes its own address of the script: that of another is closed to it. */

/** The script, and its address on this thread. */
let known: { script: string; url: string } | undefined;

/** What workers are there for, which they know by their names: to say that they could be started, to hold the archive, to share in its chunks. */
export type Purpose = 'probe' | 'archive' | 'chunks';

export function startWorker(script: string, name: Purpose): Worker {
  if (known?.script !== script) known = { script, url: URL.createObjectURL(new Blob([script], { type: 'text/javascript' })) };
  return new Worker(known.url, { name });
}

/** Milliseconds in which a worker has to say that it is there. */
const PATIENCE = 5_000;

/** Whether the browser starts such workers from this thread. */
export function canStart(script: string): Promise<boolean> {
  return new Promise((resolve) => {
    try {
      const worker = startWorker(script, 'probe');
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
