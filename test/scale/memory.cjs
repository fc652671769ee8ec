// What the kernel and V8 say about this process's memory, in bytes.
const { readFileSync } = require('node:fs');
const { getHeapStatistics } = require('node:v8');

const RESERVATION = 2 ** 30; // no other mapping of a Node process is both so large and all readable and writable

/** Resident memory, page tables, and what JavaScript's heap holds. */
function memory() {
  const status = readFileSync('/proc/self/status', 'utf8');
  const field = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)[1]) * 1024;
  return {
    resident: field('VmRSS'),
    pageTables: field('VmPTE'),
    heap: getHeapStatistics().used_heap_size,
  };
}

/** Resident bytes of the mappings that hold fibers' stacks. */
function residentStacks() {
  let bytes = 0;
  for (const mapping of readFileSync('/proc/self/smaps', 'utf8').split(
    /\n(?=[0-9a-f]+-[0-9a-f]+ )/,
  )) {
    const size = Number(/^Size:\s+(\d+)/m.exec(mapping)?.[1] ?? 0) * 1024;
    if (size < RESERVATION || !/^\S+ rw/.test(mapping)) continue;
    bytes += Number(/^Rss:\s+(\d+)/m.exec(mapping)[1]) * 1024;
  }
  return bytes;
}

/** Collects garbage until the heap no longer shrinks. */
async function settle() {
  for (let i = 0; i < 4; i++) {
    gc();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Answers whether `holds()` became true within `seconds`. */
async function eventually(holds, seconds = 40) {
  for (let i = 0; i < seconds * 4; i++) {
    if (holds()) return true;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  return false;
}

module.exports = { eventually, memory, residentStacks, settle };
