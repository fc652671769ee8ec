// Tasks that sleep, to be looked at.
import { spawn, wait, type Task } from 'greenfiber';
import { snapshot, type Snapshot, type TaskSnapshot } from 'greenfiber/inspect';

export const forever = () => wait(new Promise(() => undefined));
export const soon = () => new Promise((resolve) => setTimeout(resolve, 5));

/** Until every task that there is sleeps in something that does not end by itself. */
export async function untilAllSleep(): Promise<void> {
  const isAwake = ({ status, sleep: asleepIn }: TaskSnapshot) =>
    status !== 'parked' || asleepIn?.call === 'sleep';
  do await soon();
  while (snapshot().tasks.some(isAwake));
}

export const byName = ({ tasks }: Snapshot, name: string) =>
  tasks.find((task) => task.name === name)!;

/** Starts tasks of these names, looks at them asleep, and ends them. */
export async function asleep(
  bodies: Record<string, () => unknown>,
  look: (seen: Snapshot, tasks: Record<string, Task>) => void,
): Promise<void> {
  const tasks = Object.fromEntries(
    Object.entries(bodies).map(([name, body]) => {
      const task = spawn(body);
      task.name = name;
      return [name, task];
    }),
  );
  await untilAllSleep();
  try {
    look(snapshot(), tasks);
  } finally {
    for (const task of Object.values(tasks)) {
      task.cancel();
      await task.then(undefined, () => undefined);
    }
  }
}
