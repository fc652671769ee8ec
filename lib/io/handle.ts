import { WaitQueue, type KeepAlive, type Waiter } from '../lowlevel/kit';

/** A socket or a server, as far as it keeps the process alive; other streams do not. */
interface Referenced {
  ref?: () => unknown;
  unref?: () => unknown;
}

/**
 * A socket or server that tasks sleep in. While all of them are in the background it keeps no process alive; and
 * then as long as nobody else sleeps in it.
 */
export class Handle implements KeepAlive {
  readonly #on: Referenced;
  #sleepers = 0;
  #inBackground = 0;
  #isUnrefd = false;

  constructor(on: object) {
    this.#on = on;
  }

  /** That of a socket or server: always the same. */
  static of(on: object): Handle {
    let handle = handles.get(on);
    if (handle === undefined) handles.set(on, (handle = new Handle(on)));
    return handle;
  }

  /** Sleeps in it; as {@link Waiter.park}, or in a queue as {@link Waiter.parkIn}. */
  park<T>(waiter: Waiter<T>, undo: WaitQueue | (() => void)): T {
    const { task } = waiter;
    waiter.keeper = this;
    this.#sleepers++;
    if (!task.keepsAlive) this.#inBackground++;
    this.#update();
    try {
      return undo instanceof WaitQueue ? waiter.parkIn(undo) : waiter.park(undo);
    } finally {
      this.#sleepers--;
      if (!task.keepsAlive) this.#inBackground--;
      if (this.#inBackground > 0) this.#update();
    }
  }

  /** A task that sleeps in it has come to the foreground, or left it. */
  keepAlive(yes: boolean): void {
    this.#inBackground += yes ? -1 : 1;
    this.#update();
  }

  #update(): void {
    if (this.#sleepers === 0) return;
    const isUnrefd = this.#sleepers === this.#inBackground;
    if (isUnrefd === this.#isUnrefd) return;
    this.#isUnrefd = isUnrefd;
    if (isUnrefd) this.#on.unref?.();
    else this.#on.ref?.();
  }
}

const handles = new WeakMap<object, Handle>();
