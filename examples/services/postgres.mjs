// The store of a service with servers behind it: PostgreSQL, and Redis as the cache. DATABASE_URL and REDIS_URL say where
// they are; `node bench/servers/databases.mjs` starts both.
import { createClient } from '@redis/client';
import pg from 'pg';
import { CREATE_PRODUCTS, products } from './products.mjs';

const CACHED_SECONDS = 60;
/** Milliseconds. A database that hangs fails requests, and holds no shutdown up for longer. */
const LIMITS = { connectionTimeoutMillis: 5000, statement_timeout: 5000 };

export async function open({ DATABASE_URL, REDIS_URL } = process.env) {
  const pool = new pg.Pool({ connectionString: DATABASE_URL, ...LIMITS });
  // Connections that break while nobody uses them: the pool opens others.
  pool.on('error', (error) => console.error(`PostgreSQL: ${error.message}`));
  let isOpen = false;
  const redis = createClient({
    url: REDIS_URL,
    disableOfflineQueue: true, // a request fails at once instead of waiting for Redis to come back
    socket: {
      reconnectStrategy: (retries, cause) => (isOpen ? Math.min(retries * 50, 2000) : cause),
    },
  });
  redis.on('error', (error) => isOpen && console.error(`Redis: ${error.message}`));
  try {
    await redis.connect();
    await fill(pool);
  } catch (error) {
    if (redis.isOpen) redis.destroy();
    await pool.end();
    throw error;
  }
  isOpen = true;
  return new Postgres(pool, redis);
}

async function fill(pool) {
  await pool.query(CREATE_PRODUCTS);
  await pool.query(
    'INSERT INTO products SELECT * FROM json_populate_recordset(NULL::products, $1) ON CONFLICT DO NOTHING',
    [JSON.stringify(products)],
  );
  await pool.query('CREATE TABLE IF NOT EXISTS orders (id SERIAL PRIMARY KEY, total INTEGER)');
}

class Postgres {
  library = 'PostgreSQL, Redis';
  #pool;
  #redis;
  #statements = new Map();

  constructor(pool, redis) {
    this.#pool = pool;
    this.#redis = redis;
  }

  /** Rows, as objects. */
  async query(sql, ...parameters) {
    const { rows } = await this.#pool.query({ ...this.#prepare(sql), values: parameters });
    return rows;
  }

  /** The statement with `$1` for the first `?`, under a name: each connection prepares it once. */
  #prepare(sql) {
    let statement = this.#statements.get(sql);
    if (!statement) {
      let count = 0;
      const text = sql.replaceAll('?', () => `$${++count}`);
      this.#statements.set(sql, (statement = { name: `s${this.#statements.size}`, text }));
    }
    return statement;
  }

  /** What `load(key)` answers, or has answered in the last minute; `undefined` is not kept. */
  async remember(key, load) {
    const found = await this.#redis.get(`product:${key}`);
    if (found !== null) return JSON.parse(found);
    const value = await load(key);
    if (value !== undefined) {
      await this.#redis.setEx(`product:${key}`, CACHED_SECONDS, JSON.stringify(value));
    }
    return value;
  }

  async close() {
    await this.#redis.close();
    await this.#pool.end();
  }
}
