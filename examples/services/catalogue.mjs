// What all variants of the service share: queries, and a cache in front of them (lru-cache). Asynchronous.
import { LRUCache } from 'lru-cache';

export class NotFound extends Error {
  statusCode = 404;
}

export class Catalogue {
  #database;
  #products;

  constructor(database) {
    this.#database = database;
    this.#products = new LRUCache({
      max: 200,
      // Several that ask for the same at the same time share one query.
      fetchMethod: async (id) => {
        const [row] = await database.query('SELECT * FROM products WHERE id = ?', id);
        return row;
      },
    });
  }

  async ids() {
    return (await this.#database.query('SELECT id FROM products ORDER BY id')).map(({ id }) => id);
  }

  async product(id) {
    const product = await this.#products.fetch(id);
    if (product === undefined) throw new NotFound(`There is no product ${id}`);
    return product;
  }

  async order(total) {
    const insert = 'INSERT INTO orders (total) VALUES (?) RETURNING id';
    const [{ id }] = await this.#database.query(insert, total);
    return id;
  }
}
