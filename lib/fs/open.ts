import type { Dirent } from 'node:fs';
import * as promises from 'node:fs/promises';

import { iterate } from '../everyday/iterate';
import { blockingTask } from '../scheduler/current';
import { waitForOpen } from './blocking';
import { FileHandle } from './file-handle';

/**
 * Opens a file. `using file = open(path)` closes it; one whose opening is cancelled is closed when it comes.
 *
 * @throws the system's error; {@link FiberError} `ERR_FIBER_NOT_IN_FIBER`; the reason of a cancelled scope
 */
export function open(...args: Parameters<typeof promises.open>): FileHandle {
  blockingTask('fs.open');
  return new FileHandle(waitForOpen(promises.open(...args)));
}

/**
 * What lies in a directory, entry by entry, in a loop that closes it.
 *
 * The loop throws the system's error; {@link FiberError} `ERR_FIBER_NOT_IN_FIBER`; the reason of a cancelled scope.
 */
export function* opendir(
  ...args: Parameters<typeof promises.opendir>
): Generator<Dirent, void, undefined> {
  blockingTask('fs.opendir');
  yield* iterate(waitForOpen(promises.opendir(...args)));
}

/**
 * What happens to a file or in a directory, in a loop that watches until it is left.
 *
 * The loop throws the system's error; {@link FiberError} `ERR_FIBER_NOT_IN_FIBER`; the reason of a cancelled scope.
 */
export function* watch(
  path: Parameters<typeof promises.watch>[0],
  options: { persistent?: boolean; recursive?: boolean; encoding?: BufferEncoding } = {},
): Generator<promises.FileChangeInfo<string>, void, undefined> {
  blockingTask('fs.watch');
  // The watcher's own end would come behind an event that never does.
  const controller = new AbortController();
  try {
    yield* iterate(promises.watch(path, { ...options, signal: controller.signal }));
  } finally {
    controller.abort();
  }
}
