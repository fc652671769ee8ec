import type { Server as HttpServer } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { Server } from 'node:net';

import { checkDuration, wrongType } from '../base/validators';
import { realClock, type Timer } from '../lowlevel/kit';
import { isHttp, serversInUse } from './connections';
import { closingOf } from './closing';

/** A server of `node:http`, `node:https` or `node:http2`: what `listen` of an Express or Koa application returns. */
export type AnyServer = HttpServer | HttpsServer | Server;

/** A Fastify application, as far as we use it. */
export interface FastifyLike {
  readonly server: AnyServer;
  /** Runs its hooks. */
  close(): PromiseLike<unknown>;
}

/**
 * Stops listening, lets the requests under way be answered, and resolves when all connections are closed. Those that
 * wait for a further request are closed at once, and those that have sent nothing yet, or a part of a request, have a second
 * to send the rest of its head. A connection that was upgraded, or is a tunnel, has until the grace is over.
 *
 * It takes any server, whoever answers its requests: that of an Express or Koa application is what `listen` returned.
 * Of a Fastify application it takes the application itself, and closes that.
 *
 * @param grace - milliseconds after which the tasks that are left are cancelled with an {@link AbortError} and all
 * connections closed; by default as long as it takes
 * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE`
 */
export function shutdown(server: AnyServer | FastifyLike, grace = Infinity): Promise<void> {
  checkDuration('grace', grace);
  const given = server as unknown;
  if (typeof given === 'object' && given !== null) {
    if (isHttp(given)) return closingOf(given).within(grace);
    if (isFastify(given)) return shutdownFastify(given, grace);
  }
  throw wrongType(
    'server',
    'a server of node:http or node:https, as app.listen() returns it, or a Fastify application',
    server,
  );
}

function isFastify(value: object): value is FastifyLike & { server: Server } {
  const { server, close } = value as Partial<FastifyLike>;
  return typeof close === 'function' && typeof server === 'object' && isHttp(server);
}

/** Hooks that hang do not keep it beyond its grace. */
async function shutdownFastify(
  app: FastifyLike & { server: Server },
  grace: number,
): Promise<void> {
  const hooks = Promise.resolve(app.close());
  const servers = serversOf(app.server);
  const closed = Promise.all(servers.map((server) => closingOf(server).within(grace)));
  let timer: Timer | undefined;
  const overdue = new Promise<void>((resolve) => {
    timer = realClock.setTimer(grace, resolve, true);
  });
  try {
    await Promise.race([hooks, overdue]);
    await closed;
  } finally {
    timer?.cancel();
  }
}

/** Where it listens at several addresses, Fastify has a server for each, with the same listener. */
function serversOf(server: Server): Server[] {
  const [listener] = server.listeners('request');
  const others = Array.from(serversInUse()).filter(
    (other) =>
      other !== server && listener !== undefined && other.listeners('request')[0] === listener,
  );
  return [server, ...others];
}
