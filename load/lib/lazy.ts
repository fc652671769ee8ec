import type * as Hdr from 'hdr-histogram-js';
import type * as Jiti from 'jiti';
import type * as Prometheus from 'prom-client';
import type * as Ws from 'ws';

/** Libraries that are loaded when the first one needs them: `require('greenfiber/load')` stays light. */
export const lazily = {
  hdr: (): typeof Hdr => require('hdr-histogram-js') as typeof Hdr,
  jiti: (): typeof Jiti => require('jiti') as typeof Jiti,
  prometheus: (): typeof Prometheus => require('prom-client') as typeof Prometheus,
  ws: (): typeof Ws => require('ws') as typeof Ws,
};
