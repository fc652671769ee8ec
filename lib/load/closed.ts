import { sleep, yieldNow } from '../scheduler/blocking';
import { shareOf, type Part, type Plan } from './plan';
import { levelAt } from './stages';
import { NOW, type Users } from './users';

/** How often the number of users follows its stages, in milliseconds. */
const STEP = 50;

/**
 * The closed model: a number of users, each of which begins an iteration when its last one has ended. What the system
 * under test delays is not asked of it; see {@link runOpen} for the model that keeps asking.
 */
export function runClosed(plan: Plan, part: Part, users: Users, elapsed: () => number): void {
  const end = users.now() + plan.duration - elapsed();
  const alive: { retired: boolean }[] = [];
  const follow = (wanted: number): void => {
    while (alive.length > wanted) retire(alive.pop());
    while (alive.length < wanted) alive.push(startUser(users, end));
  };
  while (!users.stopped && !users.exhausted) {
    const now = elapsed();
    if (now >= plan.duration) break;
    // To the nearest: the level comes close to a whole number at the end of a stage, and maybe not quite there.
    follow(shareOf(Math.floor(levelAt(plan.stages, plan.start, now) + 1e-6), part));
    sleep(Math.min(STEP, plan.duration - now));
  }
}

function retire(life: { retired: boolean } | undefined): void {
  if (life !== undefined) life.retired = true;
}

function startUser(users: Users, end: number): { retired: boolean } {
  const life = { retired: false };
  users.start((user) => {
    const delay = users.delay();
    if (delay > 0 || !user.slept) {
      if (delay > 0) sleep(delay);
      else yieldNow(); // an iteration that never blocks leaves the others their turn
      user.now = users.now();
    }
    const isOver = life.retired || users.stopped || users.exhausted || user.now >= end;
    return isOver ? undefined : NOW;
  });
  return life;
}
