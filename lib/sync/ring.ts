/** First in, first out, in an array that is used in a circle: neither end ever moves the items. */
export class Ring<T> {
  length = 0;
  /** Its length is a power of two. */
  #slots: (T | undefined)[] = [];
  #first = 0;

  /** There must be one. */
  get first(): T {
    return this.#slots[this.#first] as T;
  }

  push(item: T): void {
    if (this.length === this.#slots.length) this.#grow();
    this.#slots[(this.#first + this.length) & (this.#slots.length - 1)] = item;
    this.length++;
  }

  /** There must be one. */
  shift(): T {
    const item = this.#slots[this.#first] as T;
    this.#slots[this.#first] = undefined;
    this.#first = (this.#first + 1) & (this.#slots.length - 1);
    this.length--;
    return item;
  }

  #grow(): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    const size = Math.max(8, 2 * slots.length);
    this.#slots = Array.from({ length: size }, (_, i) => {
      return i < this.length ? slots[(this.#first + i) & mask] : undefined;
    });
    this.#first = 0;
  }
}
