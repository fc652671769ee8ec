import { currentClock } from 'greenfiber/lowlevel';

import { Deadlines } from './clients/deadlines';
import { InProcessTransport, type InProcessHandler } from './clients/in-process';
import { NetworkTransport } from './clients/network';
import type { Flow } from './load';
import type { Part } from './part';
import type { Plan } from './plan';
import { Recorder } from './recorder';
import type { Scenario } from './scenario';
import { watchedTags } from './thresholds';
import type { RunContext } from './vu';

/** What users share, from now on, outside of any flow. */
export function contextOf(
  plan: Plan,
  part: Part,
  handler: InProcessHandler | undefined,
): RunContext {
  const clock = currentClock();
  const transport =
    handler === undefined
      ? new NetworkTransport(plan.network, clock)
      : new InProcessTransport(handler, clock);
  return {
    plan,
    part,
    tags: plan.tags,
    iterate: () => undefined,
    recorder: new Recorder(plan.tags, watchedTags(plan.thresholds)),
    transport,
    clock,
    start: clock.now(),
    deadlines: new Deadlines(clock, plan.timeout),
  };
}

/** The same for the iterations of a flow. */
export function flowContext(context: RunContext, scenario: Scenario, flow: Flow): RunContext {
  const iterate = scenario[flow.exec] as RunContext['iterate'];
  const { tags } = flow;
  return { ...context, iterate, tags, recorder: context.recorder.for(tags) };
}
