import type { Fiber } from './fiber';
import { captureFrames } from './stack-trace';

const watching = process.env['GREENFIBER_DEBUG'] === '1';

/** Fibers that have started and not finished, with the place they were created at. */
const alive = new Map<Fiber, string>();

/**
 * With `GREENFIBER_DEBUG=1`, remembers every fiber until it finishes and reports, at exit, those that nothing
 * resumed: a suspended fiber is never collected, so each of them is a leak or a deadlock.
 */
export function watchForLeak(fiber: Fiber): void {
  if (!watching) return;
  if (alive.size === 0) process.once('exit', report);
  alive.set(fiber, captureFrames());
}

export function forgetLeak(fiber: Fiber): void {
  if (watching) alive.delete(fiber);
}

function report(): void {
  const left = [...alive].filter(([fiber]) => fiber.state === 'suspended');
  if (left.length === 0) return;
  const lines = left.map(
    ([fiber, created]) =>
      `${fiber.name} sleeps in\n${fiber.stack || '    (no JavaScript frame)'}\n  created in\n${created}`,
  );
  process.stderr.write(
    `greenfiber: ${String(left.length)} fibers were still suspended at exit\n${lines.join('\n')}\n`,
  );
}
