// sieve: the first `size` primes with one coroutine per prime. Candidate 2, 3, ... is sent to the filters in order
// until one answers "divisible". If none does it is a prime and starts a filter. Many live coroutines, resumed in
// turn: 8,100 primes take 33,054,559 sends. A zero ends a filter.
import { Fiber } from 'greenfiber';

export const sizes = { test: 50, quick: 1000, full: 8100 };

// Trial division; the answer is the whole list.
export function expected(size) {
  const primes = [];
  for (let candidate = 2; primes.length < size; candidate++) {
    if (primes.every((prime) => prime * prime > candidate || candidate % prime !== 0)) {
      primes.push(candidate);
    }
  }
  return primes;
}

function sieve(size, start, send) {
  const primes = [];
  const filters = [];
  for (let candidate = 2; primes.length < size; candidate++) {
    let prime = true;
    for (let i = 0; prime && i < filters.length; i++) prime = !send(filters[i], candidate);
    if (prime) {
      primes.push(candidate);
      filters.push(start(candidate));
    }
  }
  for (const filter of filters) send(filter, 0);
  return primes;
}

export const variants = {
  fibers(size) {
    const filter = (prime) => {
      let candidate = Fiber.yield();
      while (candidate !== 0) candidate = Fiber.yield(candidate % prime === 0);
    };
    const start = (prime) => {
      const fiber = new Fiber(filter);
      fiber.resume(prime);
      return fiber;
    };
    return sieve(size, start, (fiber, candidate) => fiber.resume(candidate));
  },

  generators(size) {
    function* filter(prime) {
      let candidate = yield;
      while (candidate !== 0) candidate = yield candidate % prime === 0;
    }
    const start = (prime) => {
      const generator = filter(prime);
      generator.next();
      return generator;
    };
    return sieve(size, start, (generator, candidate) => generator.next(candidate).value);
  },
};
