/** `1 task`, `2 tasks`. */
export function count(number: number, noun: string): string {
  return `${String(number)} ${noun}${number === 1 ? '' : 's'}`;
}

/** A task by its id, and its name if it was given one. */
export function label({ id, name }: { id: number; name: string }): string {
  const byId = `task ${String(id)}`;
  return name === byId ? name : `${byId} "${name}"`;
}
