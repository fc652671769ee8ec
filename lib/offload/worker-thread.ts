import { join } from 'node:path';
import {
  MessageChannel,
  receiveMessageOnPort,
  Worker,
  type MessagePort,
} from 'node:worker_threads';

import { type FiberErrorCode } from '../base/error-codes';
import { FiberError, messageOf } from '../base/errors';
import { filesFolder, HOW_TO_BUNDLE } from '../base/place';
import { realClock, type Timer } from '../lowlevel/kit';
import type { JavaScriptCall } from './javascript-call';
import type { Answer } from './javascript-worker';
import { unpackThrown } from './thrown';

/** Whom a thread works for. */
export interface ThreadOwner {
  /** It can take a call. */
  free(thread: WorkerThread): void;
  /** It will take no more, and was not asked to end. `error` is for whoever waited for it. */
  lost(thread: WorkerThread, error: FiberError): void;
}

/** A worker thread that runs one call after the other. */
export class WorkerThread {
  /** What it runs. */
  call: JavaScriptCall | undefined;
  /** Whether it has come so far that it could take a call. */
  isReady = false;
  readonly #owner: ThreadOwner;
  readonly #worker: Worker;
  readonly #port: MessagePort;
  #uncaught: { error: unknown } | undefined;
  #isStopped = false;
  #hasExited = false;
  #rest: Timer | undefined;

  /** @throws what `new Worker` does; {@link FiberError} `ERR_OFFLOAD_WORKER` in a bundle without greenfiber's files */
  constructor(owner: ThreadOwner) {
    this.#owner = owner;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#worker = new Worker(workerFile(), {
      name: 'greenfiber offload',
      workerData: { port: port2 },
      transferList: [port2],
    });
    port1.on('message', (answer: Answer) => {
      this.#receive(answer);
    });
    port1.on('messageerror', (error) => {
      this.#fail(cloneError('The result of', this.call, error.message));
    });
    port1.unref(); // what keeps the process alive is the worker
    this.#worker.on('error', (error) => {
      this.#uncaught = { error };
    });
    this.#worker.on('exit', (code) => {
      this.#exited(code);
    });
  }

  /**
   * Begins a call.
   *
   * @throws what cloning the arguments does: the thread is free as before
   */
  run(call: JavaScriptCall): void {
    this.#rest?.cancel();
    this.call = call;
    try {
      this.#port.postMessage(call.job);
    } catch (error) {
      this.call = undefined;
      throw error;
    }
  }

  /** Calls `tired` unless a call comes within `ms` milliseconds. */
  rest(ms: number, tired: () => void): void {
    this.#rest?.cancel();
    this.#rest = realClock.setTimer(ms, tired, false);
  }

  keepAlive(yes: boolean): void {
    if (yes) this.#worker.ref();
    else this.#worker.unref();
  }

  /**
   * Ends it, whatever it does: the owner is told nothing more. Fulfilled when it has ended, for which the process waits.
   */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.call = undefined;
    this.#rest?.cancel();
    await this.#worker.terminate();
  }

  #receive(answer: Answer): void {
    if (this.#isStopped) return;
    if ('ready' in answer) {
      this.isReady = true;
      this.#end();
    } else if ('value' in answer) {
      this.#end()?.wake(answer.value);
    } else if ('thrown' in answer) {
      this.#fail(unpackThrown(answer.thrown));
    } else {
      this.#fail(cloneError(answer.notCloned, this.call, answer.why));
    }
  }

  #fail(error: unknown): void {
    this.#end()?.fail(error);
  }

  #end(): JavaScriptCall | undefined {
    const { call } = this;
    this.call = undefined;
    if (!this.#hasExited) this.#owner.free(this);
    return call;
  }

  #exited(code: number): void {
    this.#hasExited = true;
    // It may have answered just before.
    for (let last; !this.#isStopped && (last = receiveMessageOnPort(this.#port)) !== undefined;) {
      this.#receive(last.message as Answer);
    }
    this.#port.close();
    if (this.#isStopped) return;
    this.#owner.lost(this, this.#lostError(code));
  }

  #lostError(code: number): FiberError {
    const what = this.isReady
      ? `The worker thread of ${this.call?.name ?? 'the pool'} ended before it answered`
      : 'A worker thread cannot be started';
    if (this.#uncaught === undefined) {
      return failure(
        'ERR_OFFLOAD_WORKER',
        `${what}: it was left with process.exit(${String(code)})`,
      );
    }
    const { error: cause } = this.#uncaught;
    const why =
      (cause as { code?: unknown } | undefined)?.code === 'ERR_WORKER_OUT_OF_MEMORY'
        ? 'its memory was out'
        : `nobody caught ${messageOf(cause)}`;
    return failure('ERR_OFFLOAD_WORKER', `${what}: ${why}`, { cause });
  }
}

function workerFile(): string {
  const folder = filesFolder();
  if (folder !== undefined) return join(folder, 'dist', 'offload', 'javascript-worker.js');
  throw failure(
    'ERR_OFFLOAD_WORKER',
    `A worker thread cannot be started: greenfiber is part of a bundle, and its files are not beside it; ${HOW_TO_BUNDLE}`,
  );
}

function cloneError(what: string, call: JavaScriptCall | undefined, why: string): FiberError {
  const subject = `${what} ${call?.name ?? 'a function'}`;
  return failure(
    'ERR_OFFLOAD_CLONE',
    `${subject} cannot be cloned, and so not leave its thread: ${why.replace(/\.$/, '')}; use plain data`,
  );
}

/** Where it is made says nothing: the frames of who waits for it are added. */
function failure(code: FiberErrorCode, message: string, options?: ErrorOptions): FiberError {
  const error = new FiberError(code, message, options);
  error.stack = `${error.name}: ${message}`;
  return error;
}
