import { Reader } from '../io/reader';
import { blockingTask } from '../scheduler/current';

/**
 * The next line of the standard input, without its end; `null` when there is none. What follows stays for whoever reads next.
 *
 * @param prompt - written to the standard output before
 * @throws {@link FiberError} `ERR_STREAM_BUSY` while another task or listener reads, `ERR_FRAME_TOO_LONG` above 1 MiB,
 * `ERR_FIBER_NOT_IN_FIBER`; the reason of a cancelled scope
 */
export function readLine(prompt = ''): string | null {
  const task = blockingTask('readLine');
  const { stdin } = process;
  const reader = new Reader(stdin);
  // An input that nobody reads keeps no process alive.
  if (task.keepsAlive) (stdin as Partial<typeof stdin>).ref?.();
  try {
    if (prompt !== '') process.stdout.write(prompt);
    return reader.readLine();
  } finally {
    reader.release();
    (stdin as Partial<typeof stdin>).unref?.();
  }
}

/**
 * The lines of the standard input that are left, as {@link readLine} returns them.
 *
 * The loop throws as {@link readLine}.
 */
export function* readLines(): Generator<string, void, undefined> {
  for (let line = readLine(); line !== null; line = readLine()) yield line;
}
