import { join } from 'node:path';
import { Script } from 'node:vm';

import type * as piscina from 'piscina';

import { FiberError } from '../errors';
import { checkFunction, wrongValue } from '../options';
import { realClock, type Timer } from '../scheduler/clock';
import { current } from '../scheduler/current';
import { wait } from '../scheduler/wait';

/** A function that uses nothing but its arguments and what is global in every worker. */
export type SelfContained<A extends unknown[], R> = (...args: A) => R;

/** What the blocking view answers of what the function answers. */
export type Returned<R> = Awaited<R>;

/** What a worker is sent; see worker.ts. */
export interface Job {
  /** An expression whose value is the function. */
  source: string;
  args: unknown[];
}

/** Worker threads, started with the first call, that run functions by their source. */
export class JavaScriptPool {
  readonly #threads: number;
  #piscina: piscina.Piscina | undefined;
  #isClosed = false;

  constructor(threads: number) {
    this.#threads = threads;
  }

  view<A extends unknown[], R>(fn: SelfContained<A, R>): (...args: A) => Returned<R> {
    checkFunction('fn', fn);
    const source = expressionOf(fn);
    const run = (...args: A): Promise<Returned<R>> | Returned<R> => {
      const { task } = current;
      if (task?.isCancelled === true) throw task.scope.reason;
      const stop = new AbortController();
      const job: Job = { source, args };
      const result = this.#workers().run(job, { signal: stop.signal }) as Promise<Returned<R>>;
      if (task === undefined) return result;
      try {
        return wait(result);
      } catch (error) {
        stop.abort();
        result.catch(noop);
        throw error;
      }
    };
    return run as (...args: A) => Returned<R>;
  }

  /** Waits for what runs, at most for `grace` milliseconds. */
  async close(grace: number): Promise<void> {
    this.#isClosed = true;
    const piscina = this.#piscina;
    if (piscina === undefined) return;
    if (grace === Infinity) {
      await piscina.close();
      return;
    }
    let timer: Timer | undefined;
    const late = new Promise<void>((resolve) => {
      timer = realClock.setTimer(grace, resolve, true);
    });
    await Promise.race([piscina.close(), late]);
    timer?.cancel();
    await piscina.destroy();
  }

  #workers(): piscina.Piscina {
    if (this.#isClosed) {
      throw new FiberError('ERR_OFFLOAD_CLOSED', 'The pool was closed: make a new Offload');
    }
    if (this.#piscina === undefined) {
      // Few programs need it: it is loaded by the first call.
      const library = require('piscina') as typeof piscina;
      this.#piscina = new library.Piscina({
        filename: join(__dirname, 'worker.js'),
        minThreads: 0,
        maxThreads: this.#threads,
        idleTimeout: 1000,
      });
    }
    return this.#piscina;
  }
}

const noop = (): void => undefined;

/** The source of a function as an expression. Methods are written without the word `function`. */
function expressionOf(fn: (...args: never[]) => unknown): string {
  const source = Function.prototype.toString.call(fn);
  const asMethod = `Object.values({ ${source} })[0]`;
  const found = [source, asMethod].find(isExpression);
  if (found === undefined) {
    throw wrongValue('fn', 'a function with a source of its own, not a bound or native one', fn);
  }
  return found;
}

function isExpression(source: string): boolean {
  try {
    new Script(`(${source})`);
    return true;
  } catch {
    return false;
  }
}
