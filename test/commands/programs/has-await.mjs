// Node's own loader runs what has a top-level await, once.
import { isMainThread } from 'node:worker_threads';

console.log('begins', await 'awaited', isMainThread);
