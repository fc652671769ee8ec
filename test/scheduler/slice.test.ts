import test from 'ava';

// The package shows nothing of it but what time would have to tell.
const { Slice } = require('../../dist/scheduler/slice') as {
  Slice: new (clock: HandClock, ms: number) => Slice;
};

interface Slice {
  readonly longest: number;
  readonly turns: number;
  readonly isOver: boolean;
  readonly isSpent: boolean;
  beginTurn(): void;
  endTurn(): void;
  hasCredit(): boolean;
  lookBetween(patience: number): number;
}

const SLICE = 8;

/** A clock that is set by hand, and counts who looks at it. */
class HandClock {
  looks = 0;
  #now = 1000;

  now(): number {
    this.looks++;
    return this.#now;
  }

  advance(ms: number): void {
    this.#now += ms;
  }

  setTimer(): never {
    throw new Error('A slice sets no timer');
  }
}

function sliceOf(clock: HandClock): { slice: Slice; turn: (ms: number) => void } {
  const slice = new Slice(clock, SLICE);
  const turn = (ms: number): void => {
    slice.beginTurn();
    clock.advance(ms);
    slice.endTurn();
  };
  return { slice, turn };
}

const loop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A slice whose turns are taken together, since so many were short. */
function shortTurns(): { clock: HandClock; slice: Slice; turn: (ms: number) => void } {
  const clock = new HandClock();
  const { slice, turn } = sliceOf(clock);
  for (let i = 0; i < 100; i++) turn(0.001);
  return { clock, slice, turn };
}

test('what is done between two turns is not the time of tasks', (t) => {
  const clock = new HandClock();
  const { slice, turn } = sliceOf(clock);
  turn(1);
  clock.advance(500);
  turn(2);
  t.is(slice.longest, 3);
  t.false(slice.isSpent);
});

test('the time of a slice begins anew when the event loop has had its turn', async (t) => {
  const { slice, turn } = sliceOf(new HandClock());
  turn(5);
  await loop();
  turn(4);
  t.is(slice.longest, 5);
  t.is(slice.turns, 2);
});

test('where many turns were short, the clock is not looked at for each', (t) => {
  const { clock, turn } = shortTurns();
  const { looks } = clock;
  for (let i = 0; i < 1000; i++) turn(0.001);
  t.is(clock.looks, looks);
});

test('a long turn among many short ones is found, and the next ones are measured again', async (t) => {
  const { clock, slice, turn } = shortTurns();
  turn(300);
  await loop();
  t.true(slice.longest >= 300 && slice.longest < 301);
  const { looks } = clock;
  for (let i = 0; i < 10; i++) turn(0.001);
  t.is(clock.looks, looks + 20);
});

test('what the event loop waits for does not count, though turns before it were taken together', async (t) => {
  const { clock, slice, turn } = shortTurns();
  await loop();
  clock.advance(400);
  turn(0.001);
  t.true(slice.longest < 1);
});

test('a few turns of a slice are measured each, however short those of other slices were', async (t) => {
  const { clock, turn } = shortTurns();
  await loop();
  const { looks } = clock;
  turn(0.001);
  clock.advance(0.1);
  turn(0.001);
  t.is(clock.looks, looks + 4);
});

test('a slice is over in time, though its turns are taken together', (t) => {
  const { clock, slice } = shortTurns();
  let turns = 0;
  while (!slice.isSpent && turns < 100_000) {
    turns++;
    slice.beginTurn();
    clock.advance(0.01);
    if (!slice.hasCredit() && !slice.isOver) slice.lookBetween(Infinity);
    slice.endTurn();
  }
  t.true(0.01 * turns >= SLICE - 1);
  t.true(0.01 * turns <= SLICE + 1);
});
