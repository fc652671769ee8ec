import type { Effect } from './effect';

/**
 * What a body is suspended with. One for all, because whoever is continued with it reads it before anything else
 * runs; code outside of this folder never sees it.
 */
export const request: {
  effect: Effect<never, never> | undefined;
  payload: unknown;
} = { effect: undefined, payload: undefined };

/** What the body was suspended with just now. */
export function takePayload(): unknown {
  const { payload } = request;
  request.payload = undefined; // not to be kept alive
  return payload;
}
