/** How many fibers a test of scale has, a power of ten at best: `npm run test:scale` sets a million. */
export const many = Number(process.env['GREENFIBER_SCALE'] ?? 20_000);

/** Milliseconds that such a test may take. */
export const soak = 300_000 + many;
