// For Node 14's --experimental-loader: programs that import greenfiber get node-fibers in its place.
const adapter = new URL('adapter.mjs', import.meta.url).href;

export function resolve(specifier, context, defaultResolve) {
  return specifier === 'greenfiber'
    ? { url: adapter }
    : defaultResolve(specifier, context, defaultResolve);
}
