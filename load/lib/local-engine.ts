import { Scheduler, wait } from 'greenfiber';

import type { Engine, Job } from './engine';
import { beforeItIsTooLate } from './patience';
import { IterationPool } from './iteration-pool';
import { noResults } from './results';
import { runPart, type LiveRun } from './run';
import { aroundSetup, type Outcome } from './setup';

/** Runs a job on this thread. */
export class LocalEngine implements Engine {
  readonly #job: Job;

  constructor(job: Job) {
    this.#job = job;
  }

  async run(): Promise<Outcome> {
    const job = this.#job;
    const pools = job.plan.loads.map((load) => IterationPool.of(load, job.part));
    let live: LiveRun | undefined;
    const onBegin = (run: LiveRun): void => {
      live = run;
    };
    const soFar = (interrupted: boolean): Outcome => ({
      results: { ...(live?.collect() ?? noResults(job, interrupted)), interrupted },
    });
    let fail: (outcome: Outcome) => void = () => undefined;
    const failed = new Promise<Outcome>((resolve) => (fail = resolve));
    let isOver = false;
    let late: { error: unknown } | undefined;
    job.strays.deliverTo((error) => {
      if (live === undefined) fail({ ...soFar(false), error, isEmpty: true });
      else if (isOver) late ??= { error };
      else live.stray(error);
    });
    const run = Scheduler.default.run(() =>
      aroundSetup(job, (data) => {
        if (job.meet !== undefined) wait(job.meet());
        const outcome = runPart({ ...job, data, pools, onBegin });
        isOver = true; // what comes now is of the teardown, and not counted any more
        return outcome;
      }),
    );
    const outcome = await beforeItIsTooLate(job.signal, Promise.race([run, failed]), () =>
      soFar(true),
    );
    return { ...late, ...outcome };
  }
}
