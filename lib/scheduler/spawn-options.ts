import type { Task } from './task';

/**
 * For `spawn(fn, { name })`. It is an argument as any other, so that nobody's `fn` loses one: it names the task where
 * `fn` declares no parameters, and there is nothing else. For a function with arguments, set {@link Task.name}.
 */
export interface SpawnOptions {
  /** The task's name, in reports. */
  readonly name: string;
}

/** Gives a task the name that is asked for in its arguments. */
export function nameIn<T>(
  args: readonly unknown[],
  fn: (...args: never[]) => unknown,
  task: Task<T>,
): Task<T> {
  if (args.length === 1 && fn.length === 0 && isNaming(args[0])) task.name = args[0].name;
  return task;
}

function isNaming(value: unknown): value is SpawnOptions {
  if (typeof value !== 'object' || value === null) return false;
  if (Object.getPrototypeOf(value) !== Object.prototype) return false;
  const property = Object.getOwnPropertyDescriptor(value, 'name');
  return typeof property?.value === 'string' && Reflect.ownKeys(value).length === 1;
}
