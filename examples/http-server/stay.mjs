// Until Ctrl-C: the server goes on, tasks visit it, and the inspector shows all of them.
import { once } from 'node:events';
import { group, sleep, spawn, stats, wait } from 'greenfiber';
import { enable, serve } from 'greenfiber/inspect';
import { request } from './load.mjs';
import { requests } from './server.mjs';

const VISITORS = 8;

/** Reads one page after the other, with a rest in between. Blocking code, until it is cancelled. */
function visit(base, number) {
  for (let page = number; ; page++) {
    wait(request(base, page));
    sleep(100 + Math.random() * 900);
  }
}

const visitors = (base) =>
  spawn(
    () =>
      group((g) => {
        for (let i = 0; i < VISITORS; i++) {
          g.spawn(() => visit(base, i), { name: `visitor ${i + 1}` });
        }
      }),
    { name: 'visitors' },
  );

export async function stay(server, base) {
  enable(); // from here on where tasks were made, and how long they ran
  const inspector = await serve();
  const visiting = visitors(base);
  console.log(`
${VISITORS} tasks go on visiting the server.
  documents  ${base}/
  inspector  ${inspector.url}  every task, where it sleeps and who waits for whom
Ctrl-C ends it.`);
  const failed = visiting.then(undefined, (error) => error); // a visitor's error ends it, too
  const error = await Promise.race([failed, once(process, 'SIGINT').then(() => undefined)]);
  console.log(`\nstopping; under way: ${requests.size} requests, ${stats().alive} fibers`);
  visiting.cancel();
  await failed;
  console.log('  the visitors were cancelled in the middle of what they did');
  await server.shutdown(1000);
  console.log('  the requests were answered, the connections are closed');
  await inspector.close();
  console.log('  the inspector is closed');
  console.log(`left: ${stats().alive} fibers`);
  if (error !== undefined) throw error;
}
