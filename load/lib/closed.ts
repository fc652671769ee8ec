import { sleep, yieldNow } from 'greenfiber';

import type { Load } from './load';
import { shareOf, type Part } from './part';
import { levelAt } from './stages';
import { NOW, type Users } from './users';
import type { RunContext } from './vu';

/** How often the number of users follows its stages, in milliseconds. */
const STEP = 50;

/**
 * The closed model: a number of users, each of which begins an iteration when its last one has ended. What the system
 * under test delays is not asked of it; see {@link runOpen} for the model that keeps asking.
 */
export function runClosed(load: Load, context: RunContext, part: Part, users: Users): void {
  const start = context.start + load.startTime;
  const end = start + load.duration;
  const alive: { retired: boolean }[] = [];
  const follow = (wanted: number): void => {
    while (alive.length > wanted) retire(alive.pop());
    while (alive.length < wanted) alive.push(startUser(users, end, load.iterationsPerVu));
  };
  while (!users.stopped && !users.exhausted) {
    const now = users.now() - start;
    if (now >= load.duration) break;
    // To the nearest: the level comes close to a whole number at the end of a stage, and maybe not quite there.
    follow(shareOf(Math.floor(levelAt(load.stages, load.start, now) + 1e-6), part));
    sleep(Math.min(STEP, load.duration - now));
  }
}

function retire(life: { retired: boolean } | undefined): void {
  if (life !== undefined) life.retired = true;
}

function startUser(users: Users, end: number, most: number): { retired: boolean } {
  const life = { retired: false };
  users.start((user) => {
    const delay = users.delay();
    if (delay > 0 || !user.slept) {
      if (delay > 0) sleep(delay);
      else yieldNow(); // an iteration that never blocks leaves the others their turn
      user.now = users.now();
    }
    const isOver =
      user.iteration >= most || life.retired || users.stopped || users.exhausted || user.now >= end;
    return isOver ? undefined : NOW;
  });
  return life;
}
