// What all variants of the service share: queries, and a cache in front of them. Asynchronous. Stores are sqlite.mjs and
// postgres.mjs.
export class NotFound extends Error {
  statusCode = 404;
}

export class Catalogue {
  #store;

  constructor(store) {
    this.#store = store;
  }

  async ids() {
    return (await this.#store.query('SELECT id FROM products ORDER BY id')).map(({ id }) => id);
  }

  async product(id) {
    const product = await this.#store.remember(id, async () => {
      const [row] = await this.#store.query('SELECT * FROM products WHERE id = ?', id);
      return row;
    });
    if (product === undefined) throw new NotFound(`There is no product ${id}`);
    return product;
  }

  async order(total) {
    const insert = 'INSERT INTO orders (total) VALUES (?) RETURNING id';
    const [{ id }] = await this.#store.query(insert, total);
    return id;
  }
}
