import { enterDomains, leaveDomains, usesDomains } from './domain';
import { Runtime, type Handle, type RuntimeHooks } from './native';
import { captureOwnFrames, spliceFrames } from '../base/stack-trace';

/** What runs on the stacks of fibers; the class Fiber fills it in. */
export const bodies = {} as {
  /** Returns who goes on: a fiber on this stack, a handle, or an {@link Ending}. */
  run: (fiber: object, handle: Handle) => object | number;
  forget: RuntimeHooks['forget'];
};

/** How a body ended that returns no task's successor. */
export const Ending = { finished: -2, failed: -3 } as const;

/** What fibers stand on. Whoever wants to use it imports it from `fiber.ts`, which has tried it. */
export const runtime = new Runtime({
  main: runBodies,
  capture: captureOwnFrames,
  splice: spliceFrames,
  forget: (fiber) => {
    bodies.forget(fiber);
  },
  nothing: () => undefined,
  usesDomains,
  leaveDomains,
  enterDomains,
});
// By names of their own: see fiber.ts.
const { current, fail, finish, finishTask } = runtime.fibers;

function runBodies(handle: Handle): void {
  let fiber = current();
  while (fiber !== undefined) {
    const next = bodies.run(fiber, handle);
    if (typeof next === 'object') {
      fiber = next; // its body is to begin on this stack
      continue;
    }
    // V8 visits this frame while the stack waits for its next body, arguments of calls that are over included:
    // those of bodies.run are overwritten by undefined.
    // eslint-disable-next-line no-useless-assignment -- the slot in this frame keeps what was assigned last
    fiber = undefined;
    if (next === Ending.finished) fiber = finish(undefined);
    else if (next === Ending.failed) fiber = fail(undefined);
    else fiber = finishTask(next);
  }
}
