import { FiberError } from '../base/errors';
import { runtime } from '../fiber/fiber';
import { wrongType } from '../base/validators';
import { request, takePayload } from './request';
import { showAs } from '../base/look';

// By a name of its own: see lib/fiber/fiber.ts.
const performNative = runtime.fibers.perform;

let lastId = 0;

/**
 * An operation whose meaning is given by whoever handles it: a tag of the WebAssembly stack-switching proposal
 * (wasmfx), an effect of OCaml 5. Made by {@link effect}.
 *
 * @typeParam P - what it is performed with
 * @typeParam A - what it is answered with
 */
export class Effect<P = void, A = void> {
  /** @internal */
  readonly id: number = ++lastId;

  /** @internal */
  constructor(
    /** Shown in errors and warnings. */
    readonly name: string,
  ) {}

  /**
   * Suspends everything up to the nearest handler of this effect, at any call depth and through any number of
   * fibers, and runs that handler. Returns what the handler resumes with, or throws what it throws here.
   *
   * @throws {@link FiberError} `ERR_EFFECT_UNHANDLED`; `ERR_FIBER_UNSUPPORTED` where `isSupported` is false; `ERR_FIBER_NOT_YIELDABLE` where a frame that cannot be
   * left lies in between; and whatever the handler raises here
   */
  perform(payload: P): A {
    request.effect = this as never;
    request.payload = payload;
    const answer = performNative(this.id, request);
    if (answer === request) throw this.#unhandled();
    return answer as A;
  }

  #unhandled(): FiberError {
    takePayload();
    if (runtime.engine === 'none') return runtime.unsupportedError();
    return new FiberError(
      'ERR_EFFECT_UNHANDLED',
      `No handler of the effect "${this.name}" is around this call: ` +
        'perform it inside handle(body, on(…)), in the same task',
    );
  }
}

showAs(Effect, ({ name }) => ({ name }));

/**
 * Declares an effect: `const Ask = effect<string, number>('Ask')`, then `Ask.perform('how many?')`.
 *
 * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`
 */
export function effect<P = void, A = void>(name: string): Effect<P, A> {
  if (typeof (name as unknown) !== 'string') throw wrongType('name', 'a string', name);
  return new Effect<P, A>(name);
}
