import { inspect } from 'node:util';

import { FiberError } from './errors';

export interface FiberOptions {
  /** Shown in stack dumps and warnings. Default: `fiber` and its id. */
  name?: string;
  /**
   * Bytes of native stack, 131,072 to 16,777,216, rounded up to a power of two. Of them 48 KiB are kept for
   * V8's and Node's own C++ code, the rest is for JavaScript. Default: what {@link configure} set, 262,144.
   */
  stackSize?: number;
}

/** V8 compiles a function only where 40 KiB are left above the limit: docs/stack-sizes.md. */
export const SMALLEST_STACK = 128 * 1024;
export const LARGEST_STACK = 16 * 1024 * 1024;

export function checkFunction(name: string, value: unknown): void {
  if (typeof value !== 'function') throw wrongType(name, 'a function', value);
}

/** Reads each option once: a getter may change its answer. */
export function checkFiberOptions(options: FiberOptions): FiberOptions {
  checkObject('options', options);
  const { name, stackSize } = options as Record<keyof FiberOptions, unknown>;
  const checked: FiberOptions = {};
  if (name !== undefined) {
    if (typeof name !== 'string') throw wrongType('options.name', 'a string', name);
    checked.name = name;
  }
  if (stackSize !== undefined) {
    checkStackSize('options.stackSize', stackSize);
    checked.stackSize = stackSize;
  }
  return checked;
}

export function checkObject(name: string, value: unknown): void {
  if (typeof value !== 'object' || value === null) throw wrongType(name, 'an object', value);
}

export function checkStackSize(name: string, value: unknown): asserts value is number {
  checkInteger(name, value, SMALLEST_STACK, LARGEST_STACK);
}

export function checkInteger(
  name: string,
  value: unknown,
  least: number,
  most: number,
): asserts value is number {
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return;
  throw wrongNumber(name, `a whole number from ${String(least)} to ${String(most)}`, value);
}

/** For a value of the right type that is out of range. */
export function wrongValue(name: string, wanted: string, value: unknown): FiberError {
  return new FiberError(
    'ERR_FIBER_INVALID_ARG_VALUE',
    `${name} must be ${wanted}, not ${show(value)}`,
  );
}

/** Checks a number of milliseconds from 0; `Infinity` means never. */
export function checkDuration(name: string, value: unknown): asserts value is number {
  if (typeof value === 'number' && value >= 0) return;
  throw wrongNumber(name, 'a number of milliseconds from 0', value);
}

/** Checks a moment on a clock, in milliseconds; `Infinity` never comes. */
export function checkMoment(name: string, value: unknown): asserts value is number {
  if (typeof value === 'number' && !Number.isNaN(value)) return;
  throw wrongNumber(name, 'a number of milliseconds', value);
}

/** Checks a number of a port; 0 is any. */
export function checkPort(name: string, value: unknown): asserts value is number {
  checkInteger(name, value, 0, 65_535);
}

/** For what is no number, or not the right one: the words are the same. */
export function wrongNumber(name: string, wanted: string, value: unknown): FiberError {
  return typeof value === 'number'
    ? wrongValue(name, wanted, value)
    : wrongType(name, wanted, value);
}

export function wrongType(name: string, wanted: string, value: unknown): FiberError {
  return new FiberError(
    'ERR_FIBER_INVALID_ARG_TYPE',
    `${name} must be ${wanted}, not ${show(value)}`,
  );
}

function show(value: unknown): string {
  return inspect(value, { depth: 0, breakLength: Infinity }).slice(0, 60);
}
