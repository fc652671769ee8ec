// The same service with async functions: all that waits is async, up to the handler, and JSON.stringify is given what
// was looked up before.
import { createServer } from 'node:http';
import { send } from './send.mjs';

async function json(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString());
}

async function answer(catalogue, request, response) {
  const { pathname } = new URL(request.url, 'http://localhost');
  if (pathname === '/products') {
    send(response, { products: await catalogue.ids() });
  } else if (pathname.startsWith('/products/')) {
    send(response, await catalogue.product(pathname.slice('/products/'.length)));
  } else if (pathname === '/orders' && request.method === 'POST') {
    const { products } = await json(request);
    const lines = await Promise.all(
      products.map(async (id) => {
        const { name, price } = await catalogue.product(id);
        return { id, name, price };
      }),
    );
    const total = lines.reduce((sum, { price }) => sum + price, 0);
    send(response, { id: await catalogue.order(total), total, lines }, 201);
  } else {
    send(response, 'There is no such page', 404);
  }
}

export function serve(catalogue) {
  return createServer((request, response) => {
    answer(catalogue, request, response).catch((error) => {
      send(response, error.message, error.statusCode ?? 500);
    });
  });
}
