// Every fiber of many in turn, again and again, against two in turn: what the caches and the TLB cost.
//
// The answer is the sum of what the fibers yielded. Nanoseconds per resume follow from the time.
import { Fiber, spawn, yieldNow } from 'greenfiber';

export const sizes = {
  quick: { fibers: 10_000, resumes: 400_000 },
  full: { fibers: 100_000, resumes: 5_000_000 },
};

export const operations = ({ resumes }) => resumes;

// Each fiber counts its own resumes, from 1.
export function expected({ fibers, resumes }) {
  const rounds = resumes / fibers;
  return (fibers * rounds * (rounds + 1)) / 2;
}

function counter() {
  for (let count = 1; ; count++) Fiber.yield(count);
}

function* counterGenerator() {
  for (let count = 1; ; count++) yield count;
}

async function* counterAsync() {
  for (let count = 1; ; count++) yield count;
}

export const variants = {
  fibers({ fibers, resumes }) {
    const all = Array.from({ length: fibers }, () => new Fiber(counter));
    let sum = 0;
    for (let round = 0; round < resumes / fibers; round++) {
      for (let i = 0; i < fibers; i++) sum += all[i].resume();
    }
    return sum;
  },

  // They hand over to each other, and load each other's stacks ahead.
  async tasks({ fibers, resumes }) {
    let sum = 0;
    const body = () => {
      for (let count = 1; count <= resumes / fibers; count++) {
        sum += count;
        yieldNow();
      }
    };
    await Promise.all(Array.from({ length: fibers }, () => spawn(body)));
    return sum;
  },

  generators({ fibers, resumes }) {
    const all = Array.from({ length: fibers }, counterGenerator);
    let sum = 0;
    for (let round = 0; round < resumes / fibers; round++) {
      for (let i = 0; i < fibers; i++) sum += all[i].next().value;
    }
    return sum;
  },

  async async({ fibers, resumes }) {
    const all = Array.from({ length: fibers }, counterAsync);
    let sum = 0;
    for (let round = 0; round < resumes / fibers; round++) {
      for (let i = 0; i < fibers; i++) sum += (await all[i].next()).value;
    }
    return sum;
  },
};
