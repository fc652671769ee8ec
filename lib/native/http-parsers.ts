import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createRequire } from 'node:module';

/**
 * Node gives the parser of a closed connection to the next connection at once, or deletes it in the next turn of the event
 * loop, when whoever it had called must have returned. A fiber that sleeps in a handler below the parser has not: it would
 * go on to parse its connection's bytes into another's request, or in memory that is gone. So a parser is kept until it
 * has returned.
 *
 * That concerns connections that are pushed from JavaScript in a fiber; those of sockets are read on the main stack.
 */
export function keepHttpParsers(): void {
  if (isHttpLoaded()) {
    keep();
    return;
  }
  // Published before the first handler that a parser could call.
  const onFirst = (): void => {
    for (const channel of CHANNELS) unsubscribe(channel, onFirst);
    keep();
  };
  for (const channel of CHANNELS) subscribe(channel, onFirst);
}

const CHANNELS = ['http.server.request.start', 'http.client.request.start'];

/** Milliseconds until a parser is tried again that a fiber was asleep in. */
const RETRY = 1000;

/** Answered for the head of a message, makes a parser leave the rest of its input alone. */
const SKIP_THE_REST = 2;

interface Parser {
  /** What is being parsed; empty when nothing is. */
  getCurrentBuffer(): Uint8Array | undefined;
  close(): void;
  onIncoming: unknown;
}

interface HttpCommon {
  parsers: { free(parser: Parser): boolean };
  HTTPParser: { prototype: Parser };
}

function isHttpLoaded(): boolean {
  const { moduleLoadList } = process as { moduleLoadList?: string[] };
  return moduleLoadList?.includes('NativeModule _http_common') ?? false;
}

function keep(): void {
  const { parsers, HTTPParser } = createRequire(process.execPath)(
    'node:_http_common',
  ) as HttpCommon;
  const free = parsers.free.bind(parsers);
  parsers.free = (parser) => {
    if (!isParsing(parser)) return free(parser);
    parser.onIncoming = () => SKIP_THE_REST;
    return false; // so Node closes it
  };

  const { close } = HTTPParser.prototype;
  HTTPParser.prototype.close = function (this: Parser) {
    if (!isParsing(this)) {
      close.call(this);
      return;
    }
    const again = (): void => {
      this.close();
    };
    setTimeout(again, RETRY).unref();
  };
}

function isParsing(parser: Parser): boolean {
  return (parser.getCurrentBuffer()?.length ?? 0) > 0;
}
