// SQLite, on a thread of its own: a query is a promise, and no query holds the event loop. node:sqlite where Node has it,
// sql.js (SQLite as WebAssembly) elsewhere.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

const START = new URL('database-thread.mjs', import.meta.url);

export class Database {
  #worker;
  #calls = new Map();
  #last = 0;

  static async open() {
    const database = new Database();
    const worker = new Worker(START, { execArgv: ['--no-warnings'] });
    database.#worker = worker;
    const [{ library }] = await once(worker, 'message');
    database.library = library;
    worker.unref();
    worker.on('message', ({ id, rows, error }) => {
      const { resolve, reject } = database.#calls.get(id);
      database.#calls.delete(id);
      if (database.#calls.size === 0) worker.unref();
      if (error === undefined) resolve(rows);
      else reject(new Error(error));
    });
    return database;
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

  async close() {
    await this.#worker.terminate();
  }
}
