// The client: many requests at a time through fetch, each answer checked.
import { createHistogram } from 'node:perf_hooks';

const paths = [
  '/',
  '/documents.json',
  '/search.json?word=fiber',
  '/view/README.md',
  '/view/ARCHITECTURE.md',
  '/view/docs/api.md',
  '/view/docs/stack-sizes.md',
  '/view/docs/no-such-file.md',
];

async function request(base, number) {
  const path = paths[number % paths.length];
  const id = `request-${number}`;
  const response = await fetch(base + path, { headers: { 'x-request-id': id } });
  const body = await response.text();
  const wanted = path.includes('no-such-file') ? 404 : 200;
  if (response.status !== wanted) throw new Error(`${path}: ${response.status} ${body}`);
  if (wanted === 200 && response.headers.get('x-request-id') !== id) {
    throw new Error(`${path}: answered in the context of another request`);
  }
  if (path.includes('.json')) JSON.parse(body);
  return { status: response.status, bytes: body.length };
}

/** `clients` send `count` requests in all, each its next one when the last is answered. */
export async function load(base, { count, clients }) {
  const latency = createHistogram(); // in microseconds
  const statuses = new Map();
  let bytes = 0;
  let next = 0;
  const start = performance.now();
  const client = async () => {
    while (next < count) {
      const sent = performance.now();
      const answered = await request(base, next++);
      latency.record(Math.max(1, Math.round((performance.now() - sent) * 1000)));
      statuses.set(answered.status, (statuses.get(answered.status) ?? 0) + 1);
      bytes += answered.bytes;
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return { seconds: (performance.now() - start) / 1000, latency, statuses, bytes };
}
