import { isError } from '../base/errors';

/**
 * What a function threw in a worker, as something that can be cloned and loses nothing by it: a clone of an error has a
 * name, a message and a stack, and one of what holds a function cannot be made.
 */
export interface Thrown {
  root: Packed;
  /** What it consists of. They may refer to each other in circles. */
  objects: PackedObject[];
}

/** A value that can be cloned as it is, or the number of an object. */
type Packed = { value: unknown } | { object: number };

interface PackedObject {
  kind: 'error' | 'DOMException' | 'array' | 'object';
  /** Of an error: the names of its classes, the last of which is built in. */
  classes: string[];
  name: string;
  message: string;
  stack: string;
  properties: { key: string; value: Packed; enumerable: boolean }[];
}

const { WebAssembly } = globalThis as { WebAssembly?: Record<string, unknown> };

type ErrorClass = new () => Error;

const builtIn = new Map<string, ErrorClass>();
for (const [place, names] of [
  [globalThis, 'Error EvalError RangeError ReferenceError SyntaxError TypeError URIError'],
  [globalThis, 'AggregateError SuppressedError'],
  [WebAssembly, 'CompileError LinkError RuntimeError'],
] as const) {
  for (const name of names.split(' ')) {
    const type = (place as Record<string, unknown> | undefined)?.[name];
    if (typeof type === 'function') builtIn.set(name, type as ErrorClass);
  }
}

/**
 * In the worker. Functions and other properties that cannot be cloned are left out; undefined: it cannot be cloned at all.
 */
export function packThrown(thrown: unknown): Thrown | undefined {
  const values: object[] = [];
  const numbers = new Map<object, number>();
  const objects: PackedObject[] = [];

  function pack(value: unknown): Packed | undefined {
    if (typeof value === 'function' || typeof value === 'symbol') return undefined;
    if (typeof value !== 'object' || value === null) return { value };
    const kind = kindOf(value);
    if (kind === undefined) return canBeCloned(value) ? { value } : undefined;
    let number = numbers.get(value);
    if (number === undefined) {
      number = values.push(value) - 1;
      numbers.set(value, number);
      objects.push({ ...describe(kind, value), properties: [] });
    }
    return { object: number };
  }

  const root = pack(thrown);
  // It grows meanwhile. Not one in the other: chains of causes can be long.
  for (const [i, object] of values.entries()) {
    for (const { key, value, enumerable } of propertiesOf(object)) {
      const packed = pack(value);
      if (packed !== undefined) objects[i]?.properties.push({ key, value: packed, enumerable });
    }
  }
  return root && { root, objects };
}

function kindOf(value: object): PackedObject['kind'] | undefined {
  if (value instanceof DOMException) return 'DOMException';
  if (isError(value)) return 'error';
  if (Array.isArray(value)) return 'array';
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype ? 'object' : undefined;
}

function canBeCloned(value: object): boolean {
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}

function describe(
  kind: PackedObject['kind'],
  value: Partial<Error>,
): Omit<PackedObject, 'properties'> {
  if (kind === 'array' || kind === 'object') {
    return { kind, classes: [], name: '', message: '', stack: '' };
  }
  const text = (key: 'name' | 'message' | 'stack'): string => {
    const read = readOf(value, key);
    return typeof read === 'string' ? read : '';
  };
  return {
    kind,
    classes: classesOf(value),
    name: text('name'),
    message: text('message'),
    stack: belowUs(text('stack')),
  };
}

/** The trace up to the function that was called. */
function belowUs(stack: string): string {
  const lines = stack.split('\n');
  const end = lines.findIndex((line) => line.includes('/javascript-worker.'));
  return (end < 0 ? lines : lines.slice(0, end)).join('\n');
}

function classesOf(error: object): string[] {
  const names: string[] = [];
  let prototype = Object.getPrototypeOf(error) as object | null;
  for (; prototype !== null; prototype = Object.getPrototypeOf(prototype) as object | null) {
    const type: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
    if (typeof type !== 'function' || names.includes(type.name)) continue;
    names.push(type.name);
    if (builtIn.has(type.name)) return names;
  }
  return [...names, 'Error'];
}

/** Of an error's stack there is only the text. */
function propertiesOf(value: object): { key: string; value: unknown; enumerable: boolean }[] {
  return Object.entries(Object.getOwnPropertyDescriptors(value))
    .filter(([key]) => !(key === 'stack' && isError(value)) && !isLength(value, key))
    .map(([key, { enumerable = false }]) => ({ key, value: readOf(value, key), enumerable }));
}

const isLength = (value: object, key: string): boolean => key === 'length' && Array.isArray(value);

/** Undefined where a getter throws. */
function readOf(value: object, key: string): unknown {
  try {
    return (value as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}

/** In the thread that called. */
export function unpackThrown({ root, objects }: Thrown): unknown {
  const made = objects.map(emptyOf);
  const unpack = (packed: Packed): unknown =>
    'object' in packed ? made[packed.object] : packed.value;
  for (const [i, object] of made.entries()) {
    for (const { key, value, enumerable } of objects[i]?.properties ?? []) {
      define(object, key, unpack(value), enumerable);
    }
  }
  return unpack(root);
}

function emptyOf({ kind, classes, name, message, stack }: PackedObject): object {
  if (kind === 'array') return [];
  if (kind === 'object') return {};
  const error = kind === 'DOMException' ? new DOMException(message, name) : emptyError(classes);
  if (error.name !== name) define(error, 'name', name, false);
  if (error.message !== message) define(error, 'message', message, false);
  define(error, 'stack', stack === '' ? `${name}: ${message}` : stack, false);
  return error;
}

function define(object: object, key: string, value: unknown, enumerable: boolean): void {
  Object.defineProperty(object, key, { value, enumerable, writable: true, configurable: true });
}

function emptyError(classes: string[]): Error {
  const base = builtInOf(classes);
  const args = base.name === 'AggregateError' ? [[]] : [];
  return Reflect.construct(base, args, classOf(classes)) as Error;
}

const builtInOf = (classes: string[]): ErrorClass => builtIn.get(classes.at(-1) ?? '') ?? Error;

/** A class of an error that only the worker knows has a namesake here. */
const namesakes = new Map<string, ErrorClass>();

function classOf(classes: string[]): ErrorClass {
  const [name = 'Error', ...above] = classes;
  if (above.length === 0) return builtInOf(classes);
  const key = classes.join(' ');
  let type = namesakes.get(key);
  if (type === undefined) {
    type = class extends classOf(above) {};
    define(type, 'name', name, false);
    namesakes.set(key, type);
  }
  return type;
}
