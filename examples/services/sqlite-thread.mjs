// The thread of sqlite.mjs: opens a database in memory, fills it, and answers queries.
import { createRequire } from 'node:module';
import { parentPort } from 'node:worker_threads';
import { CREATE_PRODUCTS, products } from './products.mjs';

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
query(CREATE_PRODUCTS, []);
query('CREATE TABLE orders (id INTEGER PRIMARY KEY, total INTEGER)', []);
for (const { id, name, price, maker } of products) {
  query('INSERT INTO products VALUES (?, ?, ?, ?)', [id, name, price, maker]);
}
parentPort.on('message', ({ id, sql, parameters }) => {
  try {
    parentPort.postMessage({ id, rows: query(sql, parameters) });
  } catch (error) {
    parentPort.postMessage({ id, error: error.message });
  }
});
parentPort.postMessage({ library });
