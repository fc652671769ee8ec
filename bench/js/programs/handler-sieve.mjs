// handler_sieve (effect-handlers-bench): the sum of the primes below `size`. Whoever finds a prime puts a handler
// around the rest of the search that says whether a number is divisible by it, and asks the next handler out if
// not: 6,057 handlers around each other at full size.
import { answer, effect, handle } from 'greenfiber';

export const sizes = { test: 200, quick: 10_000, full: 60_000 };
export const expected = (size) => primesBelow(size).reduce((sum, prime) => sum + prime, 0);

// Effects: a number asks its way out to its smallest divisor, or to the outermost handler.
export function operations(size) {
  const primes = primesBelow(size);
  let count = 0;
  for (let i = 2, known = 0; i < size; i++) {
    if (primes[known] === i) count += ++known;
    else count += known - primes.findIndex((prime) => i % prime === 0);
  }
  return count;
}

function primesBelow(size) {
  const composite = new Uint8Array(size);
  const primes = [];
  for (let i = 2; i < size; i++) {
    if (composite[i] === 1) continue;
    primes.push(i);
    for (let multiple = i * i; multiple < size; multiple += i) composite[multiple] = 1;
  }
  return primes;
}

export const variants = {
  fibers(size) {
    const IsPrime = effect('IsPrime');
    const search = (from, sum) => {
      for (let i = from; i < size; i++) {
        if (!IsPrime.perform(i)) continue;
        return handle(
          () => search(i + 1, sum + i),
          answer(IsPrime, (number) => number % i !== 0 && IsPrime.perform(number)),
        );
      }
      return sum;
    };
    return handle(
      () => search(2, 0),
      answer(IsPrime, () => true),
    );
  },
};
