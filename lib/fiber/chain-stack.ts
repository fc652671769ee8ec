import { access, runtime, type Fiber } from './fiber';

/** The JavaScript frames of a fiber and of every fiber that it waits for, innermost first, one a line. */
export function chainStack(first: Fiber): string {
  const stacks: string[] = [];
  let fiber: Fiber | undefined = first;
  while (fiber !== undefined) {
    stacks.unshift(fiber.stack);
    const handle = access.handleOf(fiber);
    fiber = handle < 0 ? undefined : (runtime.fibers.resumedBy(handle) as Fiber | undefined);
  }
  return stacks.filter((stack) => stack !== '').join('\n');
}
