import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

const FIXTURE = join(__dirname, '../fixtures/worker.cjs');

/** What came of a worker. */
export interface Ended {
  code: number;
  messages: unknown[];
  error: string | undefined;
}

/** Runs test/fixtures/worker.cjs, and terminates it `delay` milliseconds after it says that it is ready. */
export async function runWorker(does: string, delay?: number): Promise<Ended> {
  const worker = new Worker(FIXTURE, { workerData: does });
  const messages: unknown[] = [];
  let error: string | undefined;
  worker.on('message', (message: unknown) => {
    messages.push(message);
    if (message === 'ready' && delay !== undefined)
      setTimeout(() => void worker.terminate(), delay);
  });
  worker.on('error', (thrown) => (error = thrown.message));
  // Not `once`, which an error would end.
  const code = await new Promise<number>((resolve) => worker.on('exit', resolve));
  return { code, messages, error };
}

/** The same in several workers at once. */
export function runWorkers(count: number, does: string, delay?: number): Promise<Ended[]> {
  return Promise.all(Array.from({ length: count }, () => runWorker(does, delay)));
}
