// The store that needs no server: SQLite, on a thread of its own, so that a query is a promise and holds no event loop, and
// a cache in this process (lru-cache). node:sqlite where Node has it, sql.js (SQLite as WebAssembly) elsewhere.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { LRUCache } from 'lru-cache';

const START = new URL('sqlite-thread.mjs', import.meta.url);

export async function open() {
  const worker = new Worker(START, { execArgv: ['--no-warnings'] });
  const [{ library }] = await once(worker, 'message');
  return new Sqlite(library, worker);
}

class Sqlite {
  #worker;
  #calls = new Map();
  #last = 0;
  // Several that ask for the same at the same time share one query.
  #cache = new LRUCache({ max: 200, fetchMethod: (key, _, { context: load }) => load(key) });

  constructor(library, worker) {
    this.library = library;
    this.#worker = worker;
    worker.unref();
    worker.on('message', ({ id, rows, error }) => {
      const { resolve, reject } = this.#calls.get(id);
      this.#calls.delete(id);
      if (this.#calls.size === 0) worker.unref();
      if (error === undefined) resolve(rows);
      else reject(new Error(error));
    });
  }

  /** Rows, as objects. */
  query(sql, ...parameters) {
    return new Promise((resolve, reject) => {
      const id = ++this.#last;
      this.#calls.set(id, { resolve, reject });
      this.#worker.ref();
      this.#worker.postMessage({ id, sql, parameters });
    });
  }

  /** What `load(key)` answers, or has answered before; `undefined` is not kept. */
  remember(key, load) {
    return this.#cache.fetch(key, { context: load });
  }

  async close() {
    await this.#worker.terminate();
  }
}
