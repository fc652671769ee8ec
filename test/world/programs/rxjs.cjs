// Streams of values whose operators wait.
'use strict';

const rx = require('rxjs');

const { blocking, pause } = require('../blocking.cjs');

const toArray = (source) => rx.lastValueFrom(source.pipe(rx.toArray()));

const work = {
  synchronous: () =>
    toArray(
      rx.range(0, 50).pipe(
        rx.map((x) => pause(x * 2)),
        rx.filter((x) => pause(x % 3 === 0)),
        rx.scan((sum, x) => pause(sum + x), 0),
      ),
    ),
  inner: () =>
    toArray(rx.range(0, 20).pipe(rx.concatMap((x) => rx.from(blocking(() => pause(x) + 1)())))),
  errors: () =>
    toArray(
      rx.range(0, 5).pipe(
        rx.map((x) => {
          if (pause(x) === 3) throw new Error('three');
          return x;
        }),
        rx.catchError((error) => rx.of(pause(error.message))),
      ),
    ),
  subjects: () => {
    const subject = new rx.ReplaySubject(5);
    const seen = [];
    subject.subscribe((x) => seen.push(pause(`a${x}`)));
    for (let i = 0; i < 10; i++) subject.next(i);
    subject.subscribe((x) => seen.push(pause(`b${x}`)));
    subject.complete();
    return seen;
  },
  scheduled: () =>
    toArray(
      rx.scheduled([1, 2, 3], rx.asapScheduler).pipe(
        rx.map((x) => x + 1),
        rx.zipWith(rx.of(1, 2, 3)),
      ),
    ),
  using: () => {
    const log = [];
    rx.using(
      () => ({ unsubscribe: () => log.push(pause('closed')) }),
      () => rx.of(1, 2),
    ).subscribe((x) => log.push(pause(x)));
    return log;
  },
};

Promise.all(Object.entries(work).map(async ([name, fn]) => [name, await blocking(fn)()])).then(
  (results) => console.log(JSON.stringify(results)),
);
