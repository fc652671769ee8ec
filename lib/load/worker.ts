/**
 * One thread of a run: loads the scenario, waits for the others, runs its part, and answers what it measured.
 *
 * @packageDocumentation
 */
import { parentPort, workerData } from 'node:worker_threads';

import { Scheduler } from '../scheduler/scheduler';
import { loadScenario, type Source } from './load-scenario';
import type { Part, Plan } from './plan';
import type { Results } from './results';
import { runPart } from './run';
import type { Point } from './timeline';

export interface WorkerJob {
  readonly plan: Plan;
  readonly source: Source;
  readonly name: string;
  readonly part: Part;
  readonly data: unknown;
}

export type ToWorker = 'go' | 'stop';

export type FromWorker =
  | { readonly ready: true }
  | { readonly point: Point }
  | { readonly results: Results }
  | { readonly error: { message: string; stack: string } };

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
  const results = await Scheduler.default.run(() => runPart({ ...job, scenario, onPoint, signal }));
  tell({ results });
}

work(workerData as WorkerJob).catch((error: unknown) => {
  const { message, stack = '' } = error instanceof Error ? error : new Error(String(error));
  tell({ error: { message, stack } });
});
