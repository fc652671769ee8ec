// A termination at the first, the second, ... the n-th place where greenfiber calls V8, from loading to the end: with a
// build that counts them (src-native/v8_state/safepoint.cc). `npm run test:safepoints` makes it and runs this.
import { join } from 'node:path';

import test from 'ava';

import { answerOf } from '../helpers/answer';

const counted = process.env['GREENFIBER_SAFEPOINTS'] === '1' ? test : test.skip;
const FIXTURE = join(__dirname, '../fixtures/every-switch.cjs');

/**
 * Runs the program in one worker after the other, with `at` for GREENFIBER_AT_SAFEPOINT but for its number, which is
 * first, first + step, ... last; prints what was seen, and the numbers of those that went on as if nothing was.
 */
const workers = (
  at: (number: string) => string,
  [first, last, step]: number[],
  workerData = {},
): string => `
  const { Worker } = require('node:worker_threads');
  const seen = new Set();
  const next = (number) => {
    if (number > ${String(last)}) return console.log(JSON.stringify([...seen].sort()));
    process.env.GREENFIBER_AT_SAFEPOINT = ${at("' + number + '").replace(/^|$/g, "'")};
    const said = [];
    const worker = new Worker(${JSON.stringify(FIXTURE)}, {
      stdout: true, stderr: true, workerData: ${JSON.stringify(workerData)},
    });
    const timer = setTimeout(() => { said.push('goes on for ever after ' + number); worker.terminate(); }, 60_000);
    worker.on('message', (what) => said.push(what));
    worker.on('error', (error) => said.push(String(error)));
    worker.on('exit', () => { clearTimeout(timer); seen.add(JSON.stringify(said)); next(number + ${String(step)}); });
  };
  next(${String(first)});`;

const PARTS: number[][] = [
  [1, 60, 1],
  [61, 120, 1],
  [121, 400, 5],
  [401, 3000, 53],
];
for (const part of PARTS) {
  counted(
    `a worker is stopped at the safepoints ${String(part[0])} to ${String(part[1])}, and no JavaScript runs any more`,
    async (t) => {
      const program = workers((number) => `stop:${number}`, part);
      t.deepEqual(await answerOf(t, program, { timeout: 300_000 }), ['["ready"]']);
    },
  );
}

counted("vm's timeout comes at one safepoint or another while greenfiber loads", async (t) => {
  const program = workers((number) => `pause:${number}:3000`, [1, 90, 6], {
    load: true,
    timeout: 2000,
  });
  const seen = (await answerOf(t, program, { timeout: 300_000 })) as string[];
  const known = [
    '[["ERR_SCRIPT_EXECUTION_TIMEOUT",false,true,"string"]]',
    '[["loaded",false,true,"string"]]',
  ];
  t.deepEqual(
    seen.filter((said) => !known.includes(said)),
    [],
  );
});
