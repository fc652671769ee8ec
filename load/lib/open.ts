import { sleep } from 'greenfiber';
import { type Clock, realClock, Waiter } from 'greenfiber/lowlevel';

import type { Load } from './load';
import { shareOf, type Part } from './part';
import { Arrivals, levelAt } from './stages';
import type { Users } from './users';
import type { RunContext } from './vu';

/** A timer of Node's may be late by so many milliseconds; what is due sooner is awaited by looking. */
const TIMER_SLACK = 2;
/** An iteration that begins later than this, in milliseconds, because all users are busy, is late. */
const LATE = 1;
/** Between two looks at what is due, in milliseconds. */
const SHORTEST_PAUSE = 0.1;
/** New users that may be started at once; more only as fast as twice the rate. */
const BURST = 16;

/**
 * The open model: iterations begin at times that are fixed in advance, whatever becomes of those before. An idle user
 * takes one, or a new one; when there are as many users as there may be, what is due waits until one is free, and its
 * waiting counts as its latency, from when it should have begun (Gil Tene's coordinated omission). What still waits
 * at the end was dropped.
 */
export function runOpen(load: Load, context: RunContext, part: Part, users: Users): void {
  new OpenModel(load, context, part, users).run();
}

class OpenModel {
  readonly #load: Load;
  readonly #clock: Clock;
  readonly #context: RunContext;
  readonly #users: Users;
  readonly #arrivals: Arrivals;
  readonly #start: number;
  readonly #maxUsers: number;
  readonly #idle: Waiter<number>[] = [];
  #ended = false;
  /**
   * New users that may be started now. After a stall (a collection, a cold start) many iterations are due at once: the
   * users there are catch up sooner than hundreds of new ones, which first have to connect.
   */
  #allowance = BURST;
  #refilled: number;

  constructor(load: Load, context: RunContext, part: Part, users: Users) {
    this.#load = load;
    this.#clock = context.clock;
    this.#context = context;
    this.#users = users;
    this.#start = this.#refilled = context.start + load.startTime;
    this.#arrivals = new Arrivals(load.stages, load.start, part.index, part.count);
    this.#maxUsers = shareOf(load.maxVus, part);
  }

  run(): void {
    const end = this.#start + this.#load.duration;
    while (!this.#users.stopped && !this.#users.exhausted) {
      const now = this.#clock.now();
      const isLast = now >= end;
      while (this.#due <= now && this.#begin(isLast));
      if (isLast) break;
      pause(this.#clock, Math.min(end, Math.max(this.#due, now + SHORTEST_PAUSE)) - now);
    }
    this.#end();
  }

  /** When the next iteration is due, on the run's clock. */
  get #due(): number {
    return this.#start + this.#arrivals.next;
  }

  #take(): number {
    return this.#start + this.#arrivals.take();
  }

  /** Begins what is due; false when nobody is free. At the end, as many users are started as there may be. */
  #begin(isLast: boolean): boolean {
    const idle = this.#idle.pop();
    if (idle !== undefined) {
      idle.wake(this.#take());
      return true;
    }
    if (this.#users.count >= this.#maxUsers || !(this.#mayStart() || isLast)) return false;
    let first: number | undefined = this.#take();
    this.#users.start(() => {
      const due = first ?? this.#next();
      first = undefined;
      return due;
    });
    return true;
  }

  #mayStart(): boolean {
    const now = this.#clock.now();
    const { stages, start } = this.#load;
    const rate = Math.max(1000, levelAt(stages, start, now - this.#start)) / 1000;
    this.#allowance = Math.min(BURST, this.#allowance + 2 * rate * (now - this.#refilled));
    this.#refilled = now;
    if (this.#allowance < 1) return false;
    this.#allowance--;
    return true;
  }

  /** What a user that is free does next; undefined when nothing is left. */
  #next(): number | undefined {
    const now = this.#clock.now();
    if (this.#ended || this.#users.stopped) return undefined;
    if (this.#due <= now) {
      const due = this.#take();
      if (now - due > LATE && this.#users.count >= this.#maxUsers) this.#late();
      return due;
    }
    const waiter = Waiter.begin<number>('the next arrival', this);
    this.#idle.push(waiter);
    const due = waiter.park(() => {
      this.#idle.splice(this.#idle.indexOf(waiter), 1);
    });
    return due < 0 ? undefined : due;
  }

  #late(): void {
    const { recorder, tags } = this.#context;
    recorder.timeline.late++;
    recorder.registry.metric('late_iterations', 'counter').with(tags).add(1);
  }

  #end(): void {
    this.#ended = true;
    for (const waiter of this.#idle.splice(0)) waiter.wake(-1);
    const end = Math.min(this.#clock.now(), this.#start + this.#load.duration);
    if (this.#users.exhausted) return;
    let dropped = 0;
    for (; this.#due < end; dropped++) this.#take();
    if (dropped === 0) return;
    const { recorder, tags } = this.#context;
    recorder.registry.metric('dropped_iterations', 'counter').with(tags).add(dropped);
  }
}

/**
 * Sleeps to the fraction of a millisecond, which timers do not: the rest is awaited by looking at the clock once in
 * every turn of the event loop, which keeps a processor busy.
 */
function pause(clock: Clock, ms: number): void {
  if (ms <= 0) return;
  if (clock !== realClock) sleep(ms);
  else if (ms > TIMER_SLACK) sleep(ms - TIMER_SLACK);
  else {
    const waiter = Waiter.begin<undefined>('the next arrival');
    const immediate = setImmediate(() => waiter.wake(undefined));
    waiter.park(() => {
      clearImmediate(immediate);
    });
  }
}
