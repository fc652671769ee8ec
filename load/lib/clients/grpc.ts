import type { Client, Metadata, MethodDefinition } from '@grpc/grpc-js';

import { FiberError } from 'greenfiber';
import { checkObject, messageOf, wrongType, wrongValue } from 'greenfiber/lowlevel';

import { lazily } from '../lazy';
import { checkTarget } from '../plan';
import { checkTags, type Tags } from '../registry';
import { tagsOf, vu, type VirtualUser } from '../vu';
import { GrpcStream, type GrpcResponse } from './grpc-stream';
import { headerMap, type RequestHeaders } from './headers';
import { checkTimeout } from './request';

export interface GrpcLoadOptions {
  /** Where calls go, `http://host:port`, or `https:` for TLS. Default: the run's target. */
  target?: string;
  /** Where imports of the files are looked for. */
  includeDirs?: readonly string[];
}

export interface GrpcCallOptions {
  /** Metadata; the values of names that end in `-bin` are base64. */
  metadata?: RequestHeaders;
  /** How long all of it may take, `"500ms"` or milliseconds; default: the run's for `invoke`, and any for streams. */
  timeout?: number | string;
  /** What it is counted under, as the tag `name`; default: none. */
  name?: string;
  tags?: Tags;
}

type Method = MethodDefinition<unknown, unknown>;

/** Services of .proto files; made by `grpc.load`. */
export class GrpcApi {
  readonly #target: string | undefined;
  readonly #methods: ReadonlyMap<string, Method>;

  /** @internal */
  constructor(methods: ReadonlyMap<string, Method>, target: string | undefined) {
    this.#methods = methods;
    this.#target = target;
  }

  /**
   * Calls a method that is asked once and answers once, and sleeps until it has. A failure is an answer, with its status.
   *
   * @param method - `package.Service/Method`
   * @throws {@link FiberError} `ERR_LOAD_NO_USER`, `ERR_LOAD_NO_TARGET`, `ERR_FIBER_INVALID_ARG_TYPE`,
   * `ERR_FIBER_INVALID_ARG_VALUE` for a method that there is not, or that streams, and a message that is not of its type;
   * the reason of a cancelled scope
   */
  invoke(method: string, message: unknown = {}, options: GrpcCallOptions = {}): GrpcResponse {
    const user = vu();
    const found = this.#find(method);
    if (found.requestStream || found.responseStream)
      throw wrongValue('method', 'one that does not stream: see stream()', method);
    const { timeout = user.context.plan.timeout } = options;
    const call = this.#call(user, found, { ...options, timeout });
    try {
      call.send(message);
      return call.finish();
    } catch (error) {
      call.destroy();
      throw error;
    }
  }

  /**
   * Begins a call of a method that streams, in either direction or both. It is cancelled at the end of the iteration, if it
   * has not ended before.
   *
   * @throws as {@link invoke}
   */
  stream(method: string, options: GrpcCallOptions = {}): GrpcStream {
    const user = vu();
    const found = this.#find(method);
    if (!found.requestStream && !found.responseStream)
      throw wrongValue('method', 'one that streams: see invoke()', method);
    const stream = this.#call(user, found, options);
    user.open.push(stream);
    return stream;
  }

  #find(method: unknown): Method {
    if (typeof method !== 'string') throw wrongType('method', 'a string', method);
    const found = this.#methods.get(method.replace(/^\//, ''));
    if (found !== undefined) return found;
    const all = [...this.#methods.keys()].join(', ');
    throw wrongValue('method', `one that there is: ${all}`, method);
  }

  #call(user: VirtualUser, method: Method, options: GrpcCallOptions): GrpcStream {
    checkObject('options', options);
    const { timeout, tags, name } = options;
    const [service = '', own = ''] = method.path.slice(1).split('/');
    const all = {
      ...tagsOf(user),
      ...(tags && checkTags('options.tags', tags)),
      ...(name !== undefined && { name }),
      service,
      method: own,
    };
    const ms = timeout === undefined ? Infinity : checkTimeout('options.timeout', timeout);
    const metadata = metadataOf(options.metadata ?? {});
    const client = this.#client(user);
    const call = client.makeBidiStreamRequest(
      method.path,
      (bytes: Buffer) => bytes, // made where it is sent, so that what is wrong with it is thrown there
      method.responseDeserialize,
      metadata,
      ms === Infinity ? {} : { deadline: Date.now() + ms },
    );
    return new GrpcStream(user, call, method, all);
  }

  /** A connection of the user's own, kept open. */
  #client(user: VirtualUser): Client {
    const { plan } = user.context;
    const target = this.#target ?? plan.target;
    if (target === undefined) {
      throw new FiberError(
        'ERR_LOAD_NO_TARGET',
        'No target was named: run with --target URL, or name one in grpc.load',
      );
    }
    return user.keep(this, () => {
      const { Client: Made, credentials } = lazily.grpc();
      const { protocol, hostname, port } = checkTarget('target', target);
      const isSecure = protocol === 'https:';
      const { tls, insecure, unixSocket } = plan.network;
      const bytes = (text?: string): Buffer | null =>
        text === undefined ? null : Buffer.from(text);
      const secured = isSecure
        ? credentials.createSsl(bytes(tls.ca), bytes(tls.key), bytes(tls.cert), {
            rejectUnauthorized: !insecure,
          })
        : credentials.createInsecure();
      const address =
        unixSocket === undefined
          ? `${hostname}:${port || (isSecure ? '443' : '80')}`
          : `unix:${unixSocket}`;
      const client = new Made(address, secured, {
        'grpc.use_local_subchannel_pool': 1,
        'grpc.enable_http_proxy': 0, // none is taken from the environment
        'grpc.enable_retries': 0,
        'grpc.max_receive_message_length': -1,
      });
      return Object.assign(client, {
        destroy: () => {
          client.close();
        },
      });
    });
  }
}

function metadataOf(given: RequestHeaders): Metadata {
  const { Metadata: Made } = lazily.grpc();
  const metadata = new Made();
  for (const [name, [, values]] of headerMap('options.metadata', given)) {
    for (const value of values)
      metadata.add(name, name.endsWith('-bin') ? Buffer.from(value, 'base64') : value);
  }
  return metadata;
}

/** gRPC in blocking style, over the packages `@grpc/grpc-js` and `@grpc/proto-loader`, which its users install. */
export const grpc = {
  /**
   * Loads .proto files, where a scenario is loaded. Field names are in camel case; 64-bit integers and enums are text, and
   * fields that were not sent have their defaults.
   *
   * @throws {@link FiberError} `ERR_LOAD_PACKAGE`, `ERR_LOAD_DATA` for files that cannot be read,
   * `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE`
   */
  load(files: string | readonly string[], options: GrpcLoadOptions = {}): GrpcApi {
    checkObject('options', options);
    const { target, includeDirs } = options;
    if (target !== undefined) checkTarget('options.target', target);
    lazily.grpc();
    const { loadSync } = lazily.protoLoader();
    let services;
    try {
      services = loadSync([files].flat(), {
        longs: String,
        enums: String,
        defaults: true,
        oneofs: true,
        ...(includeDirs && { includeDirs: [...includeDirs] }),
      });
    } catch (cause) {
      throw new FiberError(
        'ERR_LOAD_DATA',
        `The .proto files could not be loaded: ${messageOf(cause)}`,
        { cause },
      );
    }
    const methods = new Map<string, Method>();
    for (const definition of Object.values(services)) {
      if ('format' in definition) continue; // a type
      for (const method of Object.values(definition))
        methods.set(method.path.slice(1), method as Method);
    }
    return new GrpcApi(methods, target);
  },
};
