import { FiberError } from '../base/errors';
import { realClock, Waiter } from '../lowlevel/kit';
import { Promised } from '../base/promised';
import { currentTask, type Task } from '../scheduler/task';
import { CallBatch, PromisedCall, type BatchOwner } from './call-batch';
import type { CallSink } from './external';
import { callInBackground, calls, countUnderWay, nativeOffload } from './native';
import type { OffloadStats } from './offload';
import type { Signature } from './signature';

/** Batches that are kept for reuse. Their memory is some 8 KB each. */
const MOST_SPARE = 1024;

/** Gathers the calls of one pool into batches, and tells their callers what came of them. */
export class Gatherer implements CallSink, BatchOwner {
  failed = 0;
  cancelled = 0;

  /** The batch that calls go to; it may be empty. */
  #open: CallBatch | undefined;
  /** Whether somebody will send the open batch. */
  #planned = false;
  readonly #underWay = new Set<CallBatch>();
  readonly #spare: CallBatch[] = [];
  #calls = 0;
  #batches = 0;
  #state: OffloadStats['state'] = 'open';
  #abandoned = false;
  readonly #closed = new Promised<void>();
  readonly #sendInTurn = (): void => {
    this.#planned = false;
    this.#trySubmit(true);
  };
  readonly #sendOutside = (): void => {
    this.#planned = false;
    this.#submit(false);
  };

  /** @param delay - in milliseconds */
  constructor(
    readonly pool: number,
    readonly size: number,
    readonly delay: number,
  ) {}

  /** Fulfilled when every caller knows what came of its call. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /** @throws {@link FiberError} `ERR_OFFLOAD_CLOSED` */
  checkOpen(): void {
    if (this.#state !== 'open') throw closedError();
  }

  open(): CallBatch {
    if (this.#state !== 'open') throw closedError();
    let batch = this.#open;
    if (batch === undefined || batch.length === batch.capacity) {
      this.flush();
      batch = this.#open = this.#spare.pop() ?? new CallBatch(this, this.size);
    }
    return batch;
  }

  enter(batch: CallBatch, signature: Signature, buffer: unknown, task: Task | undefined): unknown {
    this.#calls++;
    if (!this.#planned) this.#plan(task);
    batch.add(signature, buffer);
    if (task !== undefined) {
      if (!task.keepsAlive) callInBackground();
      const waiter = Waiter.inQueue(task, signature.what, undefined);
      waiter.keeper = calls;
      return waiter.parkIn(batch);
    }
    const promised = new Promised<unknown>();
    batch.push(new PromisedCall(promised));
    return promised.promise;
  }

  full(): void {
    this.#trySubmit(currentTask() !== undefined);
  }

  flush(): void {
    this.#submit(currentTask() !== undefined);
  }

  /** Where so little stack is left that it cannot be done, it is done a little later. */
  #trySubmit(inTurn: boolean): void {
    try {
      this.#submit(inTurn);
    } catch {
      if (this.#planned) return;
      this.#planned = true;
      queueMicrotask(this.#sendOutside);
    }
  }

  /** @param inTurn - the scheduler will ask for what has come back */
  #submit(inTurn: boolean): void {
    const batch = this.#open;
    if (batch === undefined || batch.length === 0) return;
    const isSubmitted = batch.submit(inTurn);
    this.#open = undefined;
    this.#batches++;
    this.#underWay.add(batch);
    countUnderWay(1);
    if (isSubmitted) return;
    // Not now: the task of the last call is not asleep yet.
    queueMicrotask(() => {
      const error = (): FiberError =>
        new FiberError('ERR_OFFLOAD_THREADS', 'No memory is left to submit the call');
      batch.abandon(error, error);
      batch.complete();
    });
  }

  ended(batch: CallBatch): void {
    this.#underWay.delete(batch);
    countUnderWay(-1);
    if (this.#state === 'open' && this.#spare.length < MOST_SPARE) this.#spare.push(batch);
    else batch.drop();
    if (this.#state !== 'open') this.#endIfIdle();
  }

  /** @throws {@link FiberError} `ERR_OFFLOAD_CLOSED` */
  close(grace: number): void {
    this.checkOpen();
    this.flush();
    this.#state = 'closing';
    this.#open?.drop();
    this.#open = undefined;
    for (const batch of this.#spare) batch.drop();
    this.#spare.length = 0;
    this.#endIfIdle();
    if (grace === Infinity || this.#underWay.size === 0) return;
    const abandon = (): void => {
      this.#abandon();
    };
    const timer = realClock.setTimer(grace, abandon, true);
    void this.closed.then(() => {
      timer.cancel();
    });
  }

  /** As after the grace of {@link close}. */
  destroy(): void {
    if (this.#state === 'open') this.close(0);
    this.#abandon();
  }

  stats(): Omit<OffloadStats, 'threads' | 'js'> {
    const gathered = this.#open?.length ?? 0;
    let underWay = gathered;
    for (const batch of this.#underWay) underWay += batch.length;
    return {
      calls: this.#calls,
      batches: this.#batches,
      underWay,
      gathered,
      failed: this.failed,
      cancelled: this.cancelled,
      running:
        this.#state === 'closed' && !this.#abandoned ? [] : nativeOffload().running(this.pool),
      state: this.#state,
    };
  }

  /** The open batch goes when its time has come, or when nobody is ready to add to it. */
  #plan(task: Task | undefined): void {
    this.#planned = true;
    if (task !== undefined) task.scheduler.sendSoon(this.#sendInTurn, this.delay);
    else queueMicrotask(this.#sendOutside);
  }

  #endIfIdle(): void {
    if (this.#underWay.size > 0) return;
    nativeOffload().stopPool(this.pool);
    this.#abandoned = false;
    this.#end();
  }

  #end(): void {
    this.#state = 'closed';
    this.#closed.resolve();
  }

  #abandon(): void {
    if (this.#state === 'closed') return;
    this.#abandoned = true;
    nativeOffload().abandonPool(this.pool);
    for (const batch of this.#underWay) {
      batch.abandon(
        () => closedError('the pool was closed before the call began'),
        ({ name }) =>
          new FiberError(
            'ERR_OFFLOAD_ABANDONED',
            `${name} still ran when the time that its pool was given to close was over: its thread is left behind`,
          ),
      );
    }
    this.#end();
  }
}

const closedError = (why = 'it was closed, once and for all'): FiberError =>
  new FiberError('ERR_OFFLOAD_CLOSED', `The pool takes no more calls: ${why}: make a new Offload`);
