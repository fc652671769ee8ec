// One run of one variant of a program, in a process of its own:
//
//   node program-child.mjs FILE VARIANT SIZE WARM_UP
//
// SIZE is test, quick or full; WARM_UP is how many milliseconds of runs at size quick precede it. Prints one line of
// JSON. Runs on Node 14 too, for node-fibers.
import { pathToFileURL } from 'node:url';
import { checkAnswer, sizeOf } from './programs.mjs';

const [file, variant, sizeName, warmUp] = process.argv.slice(2);
const program = await import(pathToFileURL(file).href);

async function timed(size) {
  if (program.prepare) await program.prepare(size);
  const start = process.hrtime.bigint();
  let answer = program.variants[variant](size);
  if (answer && typeof answer.then === 'function') answer = await answer;
  const nanoseconds = Number(process.hrtime.bigint() - start);
  return { nanoseconds, figures: checkAnswer(program, size, answer) };
}

const end = Date.now() + Number(warmUp);
while (Date.now() < end) await timed(program.sizes.quick);
process.stdout.write(`${JSON.stringify(await timed(sizeOf(program, sizeName)))}\n`, () =>
  process.exit(),
);
