import { FiberError } from '../base/errors';
import { realClock } from '../lowlevel/kit';
import { Promised } from '../base/promised';
import type { JavaScriptCall, KeeperCount } from './javascript-call';
import { WorkerThread, type ThreadOwner } from './worker-thread';

/** How long a thread waits for the next call before it ends. */
const IDLE_MS = 5000;

export interface JavaScriptStats {
  /** Worker threads that there are now. */
  readonly workers: number;
  /** Calls so far. */
  readonly calls: number;
  /** Calls that wait for a worker. */
  readonly queued: number;
  /** Calls that a worker runs. */
  readonly running: number;
  /** Calls that were cancelled, in the queue or while they ran. */
  readonly cancelled: number;
}

/** Worker threads, started as calls need them, that serve a queue in its order. */
export class JavaScriptPool implements ThreadOwner, KeeperCount {
  readonly #most: number;
  readonly #queue = new Set<JavaScriptCall>();
  readonly #threads = new Set<WorkerThread>();
  /** The last one has rested least. While there is one, nobody queues. */
  readonly #idle: WorkerThread[] = [];
  readonly #closed = new Promised<void>();
  #state: 'open' | 'closing' | 'closed' = 'open';
  #keepers = 0;
  #calls = 0;
  #cancelled = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get state(): 'open' | 'closing' | 'closed' {
    return this.#state;
  }

  /** Fulfilled when every caller knows what came of its call, and no thread is left that could be ended. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  stats(): JavaScriptStats {
    return {
      workers: this.#threads.size,
      calls: this.#calls,
      queued: this.#queue.size,
      running: this.#running().length,
      cancelled: this.#cancelled,
    };
  }

  /** @throws {@link FiberError} `ERR_OFFLOAD_CLOSED`; `ERR_FIBER_INVALID_ARG_VALUE`: an argument cannot be cloned */
  enter(call: JavaScriptCall): void {
    if (this.#state !== 'open') throw closedError('it was closed, once and for all');
    const thread = this.#idle.pop();
    try {
      if (thread === undefined) call.copyArguments();
      else thread.run(call);
    } catch (error) {
      if (thread !== undefined && this.#threads.has(thread)) this.#idle.push(thread);
      throw call.argumentError(error);
    }
    this.#calls++;
    if (thread !== undefined) return;
    this.#queue.add(call);
    this.#serve();
  }

  /** Takes a call back, or ends the thread that runs it. */
  cancel(call: JavaScriptCall): void {
    this.#cancelled++;
    this.#takeOut(call);
    this.#goOn();
  }

  free(thread: WorkerThread): void {
    this.#idle.push(thread);
    thread.rest(IDLE_MS, () => {
      this.#retire(thread);
    });
    this.#serve();
    // Not before the caller knows.
    if (this.#state !== 'open') {
      queueMicrotask(() => {
        this.#endIfIdle();
      });
    }
  }

  lost(thread: WorkerThread, error: FiberError): void {
    this.#forget(thread);
    // A thread that cannot be started costs one call, so that the others are not tried for ever.
    const [first] = this.#queue;
    const call = thread.isReady ? thread.call : first;
    if (call !== undefined) this.#queue.delete(call);
    if (call !== undefined) call.fail(error);
    else if (error.cause !== undefined) process.emitWarning(error); // nobody else learns of it
    this.#goOn();
  }

  countKeepers(change: 1 | -1): void {
    const before = this.#keepers;
    this.#keepers += change;
    if (before > 0 === this.#keepers > 0) return;
    for (const thread of this.#threads) thread.keepAlive(this.#keepers > 0);
  }

  /** Takes no more calls. Those that have not ended after `grace` milliseconds fail. */
  close(grace: number): void {
    this.#state = 'closing';
    this.#endIfIdle();
    if (grace === Infinity || this.#queue.size + this.#running().length === 0) return;
    const timer = realClock.setTimer(
      grace,
      () => {
        this.destroy();
      },
      true,
    );
    void this.closed.then(() => {
      timer.cancel();
    });
  }

  /** Takes no more calls, and ends those that there are. */
  destroy(): void {
    this.#state = this.#state === 'closed' ? 'closed' : 'closing';
    for (const call of [...this.#queue]) {
      this.#takeOut(call);
      call.fail(closedError('the pool was closed before the call began'));
    }
    for (const call of this.#running()) {
      this.#takeOut(call);
      call.fail(
        new FiberError(
          'ERR_OFFLOAD_ABANDONED',
          `The call of ${call.name} had not ended when the time that its pool was given to close was over`,
        ),
      );
    }
    this.#endIfIdle();
  }

  #running(): JavaScriptCall[] {
    return [...this.#threads].flatMap(({ call }) => call ?? []);
  }

  #takeOut(call: JavaScriptCall): void {
    call.end();
    if (this.#queue.delete(call)) return;
    for (const thread of this.#threads) {
      if (thread.call !== call) continue;
      this.#retire(thread);
      return;
    }
  }

  #goOn(): void {
    this.#serve();
    this.#endIfIdle();
  }

  #serve(): void {
    for (const call of this.#queue) {
      const thread = this.#idle.pop();
      if (thread === undefined) break;
      this.#queue.delete(call);
      this.#run(thread, call);
    }
    if (this.#queue.size === 0 || this.#threads.size === this.#most) return;
    let starting = 0;
    for (const { isReady } of this.#threads) if (!isReady) starting++;
    for (; starting < this.#queue.size && this.#threads.size < this.#most; starting++) {
      if (!this.#start()) return;
    }
  }

  /** The arguments were cloned before; only memory may be out. */
  #run(thread: WorkerThread, call: JavaScriptCall): void {
    try {
      thread.run(call);
    } catch (error) {
      this.#idle.push(thread);
      call.fail(call.argumentError(error));
    }
  }

  #start(): boolean {
    try {
      const thread = new WorkerThread(this);
      thread.keepAlive(this.#keepers > 0);
      this.#threads.add(thread);
      return true;
    } catch (cause) {
      // The threads that there are serve the queue; without any, nobody would.
      if (this.#threads.size > 0) return false;
      const calls = [...this.#queue];
      this.#queue.clear();
      const message = 'No worker thread can be started: allow the process more threads';
      const told = cause instanceof FiberError;
      const error = told ? cause : new FiberError('ERR_OFFLOAD_THREADS', message, { cause });
      for (const call of calls) call.fail(error);
      return false;
    }
  }

  #forget(thread: WorkerThread): void {
    this.#threads.delete(thread);
    const at = this.#idle.indexOf(thread);
    if (at >= 0) this.#idle.splice(at, 1);
  }

  #retire(thread: WorkerThread): void {
    this.#forget(thread);
    void thread.stop();
    thread.keepAlive(false); // it may be in native code, which nobody can stop
  }

  #endIfIdle(): void {
    if (this.#state !== 'closing' || this.#queue.size > 0 || this.#running().length > 0) return;
    this.#state = 'closed';
    const ended = [...this.#threads].map(async (thread) => thread.stop());
    this.#threads.clear();
    this.#idle.length = 0;
    void Promise.all(ended).then(() => {
      this.#closed.resolve();
    });
  }
}

const closedError = (why: string): FiberError =>
  new FiberError('ERR_OFFLOAD_CLOSED', `The pool takes no more calls: ${why}: make a new Offload`);
