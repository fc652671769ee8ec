import { TimeoutError } from 'greenfiber';
import { blockingTask, type Timer, Waiter } from 'greenfiber/lowlevel';

import { failureMessage } from '../failure';
import { tagsOf, type VirtualUser } from '../vu';
import type { Deadline } from './deadlines';
import type { PreparedRequest } from './request';
import { LoadResponse } from './response';
import { noAnswer, type Exchange, type Underway, type Wire } from './transport';

/** Connections that a user keeps open; the oldest that is idle gives way to one that is needed. */
const MOST_WIRES = 64;

/**
 * Sends a request as `user`, in the running task, and sleeps until it is answered. A failure of the network is an
 * answer with the status 0, and is counted by kind.
 */
export function send(user: VirtualUser, request: PreparedRequest): LoadResponse {
  const { recorder, clock } = user.context;
  const { method } = request.wire;
  const waiter = new Waiter<Exchange>(blockingTask('http.request'), 'http.request', request.name);
  const wire = wireOf(user, request.wire.origin);
  const start = user.intended ?? clock.now();
  user.intended = undefined;
  const underway = wire.send(request.wire, waiter, request.discard);
  if (!waiter.settled) user.slept = true;
  const exchange = new Call(user, underway, waiter).complete(request.timeout);
  const duration = Math.max(0, exchange.ended - start);
  const own = tagsOf(user);
  const tags = request.tags === undefined ? own : { ...own, ...request.tags };
  recorder.request(method, request.name, exchange, tags, duration);
  if (exchange.error === undefined) {
    const response = new LoadResponse(request.wire, exchange, duration, start);
    recorder.timings(response.timings, exchange.opening !== undefined, tags);
    return response;
  }
  const kind = recorder.error(exchange.error, tags);
  const { error: cause } = exchange;
  return new LoadResponse(request.wire, exchange, duration, start, {
    kind,
    message: failureMessage(cause),
    cause,
  });
}

/** A request under way, and how long all of it may take. */
class Call implements Deadline {
  at = 0;
  before: Deadline | undefined = undefined;
  after: Deadline | undefined = undefined;
  readonly #user: VirtualUser;
  readonly #underway: Underway;
  readonly #waiter: Waiter<Exchange>;

  constructor(user: VirtualUser, underway: Underway, waiter: Waiter<Exchange>) {
    this.#user = user;
    this.#underway = underway;
    this.#waiter = waiter;
  }

  complete(timeout: number | undefined): Exchange {
    const { deadlines, clock } = this.#user.context;
    if (timeout === undefined) {
      deadlines.set(this);
      try {
        return this.#waiter.park(this.#giveUp);
      } finally {
        deadlines.clear(this);
      }
    }
    let timer: Timer | undefined;
    if (timeout !== Infinity) {
      timer = clock.setTimer(
        timeout,
        () => {
          this.expire();
        },
        true,
      );
    }
    try {
      return this.#waiter.park(this.#giveUp);
    } finally {
      timer?.cancel();
    }
  }

  expire(): void {
    if (this.#waiter.settled) return;
    const error = new TimeoutError('The request took longer than its timeout');
    const { received = 0, sent = 0 } = this.#giveUp() ?? {};
    const ended = this.#user.context.clock.now();
    this.#waiter.wake({ ...noAnswer(error), ended, received, sent });
  }

  readonly #giveUp = (): Exchange | undefined => this.#underway.abort();
}

/** A way to the origin that is free. By HTTP/1.1, a user that asks for several things at once has several. */
function wireOf(user: VirtualUser, origin: string): Wire {
  const { wires } = user;
  for (const wire of wires) if (!wire.busy && wire.origin === origin) return wire;
  if (wires.length >= MOST_WIRES) {
    const at = wires.findIndex(({ idle }) => idle);
    if (at >= 0) for (const wire of wires.splice(at, 1)) wire.close();
  }
  const wire = user.context.transport.wire(origin);
  wires.push(wire);
  return wire;
}
