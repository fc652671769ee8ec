// Skynet, concurrent: every node spawns its ten children at once and waits for their sums. With six levels these
// are 1,111,110 tasks below the first. Prints milliseconds per run.
//
//   node bench/js/programs/skynet-concurrent.mjs [tasks | async] [levels] [repetitions]
import { spawn } from 'greenfiber';

const [kind = 'tasks', levels = 6, repetitions = 3] = process.argv.slice(2);

function inTasks(level, number) {
  if (level === 0) return number;
  const children = [];
  for (let i = 0; i < 10; i++) children.push(spawn(inTasks, level - 1, 10 * number + i));
  let sum = 0;
  for (const child of children) sum += child.join();
  return sum;
}

async function inAsyncFunctions(level, number) {
  await undefined; // begins later, as a task does
  if (level === 0) return number;
  const children = [];
  for (let i = 0; i < 10; i++) children.push(inAsyncFunctions(level - 1, 10 * number + i));
  let sum = 0;
  for (const child of children) sum += await child;
  return sum;
}

const programs = {
  tasks: () => spawn(inTasks, Number(levels), 0),
  async: () => inAsyncFunctions(Number(levels), 0),
};

const leaves = 10 ** Number(levels);
for (let i = 0; i < Number(repetitions); i++) {
  const start = performance.now();
  const sum = await programs[kind]();
  if (sum !== (leaves * (leaves - 1)) / 2) throw new Error(`wrong sum ${sum}`);
  console.log((performance.now() - start).toFixed(1));
}
