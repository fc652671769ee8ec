// The ancestor, on the newest Node that it runs on. GREENFIBER_PEERS is the folder it is installed in.
import { createRequire } from 'node:module';
import path from 'node:path';

const require = createRequire(path.join(process.env.GREENFIBER_PEERS, 'package.json'));
const Fiber = require('fibers');

export default {
  'resume + yield': () => {
    const fiber = Fiber(() => {
      for (;;) Fiber.yield();
    });
    fiber.run();
    return (n) => {
      for (let i = 0; i < n; i++) fiber.run(i);
    };
  },

  'spawn + finish, pooled stack': () => {
    const body = (value) => value;
    return (n) => {
      for (let i = 0; i < n; i++) Fiber(body).run(i);
    };
  },
};
