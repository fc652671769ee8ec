// How Dew scales: the whole process is kept to so many cores, and its pool has as many threads.
//
//   node bench/dew/scaling.mjs KERNEL THREADS FRAMES CORES     prints the milliseconds of each frame as JSON
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { fibers } from './fibers.mjs';
import { summary, variantsOf } from './frames.mjs';

const self = fileURLToPath(import.meta.url);

// Milliseconds of a frame with chunks ten times larger. Tasks make their calls one after the other, as in variant seq.
export function onCores(cores, kernel, { threads, frames }) {
  const args = [self, kernel, threads, frames, cores].map(String);
  const command = ['-c', `0-${cores - 1}`, process.execPath, ...args];
  const output = execFileSync('taskset', command, { encoding: 'utf8' });
  return summary(JSON.parse(output)).average;
}

if (process.argv[1] === self) {
  const [kernel, threads, frames, cores] = process.argv.slice(2);
  const variant = variantsOf(Number(threads)).big;
  const options = { frames: Number(frames), threads: Number(cores) };
  const { times } = await fibers(kernel, variant, options);
  console.log(JSON.stringify(times));
}
