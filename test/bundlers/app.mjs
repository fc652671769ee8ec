// What scripts/test_bundlers.mjs bundles: a program that needs every kind of file that greenfiber has. It prints one line.
import { cpuLimit, CpuLimitError, engine, isSupported, map, sleep, spawn, wait } from 'greenfiber';
import Fiber from 'greenfiber/fibers';
import { readFile } from 'greenfiber/fs';
import { createServer, send } from 'greenfiber/http';
import { serve, snapshot } from 'greenfiber/inspect';
import { Offload } from 'greenfiber/offload';

const pool = new Offload();
const addInWorker = pool.js((a, b) => a + b);
const titleOf = (html) => /<title>(.*?)<\/title>/.exec(html)?.[1];

function askServer() {
  const server = createServer((request, response) => send(response, { path: request.url }));
  wait(new Promise((resolve) => server.listen(0, '127.0.0.1', resolve)));
  const answer = wait(fetch(`http://127.0.0.1:${server.address().port}/here`));
  const { path } = wait(answer.json());
  wait(server.shutdown());
  return path;
}

function askPage() {
  const page = wait(serve());
  const title = titleOf(wait(wait(fetch(page.url)).text()));
  wait(page.close());
  return title;
}

function limited() {
  try {
    return cpuLimit(20, () => {
      for (;;);
    });
  } catch (error) {
    return error instanceof CpuLimitError ? error.code : String(error);
  }
}

const parts = {
  sorted: () => [3, 1, 2].sort((a, b) => wait(Promise.resolve(a - b))),
  mapped: () => map([1, 2, 3], (n) => (sleep(1), n * n), { concurrency: 2 }),
  old: () => new Fiber((value) => Fiber.yield(value) + 1).run(41),
  read: () => readFile(process.execPath).length > 1000,
  tasks: () => snapshot().tasks.length > 0,
  path: askServer,
  limited,
  page: askPage,
  added: () => addInWorker(40, 2),
};

function main() {
  const said = { isSupported, isDirect: engine === 'direct' };
  for (const [name, part] of Object.entries(parts)) {
    try {
      said[name] = part();
    } catch (error) {
      said[name] = String(error.code ?? error.stack);
    }
  }
  return said;
}

spawn(main).then(async (said) => {
  console.log(JSON.stringify(said));
  await pool.close();
});
