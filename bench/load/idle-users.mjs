// What a virtual user costs that thinks: `node --expose-gc idle-users.mjs COUNT` prints resident bytes each.
import { spawn } from 'greenfiber';
import { run, sleep } from 'greenfiber-load';

const users = Number(process.argv[2]);
const settle = async () => {
  for (let i = 0; i < 3; i++) {
    globalThis.gc();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return process.memoryUsage.rss();
};

/** What was used below a sleeping user goes back when it has slept for ten seconds, a gigabyte of stacks a second. */
const SWEEPS = 20_000;

let thinking = 0;
const scenario = {
  default: () => {
    thinking++;
    sleep(3_600_000);
  },
};
// What the first users load and compile is not counted.
const plan = { maxVus: users, duration: '1h', gracefulStop: 0 };
const warm = new AbortController();
setTimeout(() => warm.abort(), 300);
await spawn(() => run(scenario, { ...plan, vus: 100, signal: warm.signal }));
thinking = 0;
const before = await settle();
const stop = new AbortController();
const load = spawn(() => run(scenario, { ...plan, vus: users, signal: stop.signal }));
while (thinking < users) await new Promise((resolve) => setTimeout(resolve, 50));
await new Promise((resolve) => setTimeout(resolve, SWEEPS));
const bytes = ((await settle()) - before) / users;
console.log(JSON.stringify({ users, bytes }));
stop.abort();
await load;
