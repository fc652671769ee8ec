// A library takes a synchronous callback; the answer is only to be had asynchronously. Array.prototype.sort
// waits for the size of each file, and the event loop turns meanwhile.
import { readdir, stat } from 'node:fs/promises';
import { inFiber, wait } from './wait.mjs';

const folder = new URL('../lib/', import.meta.url);
const sizeOf = (file) => wait(stat(new URL(file, folder))).size;

let turns = 0;
const timer = setInterval(() => turns++, 1);

const files = await inFiber(() => {
  const names = wait(readdir(folder));
  return names.sort((a, b) => sizeOf(a) - sizeOf(b));
});
clearInterval(timer);

console.log(`the smallest and the largest of ${files.length} files: ${files[0]}, ${files.at(-1)}`);
console.log('the event loop went on:', turns > 0);
