// A scenario for `greenfiber load`: users that look around a shop and sometimes buy. It runs against any server that
// answers the paths below, such as examples/services:
//
//   npx greenfiber load examples/load/shop.ts --target http://127.0.0.1:3000/ --vus 200 --duration 30s --ramp 5s
import { check, Counter, http, sleep, tagged, Trend, vu, type LoadOptions } from 'greenfiber-load';

interface Catalogue {
  products: string[];
}

const orders = new Counter('orders');
const basketSize = new Trend('basket_size', { unit: 'products' });

export const options: LoadOptions = {
  vus: 20,
  duration: '10s',
  thresholds: {
    checks: 'rate>0.99',
    http_req_failed: 'rate<0.01',
    'http_req_duration{step:buy}': ['p(95)<500'],
  },
};

/** Runs once. Every user is given what it returns. */
export function setup(): Catalogue {
  const response = http.get('/products');
  if (!response.ok)
    throw new Error(`no catalogue: ${response.failure?.message ?? response.status}`);
  return response.json() as Catalogue;
}

/** One visit. It blocks wherever it likes: in the callback of `map`, too. */
export default function visit({ products }: Catalogue): void {
  const seen = [0, 1, 2].map((step) => {
    const product = products[(vu().id + vu().iteration + step) % products.length];
    const response = http.get(`/products/${product}`, { name: '/products/:id' });
    check(response, {
      'is answered': ({ status }) => status === 200,
      'is the product': (answer) => (answer.json() as { id: string }).id === product,
    });
    sleep(20 + Math.random() * 80); // milliseconds of looking at it
    return product;
  });

  // What a user keeps from one visit to the next.
  const visits = ((vu().data['visits'] as number | undefined) ?? 0) + 1;
  vu().data['visits'] = visits;
  if (visits % 3 !== 0) return;
  tagged({ step: 'buy' }, () => {
    const response = http.post('/orders', { products: seen });
    if (check(response, { 'is ordered': ({ status }) => status === 201 })) orders.add(1);
    basketSize.add(seen.length);
  });
}
