import { readFileSync } from 'node:fs';

import { FiberError } from '../errors';
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
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new FiberError('ERR_LOAD_RESULTS', `${file} could not be read: ${message}`, { cause });
  }
  return checkResults(value, file);
}
