// `node probe.cjs WATERMARK OPERATION [SKIP]`: performs the operation just above V8's stack limit in a fiber and
// prints how many bytes beneath the limit it used at most.
const { Fiber } = require('greenfiber');
const operations = require('./operations.cjs');

const [addon, name, skip = '0'] = process.argv.slice(2);
const { paint, lowest } = require(addon);
const operation = operations[name];

const STACK_SIZE = 256 * 1024;
const HEADROOM = 48 * 1024; // kHeadroom in src-native/fiber/runtime.h
// How often, and how many frames of some 100 bytes lie between: up to 60 KiB above the limit, because V8 begins
// some compilations only if there are 40.
const [CALLS, EVERY] = operation.slow ? [20, 30] : [200, 3];

let deepest = HEADROOM;
let frames = 0;
let calls = 0;
let completed = 0;

// Recurses until V8 says no, and tries the operation in frame after frame on the way back. Close to the limit
// the operation itself fails at some call; in the end it has to succeed.
function descend() {
  try {
    descend();
  } catch {
    // The limit.
  }
  if (calls === CALLS || frames++ % EVERY !== 0) return;
  if (frames <= Number(skip)) return; // so close to the limit V8 ends the process
  try {
    paint(STACK_SIZE);
    calls++;
    operation();
    completed++;
  } catch {
    // No room.
  }
  if (calls > 0) deepest = Math.min(deepest, lowest(STACK_SIZE));
}

operation(); // what happens once per process is not meant
new Fiber(descend, { stackSize: STACK_SIZE }).resume();
process.stderr.write(JSON.stringify({ used: HEADROOM - deepest, completed }));
process.exit();
