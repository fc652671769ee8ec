// What undici can do at most: connections that do nothing but send the next request when the answer is there, by its
// leanest interface. `node undici.mjs URL CONNECTIONS SECONDS` prints requests a second.
import { Client } from 'undici';

const [url, connections, seconds] = process.argv.slice(2);
const { origin, pathname: path } = new URL(url);
let running = true;
let answers = 0;

class Connection {
  #client = new Client(origin, { pipelining: 1 });

  send() {
    this.#client.dispatch({ path, method: 'GET', headers: {}, body: null }, this);
  }

  onConnect() {}

  onHeaders(status) {
    if (status !== 200) throw new Error(`answered with ${status}`);
    return true;
  }

  onData() {
    return true;
  }

  onComplete() {
    answers++;
    if (running) this.send();
    else void this.#client.destroy();
  }

  onError(error) {
    throw error;
  }
}

const start = performance.now();
for (let i = 0; i < Number(connections); i++) new Connection().send();
setTimeout(
  () => {
    running = false;
    console.log(answers / ((performance.now() - start) / 1000));
  },
  1000 * Number(seconds),
);
