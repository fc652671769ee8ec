/** The parts that `GREENFIBER_FAULT` makes fail. */
type Part = 'intl' | 'calibration' | 'self-test' | 'locker' | 'wasm-stacks';

/** Whether a part is to fail, so that tests see what happens then. In shape_maps.cc there is one more: shape-key. */
export function hasFault(part: Part): boolean {
  return (process.env['GREENFIBER_FAULT'] ?? '').split(',').includes(part);
}
