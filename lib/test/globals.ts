/**
 * Loaded first by Mocha (`--require`), Jest (`setupFilesAfterEnv`) or Vitest (`setupFiles`, with `globals`): the bodies of
 * all tests and hooks run in tasks.
 *
 * @packageDocumentation
 */
// This file runs in the realm of the tests, which need not be the one that greenfiber lives in.
import { putGlobalsInTasks } from './index';

putGlobalsInTasks(globalThis);
