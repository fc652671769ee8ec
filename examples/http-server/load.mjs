// The client: many requests at a time through fetch, each answer checked.
import { createHistogram } from 'node:perf_hooks';

export const paths = [
  '/',
  '/documents.json',
  '/search.json?word=fiber',
  '/view/README.md',
  '/view/ARCHITECTURE.md',
  '/view/docs/api.md',
  '/view/docs/stack-sizes.md',
  '/view/docs/no-such-file.md',
];

/** What `base` answers to the request of this number, checked. */
export async function request(base, number) {
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
  return { status: response.status, body };
}

/** What was measured, to which more rounds may be added. */
export const makeResult = () => ({
  requests: 0,
  seconds: 0,
  latency: createHistogram(), // in microseconds
  statuses: new Map(),
});

/**
 * `clients` send requests, each its next one when the last is answered: `count` in all, or until `seconds` are over and
 * every path was asked for as often.
 */
export async function load(base, { count = Infinity, seconds = Infinity, clients }, result) {
  const { latency, statuses } = result;
  const start = performance.now();
  let next = 0;
  const goesOn = () =>
    next < count &&
    (next % paths.length !== 0 || next === 0 || performance.now() - start < seconds * 1000);
  const client = async () => {
    while (goesOn()) {
      const sent = performance.now();
      const { status } = await request(base, next++);
      latency.record(Math.max(1, Math.round((performance.now() - sent) * 1000)));
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  result.requests += next;
  result.seconds += (performance.now() - start) / 1000;
}
