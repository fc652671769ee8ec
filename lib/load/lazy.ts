/** Libraries that are loaded when the first one needs them: `require('greenfiber/load')` stays light. */
export const lazily = {
  hdr: (): typeof import('hdr-histogram-js') => require('hdr-histogram-js'),
  undici: (): typeof import('undici') => require('undici'),
  ws: (): typeof import('ws') => require('ws'),
  jiti: (): typeof import('jiti') => require('jiti'),
  prometheus: (): typeof import('prom-client') => require('prom-client'),
};
