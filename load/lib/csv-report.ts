import { intervalFigures, seriesFigures } from './figures';
import type { Summary } from './summary';

/** A field as RFC 4180 has it. */
const field = (value: string | number): string => {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/**
 * Results as CSV, a figure on each row, so that all kinds of them have the same columns: of every interval, under the time
 * at which it ended in seconds from the start, and of every metric, by its tags.
 */
export function csvReport({ results, registry }: Summary): string {
  const rows: (string | number)[][] = [['kind', 'at', 'name', 'tags', 'figure', 'unit', 'value']];
  for (const point of results.points) {
    for (const [figure, value] of Object.entries(intervalFigures(point))) {
      if (figure === 'at') continue;
      const unit = /^latency_(?!count)/.test(figure) ? 'ms' : figure === 'bytes' ? 'bytes' : '';
      rows.push(['interval', point.at, '', '', figure, unit, value]);
    }
  }
  for (const metric of registry.sorted()) {
    for (const series of metric.series.values()) {
      const tags = Object.entries(series.tags).map(([name, value]) => `${name}=${value}`);
      for (const [figure, value] of Object.entries(seriesFigures(series))) {
        const unit = figure === 'count' && metric.type === 'trend' ? '' : metric.unit;
        rows.push(['metric', '', metric.name, tags.join(';'), figure, unit, value]);
      }
    }
  }
  return `${rows.map((row) => row.map(field).join(',')).join('\r\n')}\r\n`;
}
