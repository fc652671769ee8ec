import type * as Grpc from '@grpc/grpc-js';
import type * as ProtoLoader from '@grpc/proto-loader';
import type * as Hdr from 'hdr-histogram-js';
import type * as Jiti from 'jiti';
import type * as Prometheus from 'prom-client';
import type * as Socks from 'socks';
import type * as ToughCookie from 'tough-cookie';
import type * as Ws from 'ws';

import { FiberError } from 'greenfiber';

/** Libraries that are loaded when the first one needs them: `require('greenfiber/load')` stays light. */
export const lazily = {
  grpc: (): typeof Grpc =>
    optional('@grpc/grpc-js', 'gRPC', () => require('@grpc/grpc-js') as typeof Grpc),
  protoLoader: (): typeof ProtoLoader =>
    optional(
      '@grpc/proto-loader',
      'gRPC',
      () => require('@grpc/proto-loader') as typeof ProtoLoader,
    ),
  hdr: (): typeof Hdr => require('hdr-histogram-js') as typeof Hdr,
  jiti: (): typeof Jiti => require('jiti') as typeof Jiti,
  prometheus: (): typeof Prometheus => require('prom-client') as typeof Prometheus,
  socks: (): typeof Socks =>
    optional('socks', 'a SOCKS proxy', () => require('socks') as typeof Socks),
  cookies: (): typeof ToughCookie => require('tough-cookie') as typeof ToughCookie,
  ws: (): typeof Ws => require('ws') as typeof Ws,
};

/** One that its users install themselves. */
function optional<T>(name: string, purpose: string, load: () => T): T {
  try {
    return load();
  } catch (cause) {
    throw new FiberError(
      'ERR_LOAD_PACKAGE',
      `${purpose} needs the package ${name}, which cannot be loaded: npm install ${name}`,
      { cause },
    );
  }
}
