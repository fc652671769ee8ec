// The server of spinning.mjs: `node spinning-server.mjs LIMIT_MS`. Tells its port, and on `cost` what an armed limit
// costs, and on `cpu` what it used of the processor.
import { cpuLimit as withLimit, spawn } from 'greenfiber';
import { createServer, send } from 'greenfiber/http';

const cpuLimit = Number(process.argv[2]);
const ROUNDS = 15;
const CALLS = 100_000;

const handler = (request, response) => {
  if (request.url === '/spin') for (;;);
  send(response, 'hello');
};
const server = createServer(handler, { cpuLimit, onError: () => undefined });
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
process.on('disconnect', () => process.exit());
process.on('message', (what) => {
  if (what === 'cost') void spawn(() => process.send({ cost: costOfLimit() }));
  else process.send({ cpu: process.cpuUsage() });
});

// Microseconds: calls with and without a limit take turns, and the fastest round of each is what others disturbed least.
function costOfLimit() {
  let answers = 0;
  const work = () => {
    answers++;
  };
  const time = (call) => {
    const begin = performance.now();
    for (let i = 0; i < CALLS; i++) call();
    return performance.now() - begin;
  };
  const limited = () => withLimit(cpuLimit, work);
  let withoutLimit = Infinity;
  let limitedToo = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    withoutLimit = Math.min(withoutLimit, time(work));
    limitedToo = Math.min(limitedToo, time(limited));
  }
  if (answers !== 2 * ROUNDS * CALLS) throw new Error('calls were lost');
  return (1000 * (limitedToo - withoutLimit)) / CALLS;
}
