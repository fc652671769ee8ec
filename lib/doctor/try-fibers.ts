/** The process that `greenfiber doctor` starts for each engine. */
import { join, relative } from 'node:path';

import { runtime } from '../fiber/fiber';
import { spawn, sleep, stats, wait } from '../index';
import { loadedBinary } from '../native/binding';
import { answer } from './probe';

const ROOT = join(__dirname, '..', '..');

const { engine, reason } = runtime;
const file = loadedBinary();
const binary = file && relative(ROOT, file);
const steps = runtime.steps();
if (engine === 'none') {
  answer({ works: false, engine, reason, binary, stats: undefined, steps });
} else {
  const pieces = Array.from({ length: 8 }, (_, i) =>
    spawn(() => {
      const objects = [3, 1, 2].map((n) => ({ n, from: wait(Promise.resolve(i)) }));
      sleep(1);
      runtime.addon?.collectGarbage(i % 2 === 0);
      return JSON.stringify(objects.sort((a, b) => a.n - b.n));
    }),
  );
  void Promise.all(pieces).then((answers) => {
    const works = answers.every((text, i) => text.includes(`{"n":3,"from":${String(i)}}`));
    answer({ works, engine, reason, binary, stats: stats(), steps });
  });
}
