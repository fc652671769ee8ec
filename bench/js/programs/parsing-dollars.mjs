// parsing_dollars (effect-handlers-bench): a parser reads characters by one effect, emits the length of each line of
// dollars by a second, and stops by a third; three nested handlers, size * (size + 1) / 2 dollars.
import { answer, effect, handle, on } from 'greenfiber';

export const sizes = { test: 40, quick: 2000, full: 20_000 };
export const expected = (size) => (size * (size + 1)) / 2;
export const operations = (size) => (size * (size + 1)) / 2 + 2 * size;

const NEWLINE = 10;
const DOLLAR = 36;

export const variants = {
  fibers(size) {
    const Read = effect('Read');
    const Emit = effect('Emit');
    const Stop = effect('Stop');

    const parse = () => {
      for (let dollars = 0; ;) {
        const character = Read.perform();
        if (character === DOLLAR) {
          dollars++;
        } else if (character === NEWLINE) {
          Emit.perform(dollars);
          dollars = 0;
        } else {
          Stop.perform();
        }
      }
    };
    const feed = (action) => {
      let line = 0;
      let left = 0;
      handle(
        action,
        answer(Read, () => {
          if (line > size) return Stop.perform();
          if (left > 0) {
            left--;
            return DOLLAR;
          }
          left = ++line;
          return NEWLINE;
        }),
      );
    };
    const untilStopped = (action) =>
      handle(
        action,
        on(Stop, (_, k) => k.return()),
      );
    let sum = 0;
    handle(
      () => untilStopped(() => feed(parse)),
      answer(Emit, (dollars) => {
        sum += dollars;
      }),
    );
    return sum;
  },

  generators(size) {
    function* characters() {
      for (let line = 1; line <= size + 1; line++) {
        yield NEWLINE;
        for (let i = 0; i < line; i++) yield DOLLAR;
      }
    }
    function* parse() {
      let dollars = 0;
      for (const character of characters()) {
        if (character === DOLLAR) {
          dollars++;
        } else {
          yield dollars;
          dollars = 0;
        }
      }
    }
    let sum = 0;
    for (const dollars of parse()) sum += dollars;
    return sum;
  },
};
