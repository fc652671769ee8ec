import { Scheduler } from '../scheduler/scheduler';
import type { Engine, Job } from './engine';
import type { Results } from './results';
import { aroundSetup, runPart } from './run';

/** Runs a job on this thread. */
export class LocalEngine implements Engine {
  readonly #job: Job;

  constructor(job: Job) {
    this.#job = job;
  }

  run(): Promise<Results> {
    const { plan, scenario, name, part, onPoint, signal } = this.#job;
    return Scheduler.default.run(() =>
      aroundSetup(plan, scenario, undefined, (data) =>
        runPart({ plan, scenario, data, name, part, onPoint, signal }),
      ),
    );
  }
}
