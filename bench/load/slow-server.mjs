// A server of node:http whose answers take from 10 to 30 ms: the same sequence of delays each time it runs.
import http from 'node:http';

let state = 1;
const server = http.createServer((request, response) => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  setTimeout(() => response.end('Hello, world!\n'), 10 + (20 * state) / 2 ** 32);
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
