/**
 * Runs the program's main module in a task, so that top-level code may wait at any depth, `require` included:
 * `node --require greenfiber/run app.js`, `node --import greenfiber/run app.js` or `greenfiber run app.js`.
 *
 * @packageDocumentation
 */
import { isServedByAnotherCopy } from '../base/copies';

// @ts-expect-error -- a CommonJS module is a function, and can end here
if (isServedByAnotherCopy(module)) return;
import { debugIfAskedTo } from '../inspect/reports';
import { loader } from './main-module';
import { runBeforeImport, runMain } from './run-main';

debugIfAskedTo();

loader.runMain = runMain;

/** @internal */
export { runBeforeImport, runMain };
