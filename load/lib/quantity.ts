import { wrongType, wrongValue } from 'greenfiber/lowlevel';

const MILLISECONDS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/**
 * Milliseconds of a duration: a number of milliseconds, or text such as `500ms`, `30s`, `1m30s`, `2h`.
 *
 * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE`
 */
export function milliseconds(name: string, value: unknown): number {
  const wanted = 'a duration such as "500ms", "30s" or "1m30s", or a number of milliseconds';
  if (typeof value === 'number') {
    if (value >= 0 && Number.isFinite(value)) return value;
    throw wrongValue(name, wanted, value);
  }
  if (typeof value !== 'string') throw wrongType(name, wanted, value);
  if (!/^(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$/.test(value)) throw wrongValue(name, wanted, value);
  let total = 0;
  for (const [, number = '', unit = ''] of value.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)) {
    total += Number(number) * (MILLISECONDS[unit] ?? 0);
  }
  return total;
}

/**
 * How many a second: a number, or text such as `5000/s`, `300/m`, `10/h`.
 *
 * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE`
 */
export function perSecond(name: string, value: unknown): number {
  const wanted = 'a rate such as "5000/s" or "300/m", or a number a second';
  if (typeof value === 'number') {
    if (value >= 0 && Number.isFinite(value)) return value;
    throw wrongValue(name, wanted, value);
  }
  if (typeof value !== 'string') throw wrongType(name, wanted, value);
  const match = /^(\d+(?:\.\d+)?)(?:\/(s|m|h))?$/.exec(value);
  if (match === null) throw wrongValue(name, wanted, value);
  const [, number, unit = 's'] = match;
  return (Number(number) * 1000) / (MILLISECONDS[unit] ?? 1000);
}
