import { inspect, type InspectOptionsStylized } from 'node:util';

/** A class whose objects users meet; its constructor may be internal. */
interface Shown<T> {
  readonly name: string;
  readonly prototype: T;
}

/**
 * How the objects of a class look in `console.log`: what `look` returns of one, and nothing of what is inside. What is
 * undefined, or a name that was not given, is left out.
 */
export function showAs<T extends object>(
  type: Shown<T>,
  look: (object: T) => Record<string, unknown>,
): void {
  function show(this: T, depth: number, options: InspectOptionsStylized): string {
    const name = (this.constructor as { name?: string } | undefined)?.name ?? type.name;
    if (depth < 0) return options.stylize(`[${name}]`, 'special');
    return `${name} ${inspect(fieldsOf(this, look), options)}`;
  }
  Object.defineProperty(type.prototype, inspect.custom, {
    value: show,
    writable: true,
    configurable: true,
  });
}

function fieldsOf<T>(object: T, look: (object: T) => Record<string, unknown>): object {
  try {
    const fields = Object.entries(look(object));
    return Object.fromEntries(fields.filter(([, value]) => value !== undefined && value !== ''));
  } catch {
    return {}; // the prototype itself, or a stranger
  }
}
