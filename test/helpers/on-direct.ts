import test from 'ava';

/**
 * For what holds under the direct engine only. V8 archives a request for an interrupt with the thread that was
 * current, so the locker engine may serve it only when that fiber runs again: a limit of the engine.
 */
export const onDirect = process.env['GREENFIBER_ENGINE'] === 'locker' ? test.skip : test;
