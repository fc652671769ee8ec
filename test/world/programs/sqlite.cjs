// A database whose user functions wait: sql.js in every Node, node:sqlite where it is.
'use strict';

const initSqlJs = require('sql.js');

const { blocking, pause } = require('../blocking.cjs');

const SCHEMA = `create table t (id integer primary key, name text);
  insert into t with recursive n(i) as (select 1 union all select i + 1 from n where i < 100)
  select i, 'name ' || i from n`;
const QUERY = 'select slow(name) as s, slow(id) % 7 as r from t where slow(id) > 20 order by r, id';

// One task: its module has a stack of its own, which two sleepers would have to leave in order.
async function ofSqlJs() {
  const { Database } = await initSqlJs();
  return blocking(() => {
    const database = new Database();
    database.run(SCHEMA);
    database.create_function('slow', (value) => pause(value));
    const [{ values }] = database.exec(QUERY);
    database.close();
    return values;
  })();
}

async function ofNode() {
  const { DatabaseSync } = process.getBuiltinModule?.('node:sqlite') ?? {};
  if (DatabaseSync?.prototype.function === undefined) return 'none';
  return Promise.all(
    [1, 2, 3].map(
      blocking(() => {
        const database = new DatabaseSync(':memory:');
        database.exec(SCHEMA);
        database.function('slow', (value) => pause(value));
        const rows = database.prepare(QUERY).all();
        database.close();
        return rows;
      }),
    ),
  );
}

(async () => console.log(JSON.stringify([await ofSqlJs(), await ofNode()])))();
