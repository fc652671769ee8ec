// SQLite with a user function that blocks: node:sqlite where it has user functions, else sql.js. A connection serves one
// task at a time: what several have begun on it has to end in the reverse order.
'use strict';

const { Mutex } = require('greenfiber');

const { range, words } = require('./content.cjs');

const schema = 'create table words (id integer, name text)';
const insert = (i) => `insert into words values (${i}, '${words[i % words.length]}')`;
const query = (n) =>
  `select id, twice(id) as twice, name from words where id % 10 = ${n % 10} order by id`;

async function connect(twice) {
  const { DatabaseSync } = process.getBuiltinModule?.('node:sqlite') ?? {};
  if (DatabaseSync?.prototype.function !== undefined) {
    const database = new DatabaseSync(':memory:');
    database.exec([schema, ...range(100).map(insert)].join(';'));
    database.function('twice', twice);
    return (n) => database.prepare(query(n)).all();
  }
  const { Database } = await require('sql.js')();
  const database = new Database();
  database.run([schema, ...range(100).map(insert)].join(';'));
  database.create_function('twice', twice);
  return (n) => {
    const statement = database.prepare(query(n));
    try {
      const rows = [];
      while (statement.step()) rows.push(statement.getAsObject());
      return rows;
    } finally {
      statement.free();
    }
  };
}

async function open(twice) {
  const select = await connect(twice);
  const mutex = new Mutex();
  return (n) => mutex.run(() => select(n));
}

module.exports = { open };
