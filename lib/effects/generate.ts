import { HandledBody } from './handled-body';
import { request, takePayload } from './request';
import { FiberError } from '../base/errors';
import { checkFunction } from '../base/validators';
import { asyncFunctionError, isPromise } from '../scheduler/settled';

/** Has `map`, `filter` and the like where Node has them. */
const ITERATOR_PROTOTYPE = Object.getPrototypeOf(
  Object.getPrototypeOf([][Symbol.iterator]()),
) as object;

class Generation<T> implements IterableIterator<T>, Disposable {
  readonly #body: HandledBody;

  constructor(body: (emit: (value: T) => void) => unknown) {
    const handled: HandledBody = new HandledBody(() => {
      const answer = body((value) => {
        if (handled.done) throw endedError();
        handled.leave(value);
      });
      // What follows its first await is not in the body, and cannot emit.
      if (isPromise(answer)) throw asyncFunctionError('generate', answer);
    }, []);
    this.#body = handled;
  }

  next(): IteratorResult<T, undefined> {
    const body = this.#body;
    if (body.done) return { done: true, value: undefined };
    return this.#result(body.begun ? body.enter(undefined) : body.start());
  }

  throw(error: unknown): IteratorResult<T, undefined> {
    const body = this.#body;
    if (!body.begun) body.discard();
    if (body.done) throw error;
    return this.#result(body.raise(error));
  }

  return<R>(value?: R): IteratorReturnResult<R> {
    const body = this.#body;
    if (!body.begun) body.discard();
    if (!body.done) body.kill(undefined);
    return { done: true, value: value as R };
  }

  [Symbol.iterator](): this {
    return this;
  }

  [Symbol.dispose](): void {
    this.return();
  }

  #result(answer: unknown): IteratorResult<T, undefined> {
    if (answer === request) return { done: false, value: takePayload() as T };
    if (!this.#body.done) throw this.#body.lost();
    return { done: true, value: undefined };
  }
}

Object.setPrototypeOf(Generation.prototype, ITERATOR_PROTOTYPE);

/**
 * An iterator over what `body` passes to `emit`, at any call depth and through any number of fibers. The body
 * runs from one `emit` to the next as values are asked for. A loop that is left early unwinds it, so that its
 * `finally` blocks run; an error that leaves it is thrown from `next`. Inside a task it may block.
 *
 * ```js
 * const walk = (node, emit) => node && (walk(node.left, emit), emit(node.value), walk(node.right, emit));
 * for (const value of generate((emit) => walk(tree, emit))) console.log(value);
 * ```
 *
 * `next` throws {@link FiberError} `ERR_FIBER_RUNNING` while the body runs, `ERR_FIBER_NESTING` and
 * `ERR_FIBER_OUT_OF_MEMORY`, and `ERR_FIBER_ASYNC_FUNCTION` at the end of an async body; `emit` throws `ERR_FIBER_NOT_IN_FIBER` outside of its body and
 * `ERR_FIBER_NOT_YIELDABLE` where a frame that cannot be left lies in between.
 *
 * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`; `ERR_FIBER_UNSUPPORTED` where `isSupported` is false
 */
export function generate<T>(
  body: (emit: (value: T) => void) => void,
): IterableIterator<T> & Disposable {
  checkFunction('body', body);
  return new Generation(body);
}

function endedError(): FiberError {
  return new FiberError(
    'ERR_FIBER_NOT_IN_FIBER',
    'emit was called after the body of generate(…) had ended: call it from inside',
  );
}
