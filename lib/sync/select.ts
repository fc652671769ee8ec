import { types } from 'node:util';

import { FiberError } from '../base/errors';
import { checkObject, wrongType } from '../base/validators';
import type { KeepAlive } from '../scheduler/clock';
import { blockingTask, runningTask } from '../scheduler/current';
import { observe } from '../scheduler/promise-watch';
import type { Task } from '../scheduler/task';
import { Waiter } from '../scheduler/waiter';
import type { Channel, Received } from './channel';
import { caseOf, type Case } from './select-cases';

/** One of the things that {@link select} waits for. */
export type SelectCase<T = unknown> =
  /** An item of a channel, or its end: what {@link Channel.receive} returns. */
  | { readonly receive: Channel<T> }
  /** A receiver, or room, for an item. */
  | { readonly send: Channel<T>; readonly value: T }
  /** That so many milliseconds have passed. */
  | { readonly after: number }
  /** That the signal is aborted; the value is its reason. */
  | { readonly aborted: AbortSignal }
  /** That a promise is settled; the value is its own, and what it was rejected with is thrown. */
  | { readonly settled: PromiseLike<T> };

/** What a case returns when it is the one that happened. */
export type SelectedValue<C> = C extends { readonly receive: Channel<infer T> }
  ? Received<T>
  : C extends { readonly aborted: AbortSignal }
    ? unknown
    : C extends { readonly settled: PromiseLike<infer T> }
      ? T
      : undefined;

/** Which case happened, by its place in the list, and what it returns. */
export type Selected<C extends readonly unknown[]> = {
  [I in keyof C]: {
    readonly index: I extends `${infer N extends number}` ? N : number;
    readonly value: SelectedValue<C[I]>;
  };
}[number];

/** What a {@link select} with a default returns when no case is ready. */
export interface SelectedDefault<D> {
  readonly index: -1;
  readonly value: D;
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- cases of channels of whatever type
type Cases = readonly (SelectCase<any> | undefined)[];

/**
 * Sleeps until one of the cases can happen, lets it happen, and returns which one. The others do not happen and
 * leave no trace. Among several that are ready, chance decides, every one being as likely (from the scheduler's
 * seed); `select.biased` takes the first. A case that is `undefined` never happens. With `options.default`,
 * nothing sleeps: when no case is ready, it returns that value with the index -1.
 *
 * ```js
 * const { index, value } = select([
 *   { receive: requests },
 *   { send: results, value: 42 },
 *   { after: 1000 },
 *   { aborted: signal },
 *   { settled: promise },
 * ]);
 * ```
 *
 * A timer or a promise is never ready at once, only after a sleep.
 *
 * @throws {@link FiberError} `ERR_SELECT_EMPTY` when there is nothing to wait for; `ERR_CHANNEL_CLOSED` when the
 * case that happened sends; `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE`, `ERR_FIBER_NOT_IN_FIBER`;
 * what a promise was rejected with; the reason of a cancelled scope
 */
export function select<const C extends Cases>(cases: C): Selected<C>;
export function select<const C extends Cases, const D>(
  cases: C,
  options: { readonly default: D },
): Selected<C> | SelectedDefault<D>;
export function select(cases: Cases, options?: { readonly default?: unknown }): Answer {
  return run('select', cases, options, (task, ready) =>
    Math.floor(task.scheduler.random() * ready),
  );
}

/** See {@link select}: the first of the cases that are ready. */
function biased<const C extends Cases>(cases: C): Selected<C>;
function biased<const C extends Cases, const D>(
  cases: C,
  options: { readonly default: D },
): Selected<C> | SelectedDefault<D>;
function biased(cases: Cases, options?: { readonly default?: unknown }): Answer {
  return run('select.biased', cases, options, () => 0);
}

select.biased = biased;

interface Answer {
  readonly index: number;
  readonly value: unknown;
}

function run(
  what: string,
  cases: Cases,
  options: { readonly default?: unknown } | undefined,
  choose: (task: Task, ready: number) => number,
): Answer {
  try {
    return tryRun(what, cases, options, choose);
  } catch (error) {
    observePromises(cases);
    throw error;
  }
}

/** Of a select that raises, whatever came of its cases. */
function observePromises(cases: unknown): void {
  if (!Array.isArray(cases)) return;
  for (const one of cases as unknown[]) {
    if (typeof one !== 'object' || one === null || types.isProxy(one)) continue;
    observe(Object.getOwnPropertyDescriptor(one, 'settled')?.value);
  }
}

function tryRun(
  what: string,
  cases: Cases,
  options: { readonly default?: unknown } | undefined,
  choose: (task: Task, ready: number) => number,
): Answer {
  const task = runningTask(what);
  if (!Array.isArray(cases)) throw wrongType('cases', 'an array', cases);
  if (options !== undefined) checkObject('options', options);
  const waiter = new Waiter<Answer>(task, what, cases);
  const selection = new Selection(waiter);
  // Whatever the operands' getters do is done before anything is looked at.
  for (const [index, given] of (cases as Cases).entries()) {
    if (given !== undefined) selection.cases.push(caseOf(given, index, selection));
  }
  blockingTask(what); // its scope may have been cancelled meanwhile
  const ready = selection.cases.filter((one) => one.isReady());
  const chosen = ready[ready.length > 1 ? choose(task, ready.length) : 0];
  const hasDefault = options !== undefined && 'default' in options;
  if (chosen !== undefined || hasDefault) for (const one of selection.cases) one.giveUp();
  if (chosen !== undefined) return { index: chosen.index, value: chosen.perform() };
  if (hasDefault) return { index: -1, value: options.default };
  if (selection.cases.length === 0) {
    throw new FiberError(
      'ERR_SELECT_EMPTY',
      'A select without cases would sleep for ever: give it a case, or a default',
    );
  }
  waiter.on = selection.targets;
  return selection.sleep();
}

/** The cases of one select that sleeps. */
export class Selection implements KeepAlive {
  readonly cases: Case[] = [];
  readonly #waiter: Waiter<Answer>;

  constructor(waiter: Waiter<Answer>) {
    this.#waiter = waiter;
  }

  get task(): Task {
    return this.#waiter.task;
  }

  /** What is waited for, for reports. */
  get targets(): unknown[] {
    return this.cases.map((one) => one.target);
  }

  sleep(): Answer {
    for (const one of this.cases) one.enlist();
    this.#waiter.keeper = this;
    return this.#waiter.park(() => {
      this.#withdraw();
    });
  }

  keepAlive(yes: boolean): void {
    for (const one of this.cases) one.keepAlive?.(yes);
  }

  /** `winner` happened, and no other will. */
  win(winner: Case, value: unknown): boolean {
    this.#withdraw();
    return this.#waiter.wake({ index: winner.index, value });
  }

  /** `winner` happened, and raises. */
  fail(error: unknown): boolean {
    this.#withdraw();
    return this.#waiter.fail(error);
  }

  #withdraw(): void {
    for (const one of this.cases) one.withdraw();
  }
}
