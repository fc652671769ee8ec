/** What does not end, this many milliseconds after the run was told to, is not waited for. */
const PATIENCE = 750;

/** What `promise` is fulfilled with; once the signal has come, what `instead` returns when that takes too long. */
export async function beforeItIsTooLate<T>(
  signal: AbortSignal,
  promise: Promise<T>,
  instead: () => T,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let stop = (): void => undefined;
  const late = new Promise<T>((resolve) => {
    stop = () => {
      timer = setTimeout(() => {
        resolve(instead());
      }, PATIENCE);
    };
  });
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
}
