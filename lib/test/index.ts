/**
 * Tests that may block: bodies and hooks run in tasks. For node:test, by importing from here; for Mocha, Jest and Vitest,
 * by the option that loads `greenfiber/test/globals` first.
 *
 * @packageDocumentation
 */
import { isServedByAnotherCopy } from '../base/copies';

// @ts-expect-error -- a CommonJS module is a function, and can end here
if (isServedByAnotherCopy(module)) return;
import * as nodeTest from 'node:test';

import '../inspect/reports';
import { inTasks } from './in-task';

export { inTask, inTasks } from './in-task';
/** @internal */
export { putGlobalsInTasks } from './test-globals';

/** Those of node:test, with bodies in tasks; subtests of `t.test` as well. */
export const test: typeof nodeTest.test = inTasks(nodeTest.test);
export const it: typeof nodeTest.it = inTasks(nodeTest.it);
export const before: typeof nodeTest.before = inTasks(nodeTest.before);
export const after: typeof nodeTest.after = inTasks(nodeTest.after);
export const beforeEach: typeof nodeTest.beforeEach = inTasks(nodeTest.beforeEach);
export const afterEach: typeof nodeTest.afterEach = inTasks(nodeTest.afterEach);

/** As they are: their callbacks declare tests. */
export const { describe, suite, mock } = nodeTest;

export default test;
