/**
 * A place in a {@link WaitQueue}. It lies in one queue at most, so the links are its own and nothing is allocated.
 */
export interface Place {
  /** Where it lies; undefined once it was served or has left. */
  queue: WaitQueue | undefined;
  next: Place | undefined;
  previous: Place | undefined;
  /** What it brings along: what a sender sends. */
  item: unknown;

  /** Ends the wait with a value. Returns whether it was still to be ended. */
  wake(value: unknown): boolean;
  /** Ends the wait with an error. Returns whether it was still to be ended. */
  fail(error: unknown): boolean;
}

/** Those who wait for one thing, first come first served. Who gives up leaves at once, from any place. */
export class WaitQueue<P extends Place = Place> {
  first: P | undefined = undefined;
  #last: P | undefined = undefined;

  get isEmpty(): boolean {
    return this.first === undefined;
  }

  push(place: P): void {
    const last = this.#last;
    place.queue = this;
    place.previous = last;
    if (last === undefined) this.first = place;
    else last.next = place;
    this.#last = place;
  }

  shift(): P | undefined {
    const place = this.first;
    if (place === undefined) return undefined;
    const next = place.next as P | undefined;
    this.first = next;
    if (next === undefined) this.#last = undefined;
    else next.previous = undefined;
    place.next = undefined;
    place.queue = undefined;
    return place;
  }

  /** Asked before a place leaves because its scope was cancelled: false if it is being served already. */
  mayLeave(place: P): boolean {
    return place.queue === this;
  }

  remove(place: P): void {
    const next = place.next as P | undefined;
    const previous = place.previous as P | undefined;
    if (previous === undefined) this.first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    place.next = place.previous = place.queue = undefined;
  }

  /** Serves everyone who waits now. */
  wakeAll(value: unknown): void {
    // Nobody runs meanwhile: who is woken goes on later.
    for (let place = this.shift(); place !== undefined; place = this.shift()) place.wake(value);
  }

  failAll(error: () => unknown): void {
    for (let place = this.shift(); place !== undefined; place = this.shift()) place.fail(error());
  }
}
