import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

import { FiberError } from '../errors';
import { Scheduler } from '../scheduler/scheduler';
import { wait } from '../scheduler/wait';
import type { Engine, Job } from './engine';
import { mergeResults, type Results } from './results';
import { aroundSetup } from './run';
import { mergePoints, type Point } from './timeline';
import type { FromWorker, ToWorker, WorkerJob } from './worker';

/**
 * Runs a job on several threads, each with its part of the users or of the arrivals. `setup` and `teardown` run on
 * this one. All begin together, when the last one has loaded the scenario.
 */
export class ThreadsEngine implements Engine {
  readonly #job: Job;
  readonly #threads: Thread[] = [];
  /** What the threads told of the intervals that are not complete yet. */
  readonly #points: Point[][] = [];

  constructor(job: Job) {
    this.#job = job;
  }

  run(): Promise<Results> {
    const { plan, scenario } = this.#job;
    return Scheduler.default.run(() =>
      aroundSetup(plan, scenario, undefined, (data) => wait(this.#runThreads(data))),
    );
  }

  async #runThreads(data: unknown): Promise<Results> {
    const { plan, source, name, part, workers, signal } = this.#job;
    const stop = (): void => {
      for (const thread of this.#threads) thread.tell('stop');
    };
    signal.addEventListener('abort', stop, { once: true });
    try {
      for (let index = 0; index < workers; index++) {
        const own = { index: part.index * workers + index, count: part.count * workers };
        this.#threads.push(new Thread({ plan, source, name, part: own, data }, this.#collect));
      }
      await Promise.all(this.#threads.map(({ ready }) => ready));
      for (const thread of this.#threads) thread.tell('go');
      if (signal.aborted) stop();
      const merged = mergeResults(await Promise.all(this.#threads.map(({ done }) => done)));
      return { ...merged, shards: [`${String(part.index + 1)}/${String(part.count)}`] };
    } finally {
      signal.removeEventListener('abort', stop);
      await Promise.all(this.#threads.map((thread) => thread.end()));
    }
  }

  readonly #collect = (index: number, point: Point): void => {
    const points = (this.#points[index] ??= []);
    points.push(point);
    if (points.length < this.#job.workers) return;
    this.#points[index] = [];
    this.#job.onPoint(mergePoints(points));
  };
}

class Thread {
  readonly ready: Promise<void>;
  readonly done: Promise<Results>;
  readonly #worker: Worker;

  constructor(job: WorkerJob, onPoint: (index: number, point: Point) => void) {
    const worker = new Worker(join(__dirname, 'worker.js'), { workerData: job });
    this.#worker = worker;
    let points = 0;
    this.ready = new Promise((resolve, reject) => {
      worker.once('error', reject);
      worker.on('message', (message: FromWorker) => {
        if ('ready' in message) resolve();
        else if ('error' in message) reject(asError(message.error));
      });
    });
    this.done = new Promise((resolve, reject) => {
      worker.once('error', reject);
      worker.once('exit', (code) => {
        reject(
          new FiberError('ERR_LOAD_SCENARIO', `A worker ended early, with code ${String(code)}`),
        );
      });
      worker.on('message', (message: FromWorker) => {
        if ('point' in message) onPoint(points++, message.point);
        else if ('results' in message) resolve(message.results);
        else if ('error' in message) reject(asError(message.error));
      });
    });
    // Whoever waits for it sees its error; nobody may come to that.
    this.done.catch(() => undefined);
    this.ready.catch(() => undefined);
  }

  tell(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}

const asError = ({ message, stack }: { message: string; stack: string }): Error => {
  const error = new FiberError('ERR_LOAD_SCENARIO', message);
  error.stack = stack;
  return error;
};
