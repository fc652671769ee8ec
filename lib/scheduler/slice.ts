import { setImmediate } from '../base/timers';
import type { Clock } from './clock';

/** Switches between two looks at the clock, at most: what a look costs is shared by so many. */
const MOST_CREDIT = 64;
/** So many looks at the clock a slice are aimed at. */
const LOOKS_PER_SLICE = 8;
/** Switches until the first look when nothing is known of how long they take. */
const FIRST_CREDIT = 8;
/** After so many short turns the next ones are taken to be short, too. */
const DOUBTS = 64;
/** Turns of a slice that are measured each. */
const MEASURED_TURNS = 4;

/**
 * The time that tasks may run before the event loop gets its turn, which may be several turns of the scheduler. What is
 * done between them by others is not the tasks' time, so the clock is looked at where a turn begins and where it ends;
 * and between switches, as seldom as it can be.
 *
 * A look costs more than a switch. So where many turns in a row were short, the next ones in their slice are taken together,
 * with what is between them, until something takes long.
 */
export class Slice {
  /** Turns so far. */
  turns = 0;
  /** Milliseconds that a slice took, at most. */
  longest = 0;
  /** Whether the event loop's turn has come. */
  isOver = false;
  readonly #clock: Clock;
  readonly #ms: number;
  readonly #close: () => void;
  /** Whether the event loop has not had its turn since the slice began. */
  #isOpen = false;
  /** Lets the event loop end the slice. */
  #end: NodeJS.Immediate | undefined = undefined;
  /** When it began, moved on by the time between its turns. */
  #start = 0;
  #lastLook = 0;
  /** Switches until the next look. */
  #credit = 1;
  #lastCredit = 1;
  /** Short turns until they are taken together. */
  #doubts = DOUBTS;
  #takesTogether = false;
  #measuredTurns = 0;

  constructor(clock: Clock, ms: number) {
    this.#clock = clock;
    this.#ms = ms;
    this.#close = () => {
      this.#isOpen = false;
      if (this.#takesTogether) this.#look();
    };
  }

  /** Whether no turn can begin before the event loop has had its own. */
  get isSpent(): boolean {
    return this.#isOpen && this.isOver;
  }

  beginTurn(): void {
    this.turns++;
    if (!this.#isOpen) {
      this.#open();
    } else if (!this.#takesTogether) {
      const now = this.#clock.now();
      this.#start += now - this.#lastLook; // no task ran meanwhile
      this.#lastLook = now;
    }
  }

  endTurn(): void {
    if (this.#takesTogether) return;
    this.#look();
    if (this.#doubts > 0) this.#doubts--;
    if (++this.#measuredTurns < MEASURED_TURNS || this.#doubts > 0) return;
    this.#takesTogether = true;
    this.#end?.ref(); // the event loop must not wait for anything before the last look
  }

  /** Whether the clock need not be looked at now. Asked at every switch. */
  hasCredit(): boolean {
    return --this.#credit > 0;
  }

  /**
   * When there is no credit left: sees whether the slice is over, returns what time it is, and gives credit until the next
   * look, for `patience` milliseconds at most.
   */
  lookBetween(patience: number): number {
    const last = this.#lastLook;
    const now = this.#look();
    const spent = Math.max(now - last, 1e-4);
    const wanted = (this.#lastCredit * Math.min(this.#ms / LOOKS_PER_SLICE, patience)) / spent;
    this.isOver = now - this.#start >= this.#ms;
    this.#lastCredit = Math.max(1, Math.min(MOST_CREDIT, Math.floor(wanted)));
    this.#credit = this.isOver ? 0 : this.#lastCredit;
    return now;
  }

  /** There is something to be done in time: what the credit was given for does not count. */
  lookSoon(): void {
    this.#credit = Math.min(this.#credit, FIRST_CREDIT);
  }

  #open(): void {
    this.#isOpen = true;
    this.isOver = this.#takesTogether = false;
    this.#measuredTurns = 0;
    this.#credit = this.#lastCredit = Math.min(this.#lastCredit, FIRST_CREDIT);
    this.#end = setImmediate(this.#close).unref();
    this.#start = this.#lastLook = this.#clock.now();
  }

  #look(): number {
    const now = this.#clock.now();
    if (now - this.#lastLook > (2 * this.#ms) / LOOKS_PER_SLICE) {
      this.#doubts = DOUBTS;
      this.#takesTogether = false;
    }
    this.#lastLook = now;
    this.longest = Math.max(this.longest, now - this.#start);
    return now;
  }
}
