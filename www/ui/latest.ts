/** Work that is asked for faster than it is done, as by a slider: while some is under way only the latest request is kept. */

export function latest(work: () => Promise<void>, report: (error: unknown) => void): () => Promise<void> {
  let [running, again] = [false, false];
  return async () => {
    again = true;
    if (running) return;
    running = true;
    try {
      while (again) {
        again = false;
        await work();
      }
    } catch (error) {
      report(error);
    } finally {
      running = false;
    }
  };
}
