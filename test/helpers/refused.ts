import net from 'node:net';

function isRefused(port: number): Promise<boolean> {
  const socket = net.connect(port, '127.0.0.1');
  return new Promise((resolve) => {
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', () => resolve(true));
  });
}

/** Waits until nothing accepts connections on a port of the loopback address; for a minute at most. */
export async function refused(port: number): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!(await isRefused(port))) {
    if (performance.now() > deadline) throw new Error(`port ${String(port)} is still open`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
