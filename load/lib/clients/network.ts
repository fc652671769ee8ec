import type { Clock } from 'greenfiber/lowlevel';

import type { Network } from '../network-options';
import { Answers } from './answers';
import { Connector } from './connect';
import { Http1Wire } from './http1-wire';
import { Http2Wire } from './http2-wire';
import type { Means, Transport, Wire } from './transport';

/** Requests that go out over the network. */
export class NetworkTransport implements Transport {
  readonly #httpVersion: Network['httpVersion'];
  readonly #means: Means;
  /** Origins that were free to choose, and chose HTTP/1.1. */
  readonly #choseHttp1 = new Set<string>();

  constructor(network: Network, clock: Clock) {
    this.#httpVersion = network.httpVersion;
    this.#means = { connector: new Connector(network), clock, answers: new Answers() };
  }

  wire(origin: string): Wire {
    switch (this.#httpVersion) {
      case '1.1':
        return new Http1Wire(origin, this.#means);
      case '2':
        return new Http2Wire(origin, this.#means);
      case 'auto': {
        // In clear text nothing is negotiated.
        const isHttp1 = origin.startsWith('http:') || this.#choseHttp1.has(origin);
        if (isHttp1) return new Http1Wire(origin, this.#means);
        return new Http2Wire(origin, this.#means, () => this.#choseHttp1.add(origin));
      }
    }
  }
}
