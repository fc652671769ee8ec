import { readFileSync } from 'node:fs';

import { FiberError } from 'greenfiber';
import { messageOf } from 'greenfiber/lowlevel';

import { checkResults, type Results } from './results';

/**
 * Reads what `--json` has written.
 *
 * @throws {@link FiberError} `ERR_LOAD_RESULTS`
 */
export function readResults(file: string): Results {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new FiberError('ERR_LOAD_RESULTS', `${file} could not be read: ${messageOf(cause)}`, {
      cause,
    });
  }
  return checkResults(value, file);
}
