import test from 'ava';

import { cancelAtRandom } from './cancellation';

test('tasks cancelled at random in every blocking call end, without unhandled rejections and held locks', async (t) => {
  t.timeout(120_000);
  const seed = Math.floor(Math.random() * 1e6);
  t.true((await cancelAtRandom(seed, 2000)) > 0);
});
