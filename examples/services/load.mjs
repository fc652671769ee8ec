// The load that main.mjs puts on the service: users that look at three products each and order them.
import { spawn } from 'greenfiber';
import { check, http, registryOf, run, vu } from 'greenfiber-load';

const scenario = {
  setup: () => http.get('/products').json().products,
  default: (ids) => {
    const picked = [1, 2, 3].map((step) => ids[(vu().id * 7 + vu().iteration * step) % ids.length]);
    for (const id of picked) {
      const found = http.get(`/products/${id}`, { name: '/products/:id' });
      check(found, { 'is the product': (response) => response.json().id === id });
    }
    const ordered = http.post('/orders', { products: picked });
    check(ordered, {
      'is ordered': ({ status }) => status === 201,
      'adds up': (response) => {
        const { total, lines } = response.json();
        return total === lines.reduce((sum, { price }) => sum + price, 0);
      },
    });
    check(http.get('/products/none', { name: '/products/none' }), {
      'is not there': ({ status }) => status === 404,
    });
  },
};

/** What has been measured: the number of requests, the checks that hold, the median in milliseconds. */
export async function drive(url, iterations) {
  const options = { target: url, vus: 20, iterations, duration: '5m' };
  const { metrics } = registryOf(await spawn(() => run(scenario, options)));
  const { passed, total } = metrics.get('checks').total();
  const { histogram } = metrics.get('http_req_duration').total();
  const requests = metrics.get('http_reqs').total().sum;
  return { requests, passed, total, median: histogram.percentile(50) };
}
