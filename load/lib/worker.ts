/**
 * One thread of a run: loads the scenario, waits for the others, runs its part, and returns what it measured.
 *
 * @packageDocumentation
 */
import { parentPort, workerData } from 'node:worker_threads';

import { Scheduler } from 'greenfiber';

import { loadScenario, type Source } from './load-scenario';
import { IterationPool } from './iteration-pool';
import type { Part } from './part';
import type { Plan } from './plan';
import type { MetricData } from './registry';
import type { Results } from './results';
import { runPart, type LiveRun } from './run';
import { Strays } from './strays';
import type { Point } from './timeline';

export interface WorkerJob {
  readonly plan: Plan;
  readonly source: Source;
  readonly name: string;
  readonly part: Part;
  readonly data: unknown;
  /** For each load, the iterations that are left for all threads. */
  readonly left: readonly (BigInt64Array | undefined)[];
  /** Whether every sample is told. */
  readonly isSampled: boolean;
}

export type ToWorker = 'go' | 'stop';

export type FromWorker =
  | { readonly ready: true }
  | { readonly point: Point }
  | { readonly samples: string }
  | { readonly metrics: readonly MetricData[] }
  /** With the mistake that ended it, if one did. */
  | { readonly results: Results; readonly mistake: WorkerError | undefined }
  | { readonly error: WorkerError };

/** An error on its way to another thread. */
export interface WorkerError {
  readonly code: unknown;
  readonly message: string;
  readonly stack: string;
}

function plain(error: unknown): WorkerError {
  const { message, stack = '' } = error instanceof Error ? error : new Error(String(error));
  return { code: (error as { code?: unknown } | null)?.code, message, stack };
}

function tell(message: FromWorker): void {
  parentPort?.postMessage(message);
}

async function work(job: WorkerJob): Promise<void> {
  const stopping = new AbortController();
  const scenario = await loadScenario(job.source);
  const go = new Promise<void>((resolve) => {
    parentPort?.on('message', (message: ToWorker) => {
      if (message === 'go') resolve();
      else stopping.abort();
    });
  });
  tell({ ready: true });
  await go;
  const { signal } = stopping;
  const onPoint = (point: Point): void => {
    tell({ point });
  };
  const onMetrics = (metrics: readonly MetricData[]): void => {
    tell({ metrics });
  };
  const onSamples = (samples: string): void => {
    tell({ samples });
  };
  const pools = job.left.map((left) => new IterationPool(left));
  let live: LiveRun | undefined;
  const onBegin = (run: LiveRun): void => {
    live = run;
  };
  new Strays().deliverTo((error) => {
    if (live === undefined) tell({ error: plain(error) });
    else live.stray(error);
  });
  const { results, error } = await Scheduler.default.run(() =>
    runPart({
      ...job,
      scenario,
      pools,
      onPoint,
      onMetrics,
      onBegin,
      signal,
      ...(job.isSampled && { onSamples }),
    }),
  );
  tell({ results, mistake: error === undefined ? undefined : plain(error) });
}

work(workerData as WorkerJob).catch((error: unknown) => {
  tell({ error: plain(error) });
});
