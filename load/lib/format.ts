/** Figures as people read them. */

/** `1.23 ms`, `4.56 s`: three digits. */
export function duration(ms: number): string {
  if (ms < 0.9995) return `${digits(ms * 1000)} µs`;
  if (ms < 999.5) return `${digits(ms)} ms`;
  return ms < 60_000 ? `${digits(ms / 1000)} s` : `${digits(ms / 60_000)} min`;
}

/** `1.5 MB`. */
export function bytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = count;
  let unit = 0;
  for (; value >= 999.5 && unit < units.length - 1; unit++) value /= 1000;
  return `${unit === 0 ? whole(count) : digits(value)} ${units[unit] ?? ''}`;
}

/** `12,345`. */
export function whole(count: number): string {
  return Math.round(count).toLocaleString('en-US');
}

/** `5,000/s`. */
export function rate(count: number, seconds: number): string {
  const each = seconds > 0 ? count / seconds : 0;
  return `${each < 100 ? digits(each) : whole(each)}/s`;
}

/** `99.9%`. */
export function percent(share: number): string {
  return `${String(Number((share * 100).toFixed(2)))}%`;
}

/** With a unit of a metric's. */
export function inUnit(value: number, unit: string): string {
  if (unit === 'ms') return duration(value);
  if (unit === 'bytes') return bytes(value);
  return unit === '' ? digits(value) : `${digits(value)} ${unit}`;
}

function digits(value: number): string {
  return value >= 999.5 ? whole(value) : String(Number(value.toPrecision(3)));
}
