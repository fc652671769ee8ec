// The same service with callbacks: every step names the next one, and every step handles its error.
import { createServer } from 'node:http';
import { callbackify } from 'node:util';
import { send } from './send.mjs';

function json(request, callback) {
  const chunks = [];
  request.on('error', callback);
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    let value;
    try {
      value = JSON.parse(Buffer.concat(chunks).toString());
    } catch (error) {
      callback(error);
      return;
    }
    callback(null, value);
  });
}

/** Calls back once, with the results in the order of the items, or with the first error. */
function mapAll(items, each, callback) {
  const results = [];
  let left = items.length;
  let failed = false;
  if (left === 0) callback(null, results);
  items.forEach((item, index) => {
    each(item, (error, result) => {
      if (failed) return;
      if (error) {
        failed = true;
        callback(error);
        return;
      }
      results[index] = result;
      if (--left === 0) callback(null, results);
    });
  });
}

export function serve(catalogue) {
  const ids = callbackify(catalogue.ids.bind(catalogue));
  const product = callbackify(catalogue.product.bind(catalogue));
  const order = callbackify(catalogue.order.bind(catalogue));
  const line = (id, callback) =>
    product(id, (error, found) => {
      if (error) callback(error);
      else callback(null, { id, name: found.name, price: found.price });
    });

  return createServer((request, response) => {
    const fail = (error) => send(response, error.message, error.statusCode ?? 500);
    const { pathname } = new URL(request.url, 'http://localhost');
    if (pathname === '/products') {
      ids((error, products) => (error ? fail(error) : send(response, { products })));
    } else if (pathname.startsWith('/products/')) {
      product(pathname.slice('/products/'.length), (error, found) => {
        if (error) fail(error);
        else send(response, found);
      });
    } else if (pathname === '/orders' && request.method === 'POST') {
      json(request, (error, body) => {
        if (error) {
          fail(error);
          return;
        }
        mapAll(body.products, line, (error, lines) => {
          if (error) {
            fail(error);
            return;
          }
          const total = lines.reduce((sum, { price }) => sum + price, 0);
          order(total, (error, id) => {
            if (error) fail(error);
            else send(response, { id, total, lines }, 201);
          });
        });
      });
    } else {
      send(response, 'There is no such page', 404);
    }
  });
}
