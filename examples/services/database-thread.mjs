// The thread of database.mjs: opens a database in memory, fills it, and answers queries.
import { createRequire } from 'node:module';
import { parentPort } from 'node:worker_threads';

const PRODUCTS = 500;

async function open() {
  try {
    const { DatabaseSync } = await import('node:sqlite');
    const database = new DatabaseSync(':memory:');
    const prepared = new Map();
    return {
      library: 'node:sqlite',
      query(sql, parameters) {
        let statement = prepared.get(sql);
        if (!statement) prepared.set(sql, (statement = database.prepare(sql)));
        return statement.all(...parameters).map((row) => ({ ...row }));
      },
    };
  } catch {
    const initialize = createRequire(import.meta.url)('sql.js');
    const SQL = await initialize();
    const database = new SQL.Database();
    return {
      library: 'sql.js',
      query(sql, parameters) {
        const statement = database.prepare(sql, parameters);
        const rows = [];
        while (statement.step()) rows.push(statement.getAsObject());
        statement.free();
        return rows;
      },
    };
  }
}

const { library, query } = await open();
query('CREATE TABLE products (id TEXT PRIMARY KEY, name TEXT, price INTEGER, maker TEXT)', []);
query('CREATE TABLE orders (id INTEGER PRIMARY KEY, total INTEGER)', []);
for (let i = 0; i < PRODUCTS; i++) {
  const row = [`p${i}`, `Product ${i}`, 100 + ((i * 37) % 900), `Maker ${i % 17}`];
  query('INSERT INTO products VALUES (?, ?, ?, ?)', row);
}
parentPort.on('message', ({ id, sql, parameters }) => {
  try {
    parentPort.postMessage({ id, rows: query(sql, parameters) });
  } catch (error) {
    parentPort.postMessage({ id, error: error.message });
  }
});
parentPort.postMessage({ library });
