// Runs in the worker threads of worker-thread.ts.
import { inspect } from 'node:util';
import { constants, runInThisContext } from 'node:vm';
import { workerData, type MessagePort } from 'node:worker_threads';

import { messageOf } from '../base/errors';
import { packThrown, type Thrown } from './thrown';

/** What a worker is sent. */
export interface Job {
  /** An expression whose value is the function. */
  source: string;
  args: unknown[];
}

/** What a worker answers. The first answer says that it is ready. */
export type Answer =
  { ready: true } | { value: unknown } | { thrown: Thrown } | { notCloned: string; why: string };

type Fn = (...args: unknown[]) => unknown;

const known = new Map<string, Fn>();

function functionOf(source: string): Fn {
  let fn = known.get(source);
  if (fn === undefined) {
    fn = runInThisContext(`(${source})`, {
      filename: 'offload.js',
      importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    }) as Fn;
    known.set(source, fn);
  }
  return fn;
}

// A channel of our own: what functions do with the parent's is nobody's business, and they do not see this one.
const { port } = workerData as { port: MessagePort };
delete (workerData as { port?: MessagePort }).port;

const send = (answer: Answer): void => {
  port.postMessage(answer);
};

function sendThrown(error: unknown): void {
  let why = 'it is no plain data';
  try {
    const thrown = packThrown(error);
    if (thrown !== undefined) {
      send({ thrown });
      return;
    }
    why = inspect(error);
  } catch {
    // A getter of its own is in the way.
  }
  send({ notCloned: 'What was thrown by', why });
}

async function run({ source, args }: Job): Promise<void> {
  let value: unknown;
  try {
    value = await functionOf(source)(...args);
  } catch (error) {
    sendThrown(error);
    return;
  }
  try {
    send({ value });
  } catch (error) {
    send({ notCloned: 'The result of', why: messageOf(error) });
  }
}

port.on('message', (job: Job) => void run(job));
port.on('messageerror', (error) => {
  send({ notCloned: 'The arguments of', why: error.message });
});
send({ ready: true });
