import { start, type REPLEval, type REPLServer } from 'node:repl';
import { Script } from 'node:vm';

import { messageOf } from '../base/errors';
import * as greenfiber from '../index';

type Cancellable = Pick<greenfiber.Task, 'cancel'>;

const NAMES = ['group', 'sleep', 'spawn', 'sync', 'timeout', 'wait'] as const;

/** `greenfiber repl`: each input runs in a task, so `wait(promise)` blocks it, and nothing else. Ctrl-C cancels it. */
export function repl(): REPLServer {
  const server = start({ prompt: '> ' });
  const evaluate = server.eval;
  const inTurn = holdBack(server);
  const inTask: REPLEval = function (this: REPLServer, code, context, file, done) {
    // What is not complete yet, or uses await, Node has its own way with, which must be told at once.
    if (!isComplete(code)) {
      evaluate.call(this, code, context, file, done);
      return;
    }
    inTurn((end) => {
      const task = greenfiber.spawn(() => {
        evaluate.call(this, code, context, file, done); // tells of an error in a way of its own
      });
      task.then(end, (error: unknown) => {
        done(error instanceof Error ? error : new Error(messageOf(error)), undefined);
        end();
      });
      return task;
    });
  };
  Object.assign(server, { eval: inTask });
  const offer = (): void => {
    Object.assign(server.context, { greenfiber });
    for (const name of NAMES) server.context[name] = greenfiber[name];
  };
  server.on('reset', offer);
  offer();
  return server;
}

/** Lines that come while an input runs wait for its end. */
function holdBack(server: REPLServer): (begin: (end: () => void) => Cancellable) => void {
  const emit = server.emit.bind(server) as (event: string, ...args: unknown[]) => boolean;
  const later: [string, ...unknown[]][] = [];
  let running: Cancellable | undefined;
  const emitInTurn = (event: string, ...args: unknown[]): boolean => {
    if (running === undefined) return emit(event, ...args);
    if (event === 'SIGINT') running.cancel();
    else if (event === 'line' || event === 'close') later.push([event, ...args]);
    else return emit(event, ...args);
    return true;
  };
  Object.assign(server, { emit: emitInTurn });
  return (begin) => {
    running = begin(() => {
      running = undefined;
      for (let next = later.shift(); next !== undefined; next = later.shift()) {
        emit(...next);
        // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- a line sets it
        if (running !== undefined) return;
      }
    });
  };
}

function isComplete(code: string): boolean {
  return compiles(code) || compiles(`(${code.trim()}\n)`);
}

function compiles(code: string): boolean {
  try {
    new Script(code);
    return true;
  } catch {
    return false;
  }
}
