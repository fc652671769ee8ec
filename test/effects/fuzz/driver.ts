// node --expose-gc driver.js <seed> <programs>: runs random programs on greenfiber and on the model, on the main
// stack and interleaved in tasks, with garbage collected in between.
import { isDeepStrictEqual } from 'node:util';
import { spawn, stats, yieldNow } from 'greenfiber';

import { runModel } from './model';
import { generateProgram, Random, type Expression, type Outcome } from './program';
import { runReal } from './real';

const seed = Number(process.argv[2] ?? 1);
const count = Number(process.argv[3] ?? 500);
const random = new Random(seed);

function collectSometimes(): void {
  const luck = random.below(60);
  if (luck === 0) gc!();
  else if (luck < 6) gc!({ type: 'minor' } as never);
}

function check(program: Expression, real: Outcome, inTask: boolean): void {
  const model = runModel(program, inTask ? 'ERR_FIBER_NOT_YIELDABLE' : 'ERR_FIBER_NOT_IN_FIBER');
  if (isDeepStrictEqual(real, model)) return;
  console.error(
    `seed ${seed}: differs ${inTask ? 'in a task' : 'on the main stack'}\n${JSON.stringify(program)}\n` +
      `model: ${JSON.stringify(model)}\nreal:  ${JSON.stringify(real)}`,
  );
  process.exit(1);
}

async function main(): Promise<void> {
  let longest = 0;
  for (let i = 0; i < count; i++) {
    const body = generateProgram(random);
    const program: Expression = random.below(2) === 0 ? body : { kind: 'fiber', body };
    const real = runReal(program, collectSometimes);
    longest = Math.max(longest, real.log.length);
    check(program, real, false);
    const tasks = [1, 2, 3].map(() =>
      spawn(() =>
        runReal(program, () => {
          collectSometimes();
          yieldNow();
        }),
      ),
    );
    for (const task of tasks) check(program, await task, true);
  }
  const { alive, continuations } = stats();
  if (alive !== 0 || continuations !== 0) {
    console.error(`left behind: ${alive} fibers, ${continuations} continuations`);
    process.exit(1);
  }
  console.log(`${count} programs, the longest log ${longest}`);
}

void main();
