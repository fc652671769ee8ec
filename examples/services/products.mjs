// What is in the shop.
export const CREATE_PRODUCTS =
  'CREATE TABLE IF NOT EXISTS products (id TEXT PRIMARY KEY, name TEXT, price INTEGER, maker TEXT)';

export const products = Array.from({ length: 500 }, (_, i) => ({
  id: `p${i}`,
  name: `Product ${i}`,
  price: 100 + ((i * 37) % 900),
  maker: `Maker ${i % 17}`,
}));
