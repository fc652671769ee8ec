// Several scenarios in one run: visitors that look around and, one in five, buy; and a probe that asks for the catalogue twice
// a second from the fifth second on. Each has thresholds of its own.
//
//   npx greenfiber load examples/load/several.ts --target http://127.0.0.1:3000/
//   npx greenfiber load examples/load/several.ts --target http://127.0.0.1:3000/ --scenario probe
import { check, data, http, sleep, type LoadOptions } from 'greenfiber-load';

const people = data<{ name: string; wants: string }>(new URL('people.csv', import.meta.url));

export const options: LoadOptions = {
  // Of the scenarios that have a weight, together: 30 visits a second, after five seconds in which they become more.
  rate: '30/s',
  duration: '20s',
  ramp: '5s',
  scenarios: {
    look: { weight: 4, thresholds: { http_req_duration: 'p(95)<300' } },
    buy: { weight: 1, thresholds: { http_req_duration: 'p(95)<500', checks: 'rate>0.99' } },
    probe: {
      rate: '2/s',
      startTime: '5s',
      duration: '15s',
      thresholds: { http_req_failed: { threshold: 'rate<0.5', abortOnFail: true } },
    },
  },
};

export function look(): void {
  http.get('/products');
  sleep(20 + Math.random() * 80); // milliseconds of looking at it
  http.get(`/products/${people.random().wants}`, { name: '/products/:id' });
}

export function buy(): void {
  const { name, wants } = people.next();
  const order = http.post('/orders', { name, products: [wants] });
  check(order, { 'is ordered': ({ status }) => status === 201 });
}

export function probe(): void {
  http.get('/products');
}
