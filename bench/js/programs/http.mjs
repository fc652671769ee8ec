// Requests per second of a server whose handlers wait for something, under wrk with 64 connections; all of them have
// to be answered well. bench/http/run.mjs compares more closely.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { serverOf } from '../../http/handlers.mjs';

export const sizes = { quick: 1, full: 5 }; // seconds
export const expected = () => ({ failed: false });

async function drive(variant, seconds) {
  const server = serverOf(variant, 'lookup').listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${server.address().port}/`;
  try {
    const args = ['-t1', '-c64', '--timeout', '30s', `-d${seconds}s`, url];
    const { stdout } = await promisify(execFile)('wrk', args);
    return {
      failed: /Non-2xx|Socket errors/.test(stdout),
      'requests per second': Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)[1]),
    };
  } catch (error) {
    throw error.code === 'ENOENT' ? new Error('wrk is not installed') : error;
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

export const variants = {
  fibers: (seconds) => drive('fiber', seconds),
  async: (seconds) => drive('async', seconds),
};
