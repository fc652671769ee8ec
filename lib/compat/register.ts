import { isServedByAnotherCopy } from '../base/copies';

// @ts-expect-error -- a CommonJS module is a function, and can end here
if (isServedByAnotherCopy(module)) return;

import './fibers';
import { redirect } from './redirect';

/**
 * `node --import greenfiber/fibers/register app.js`: whoever asks for `fibers` and `fibers/future` gets
 * `greenfiber/fibers` and `greenfiber/future`, whether the package is installed or not.
 */
redirect(
  new Map([
    ['fibers', require.resolve('./fibers')],
    ['fibers/future', require.resolve('./future')],
    ['fibers/future.js', require.resolve('./future')],
  ]),
);
