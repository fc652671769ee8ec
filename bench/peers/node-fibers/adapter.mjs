// As much of greenfiber's Fiber as the benchmark programs use, over node-fibers. GREENFIBER_PEERS is the folder it is
// installed in.
import { createRequire } from 'node:module';
import path from 'node:path';

const require = createRequire(path.join(process.env.GREENFIBER_PEERS, 'package.json'));
const NodeFiber = require('fibers');

export class Fiber {
  static yield = NodeFiber.yield;

  constructor(body) {
    this.done = false;
    this.fiber = NodeFiber((value) => {
      const result = body(value);
      this.done = true;
      return result;
    });
  }

  resume(value) {
    return this.fiber.run(value);
  }
}
