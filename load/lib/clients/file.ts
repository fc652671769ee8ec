import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

import { FiberError } from 'greenfiber';
import { checkObject, messageOf, wrongType } from 'greenfiber/lowlevel';

/** What a file is called, and is, where it is sent. */
export interface FileOptions {
  /** Its name in a form. Default: that of the file, without its folder. */
  name?: string;
  /** Its media type. Default `application/octet-stream`. */
  type?: string;
}

/** Of this thread: all users send the same bytes. */
const read = new Map<string, Uint8Array<ArrayBuffer>>();

/**
 * A file as the body of a request, or as a field of a form (`form.append('photo', file('cat.jpg'))`). It is read once for
 * all users of a thread.
 *
 * @param from - a path from the working directory, or a URL
 * @throws {@link FiberError} `ERR_LOAD_DATA` when it cannot be read; `ERR_FIBER_INVALID_ARG_TYPE`
 */
export function file(from: string | URL, options: FileOptions = {}): File {
  const path = from instanceof URL ? fileURLToPath(from) : from;
  if (typeof (path as unknown) !== 'string') throw wrongType('path', 'a string or a URL', from);
  checkObject('options', options);
  const { name = basename(path), type = 'application/octet-stream' } = options;
  for (const [key, value] of Object.entries({ name, type })) {
    if (typeof (value as unknown) !== 'string')
      throw wrongType(`options.${key}`, 'a string', value);
  }
  let bytes = read.get(path);
  if (bytes === undefined) {
    try {
      bytes = new Uint8Array(readFileSync(path));
    } catch (cause) {
      throw new FiberError('ERR_LOAD_DATA', `${path} could not be read: ${messageOf(cause)}`, {
        cause,
      });
    }
    read.set(path, bytes);
  }
  return new File([bytes], name, { type });
}
