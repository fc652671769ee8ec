/**
 * Types of functions that are made of overloaded ones: TypeScript infers from the last overload only, unless it is asked for
 * several at once.
 */

/** `unknown` for a function that has overloads, and `never` for another. */
export type IfOverloaded<F> = F extends {
  (...args: infer A1): unknown;
  (...args: infer A2): unknown;
}
  ? [A1, A2] extends [A2, A1]
    ? never
    : unknown
  : never;

/** Each overload of a function that returns a promise, as one that returns its value. Six at most: the last ones. */
export type BlockingView<F> = F extends {
  (...args: infer A1): infer R1;
  (...args: infer A2): infer R2;
  (...args: infer A3): infer R3;
  (...args: infer A4): infer R4;
  (...args: infer A5): infer R5;
  (...args: infer A6): infer R6;
}
  ? View<A1, R1> & View<A2, R2> & View<A3, R3> & View<A4, R4> & View<A5, R5> & View<A6, R6>
  : F extends {
        (...args: infer A1): infer R1;
        (...args: infer A2): infer R2;
        (...args: infer A3): infer R3;
        (...args: infer A4): infer R4;
        (...args: infer A5): infer R5;
      }
    ? View<A1, R1> & View<A2, R2> & View<A3, R3> & View<A4, R4> & View<A5, R5>
    : F extends {
          (...args: infer A1): infer R1;
          (...args: infer A2): infer R2;
          (...args: infer A3): infer R3;
          (...args: infer A4): infer R4;
        }
      ? View<A1, R1> & View<A2, R2> & View<A3, R3> & View<A4, R4>
      : F extends {
            (...args: infer A1): infer R1;
            (...args: infer A2): infer R2;
            (...args: infer A3): infer R3;
          }
        ? View<A1, R1> & View<A2, R2> & View<A3, R3>
        : F extends { (...args: infer A1): infer R1; (...args: infer A2): infer R2 }
          ? View<A1, R1> & View<A2, R2>
          : F extends (...args: infer A1) => infer R1
            ? View<A1, R1>
            : never;

type View<A extends unknown[], R> = (...args: A) => Awaited<R>;

/** Each overload of a function that takes a callback, as one that returns what that is given. Six at most: the last ones. */
export type CallbackView<F> = F extends {
  (...args: infer A1): unknown;
  (...args: infer A2): unknown;
  (...args: infer A3): unknown;
  (...args: infer A4): unknown;
  (...args: infer A5): unknown;
  (...args: infer A6): unknown;
}
  ? ViewOfCallback<A1> &
      ViewOfCallback<A2> &
      ViewOfCallback<A3> &
      ViewOfCallback<A4> &
      ViewOfCallback<A5> &
      ViewOfCallback<A6>
  : F extends {
        (...args: infer A1): unknown;
        (...args: infer A2): unknown;
        (...args: infer A3): unknown;
        (...args: infer A4): unknown;
        (...args: infer A5): unknown;
      }
    ? ViewOfCallback<A1> &
        ViewOfCallback<A2> &
        ViewOfCallback<A3> &
        ViewOfCallback<A4> &
        ViewOfCallback<A5>
    : F extends {
          (...args: infer A1): unknown;
          (...args: infer A2): unknown;
          (...args: infer A3): unknown;
          (...args: infer A4): unknown;
        }
      ? ViewOfCallback<A1> & ViewOfCallback<A2> & ViewOfCallback<A3> & ViewOfCallback<A4>
      : F extends {
            (...args: infer A1): unknown;
            (...args: infer A2): unknown;
            (...args: infer A3): unknown;
          }
        ? ViewOfCallback<A1> & ViewOfCallback<A2> & ViewOfCallback<A3>
        : F extends { (...args: infer A1): unknown; (...args: infer A2): unknown }
          ? ViewOfCallback<A1> & ViewOfCallback<A2>
          : F extends (...args: infer A1) => unknown
            ? ViewOfCallback<A1>
            : never;

type ViewOfCallback<A extends unknown[]> = A extends [...infer Rest, infer Callback]
  ? NonNullable<Callback> extends (error: never, ...values: infer Values) => unknown
    ? (...args: Rest) => Values extends [] ? undefined : Values[0]
    : never
  : never;
