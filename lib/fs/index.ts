/**
 * The file system in blocking style: `node:fs/promises` in tasks, without `await`.
 *
 * @packageDocumentation
 */
import { isServedByAnotherCopy } from '../base/copies';

// @ts-expect-error -- a CommonJS module is a function, and can end here
if (isServedByAnotherCopy(module)) return;
import '../inspect/reports';

import * as promises from 'node:fs/promises';

import { blocking } from './blocking';

export { constants } from 'node:fs/promises';
export { FileHandle } from './file-handle';
export { open, opendir, watch } from './open';

// Each throws the system's error, ERR_FIBER_NOT_IN_FIBER outside of tasks, and the reason of a cancelled scope. What the
// system has begun when it is cancelled goes on.
export const access = blocking(promises.access);
export const appendFile = blocking(promises.appendFile);
export const chmod = blocking(promises.chmod);
export const chown = blocking(promises.chown);
export const copyFile = blocking(promises.copyFile);
export const cp = blocking(promises.cp);
export const lchown = blocking(promises.lchown);
export const link = blocking(promises.link);
export const lstat = blocking(promises.lstat);
export const lutimes = blocking(promises.lutimes);
export const mkdir = blocking(promises.mkdir);
export const mkdtemp = blocking(promises.mkdtemp);
export const readFile = blocking(promises.readFile);
export const readdir = blocking(promises.readdir);
export const readlink = blocking(promises.readlink);
export const realpath = blocking(promises.realpath);
export const rename = blocking(promises.rename);
export const rm = blocking(promises.rm);
export const rmdir = blocking(promises.rmdir);
export const stat = blocking(promises.stat);
export const statfs = blocking(promises.statfs);
export const symlink = blocking(promises.symlink);
export const truncate = blocking(promises.truncate);
export const unlink = blocking(promises.unlink);
export const utimes = blocking(promises.utimes);
export const writeFile = blocking(promises.writeFile);
