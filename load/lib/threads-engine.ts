import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

import { FiberError, type FiberErrorCode, Scheduler, wait } from 'greenfiber';

import type { Engine, Job } from './engine';
import { beforeItIsTooLate } from './patience';
import { IterationPool } from './iteration-pool';
import { Registry, type MetricData } from './registry';
import { mergeResults, noResults, type Results } from './results';
import { aroundSetup, type Outcome } from './setup';
import { crossed, watchedTags } from './thresholds';
import { mergePoints, type Point } from './timeline';
import type { FromWorker, ToWorker, WorkerError, WorkerJob } from './worker';

/**
 * Runs a job on several threads, each with its part of the users or of the arrivals. `setup` and `teardown` run on
 * this one. All begin together, when the last one has loaded the scenario.
 */
export class ThreadsEngine implements Engine {
  readonly #job: Job;
  readonly #threads: Thread[] = [];
  /** What the threads told of the intervals that are not complete yet. */
  readonly #points: Point[][] = [];
  /** What each thread has measured so far, where thresholds may end the run. */
  readonly #metrics = new Map<Thread, readonly MetricData[]>();
  #endedBy: string | undefined = undefined;

  constructor(job: Job) {
    this.#job = job;
  }

  async run(): Promise<Outcome> {
    const job = this.#job;
    let fail: (outcome: Outcome) => void = () => undefined;
    const failed = new Promise<Outcome>((resolve) => (fail = resolve));
    job.strays.deliverTo((error) => {
      fail({ results: this.#soFar(), error });
    });
    try {
      const run = Scheduler.default.run(() =>
        aroundSetup(job, (data) => wait(this.#runThreads(data))),
      );
      return await beforeItIsTooLate(job.signal, Promise.race([run, failed]), () => ({
        results: { ...this.#soFar(), interrupted: true },
      }));
    } finally {
      for (const thread of this.#threads) thread.end();
    }
  }

  async #runThreads(data: unknown): Promise<Outcome> {
    const { plan, source, name, part, workers, signal, onSamples } = this.#job;
    const left = plan.loads.map((load) => IterationPool.of(load, part).left);
    let start = 0;
    const stop = (): void => {
      for (const thread of this.#threads) thread.tell('stop');
    };
    signal.addEventListener('abort', stop, { once: true });
    try {
      for (let index = 0; index < workers; index++) {
        // The threads of a shard are not neighbours: so each shard has its share of the users, however few there are.
        const own = { index: part.index + part.count * index, count: part.count * workers };
        const job = {
          plan,
          source,
          name,
          part: own,
          data,
          left,
          isSampled: onSamples !== undefined,
        };
        const onMetrics = (thread: Thread, metrics: readonly MetricData[]): void => {
          this.#metrics.set(thread, metrics);
          if (this.#judge(performance.now() - start)) stop();
        };
        const events = { onPoint: this.#collect, onMetrics, onMistake: stop, onSamples };
        this.#threads.push(new Thread(job, events));
      }
      await Promise.all(this.#threads.map(({ ready }) => ready));
      await this.#job.meet?.();
      start = performance.now();
      for (const thread of this.#threads) thread.tell('go');
      if (signal.aborted) stop();
      const ended = await Promise.allSettled(this.#threads.map(({ done }) => done));
      const problems = [
        ...ended.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : [])),
        ...this.#threads.flatMap(({ mistake }) => mistake ?? []),
      ];
      const results = this.#soFar();
      return problems.length === 0 ? { results } : { results, error: problems[0] };
    } catch (error) {
      return { results: this.#soFar(), error };
    } finally {
      signal.removeEventListener('abort', stop);
      for (const thread of this.#threads) thread.end();
    }
  }

  /** What the threads have answered. */
  #soFar(): Results {
    const { part, signal } = this.#job;
    const answered = this.#threads.flatMap(({ results }) => results ?? []);
    if (answered.length === 0) return noResults(this.#job, signal.aborted);
    const shards = [`${String(part.index + 1)}/${String(part.count)}`];
    const merged = { ...mergeResults(answered), shards, interrupted: signal.aborted };
    return this.#endedBy === undefined ? merged : { ...merged, endedBy: this.#endedBy };
  }

  /** Whether a threshold is to end the run, by what all threads have measured. */
  #judge(elapsed: number): boolean {
    const { thresholds } = this.#job.plan;
    const registry = new Registry(watchedTags(thresholds));
    for (const metrics of this.#metrics.values()) registry.merge(metrics);
    const found = crossed(thresholds, registry, elapsed);
    if (found !== undefined) this.#endedBy ??= `${found.metric} ${found.expression}`;
    return found !== undefined;
  }

  readonly #collect = (index: number, point: Point): void => {
    const points = (this.#points[index] ??= []);
    points.push(point);
    if (points.length < this.#job.workers) return;
    this.#points[index] = [];
    this.#job.onPoint(mergePoints(points));
  };
}

interface ThreadEvents {
  onPoint(index: number, point: Point): void;
  onMetrics(thread: Thread, metrics: readonly MetricData[]): void;
  readonly onSamples: ((lines: string) => void) | undefined;
  /** All others are to end, too. */
  onMistake(): void;
}

class Thread {
  readonly ready: Promise<void>;
  /** Once it has answered, or cannot any more. */
  readonly done: Promise<void>;
  results: Results | undefined = undefined;
  mistake: Error | undefined = undefined;
  readonly #worker: Worker;

  constructor(job: WorkerJob, { onPoint, onMetrics, onMistake, onSamples }: ThreadEvents) {
    const worker = new Worker(join(__dirname, 'worker.js'), { workerData: job });
    this.#worker = worker;
    let points = 0;
    const lost = (reject: (error: Error) => void): void => {
      worker.once('error', reject);
      worker.once('exit', (code) => {
        const message = `A worker ended early, with code ${String(code)}`;
        reject(new FiberError('ERR_LOAD_SCENARIO', message));
      });
    };
    this.ready = new Promise((resolve, reject) => {
      lost(reject);
      worker.on('message', (message: FromWorker) => {
        if ('ready' in message) resolve();
        else if ('error' in message) reject(asError(message.error));
      });
    });
    this.done = new Promise((resolve, reject) => {
      lost(reject);
      worker.on('message', (message: FromWorker) => {
        if ('point' in message) onPoint(points++, message.point);
        else if ('samples' in message) onSamples?.(message.samples);
        else if ('metrics' in message) onMetrics(this, message.metrics);
        else if ('error' in message) reject(asError(message.error));
        else if ('results' in message) {
          this.results = message.results;
          if (message.mistake !== undefined) {
            this.mistake = asError(message.mistake);
            onMistake();
          }
          resolve();
        }
      });
    });
    // Whoever waits for it sees its error; nobody may come to that.
    this.done.catch(() => undefined);
    this.ready.catch(() => undefined);
  }

  tell(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  /** Does not wait for it: one that never lets go of its thread is stopped all the same. */
  end(): void {
    void this.#worker.terminate();
  }
}

const asError = ({ code, message, stack }: WorkerError): Error => {
  const isOurs = typeof code === 'string' && code.startsWith('ERR_LOAD_');
  const error = new FiberError(isOurs ? (code as FiberErrorCode) : 'ERR_LOAD_SCENARIO', message);
  error.stack = stack;
  return error;
};
