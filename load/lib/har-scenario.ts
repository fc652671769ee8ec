import type { RecordedRequest } from './har';

/** Shorter pauses between two requests were the browser's own, in milliseconds. */
const THINKING = 200;
/** Parts of a path that differ each time: numbers, UUIDs, long hexadecimal names. */
const VARIABLE = /^(?:\d+|[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}|[\da-f]{16,})$/i;

/** JavaScript for a value. Line separators are no part of a line of code. */
const literal = (value: unknown): string =>
  JSON.stringify(value, null, 2)
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029')
    .replaceAll('\n', '\n  ');

/**
 * A scenario that does again what was recorded: the requests one after the other, with the pauses between them, those of a
 * page tagged with it, and the status of each checked. A URL that has variable parts is counted under one name.
 */
export function harScenario(requests: readonly RecordedRequest[], from: string): string {
  const [first] = requests;
  const origin = first?.url.origin ?? '';
  const pages = new Map<string | undefined, RecordedRequest[]>();
  for (const request of requests) {
    // One after the other: a page that comes again is a step of its own only by its requests.
    pages.set(request.page, [...(pages.get(request.page) ?? []), request]);
  }
  const imports = ['check', 'http', 'sleep', ...(hasPages(pages) ? ['tagged'] : [])];
  let before: RecordedRequest | undefined;
  const steps = [...pages].map(([page, all]) => {
    const lines = all.flatMap((request) => {
      const pause = before === undefined ? 0 : request.at - before.at - before.took;
      before = request;
      const wait = pause >= THINKING ? [`sleep(${String(Math.round(pause))});`] : [];
      return [...wait, ...requestLines(request, origin)];
    });
    if (page === undefined) return lines.map((line) => `  ${line}`);
    return [
      `  tagged({ page: ${literal(page)} }, () => {`,
      ...lines.map((line) => `    ${line}`),
      '  });',
    ];
  });
  return `// Made from ${from.replaceAll(/[\r\n\u2028\u2029]/g, ' ')}: ${String(requests.length)} requests to ${origin} and others.
// Run it with: greenfiber load FILE --vus 10 --duration 30s --target ${origin}
// Cookies are not in it, and no value of an answer is used in a later request: see to logins and tokens yourself.
import { ${imports.join(', ')}, type LoadOptions } from 'greenfiber-load';

export const options: LoadOptions = {
  target: ${literal(origin)},
  thresholds: { checks: 'rate>0.99' },
};

export default function (): void {
${steps.flat().join('\n')}
}
`;
}

const hasPages = (pages: ReadonlyMap<string | undefined, unknown>): boolean =>
  [...pages.keys()].some((page) => page !== undefined);

function requestLines(request: RecordedRequest, origin: string): string[] {
  const { method, url, headers, body, status } = request;
  const path = url.pathname + url.search;
  const address = url.origin === origin ? path : url.origin + path;
  const name = nameOf(request, origin);
  const options = {
    ...(name !== address && { name }),
    ...(Object.keys(headers).length > 0 && { headers }),
    ...(body !== undefined && { body }),
  };
  const more = Object.keys(options).length === 0 ? '' : `, ${literal(options)}`;
  const call = `http.request(${literal(method)}, ${literal(address)}${more})`;
  if (status === 0) return [`${call};`]; // it was never answered
  const named = `'${method} ${name.replaceAll(/['\\]/g, '\\$&')} is ${String(status)}'`;
  return [
    `check(${call}, {`,
    `  ${named}: (answer) => answer.status === ${String(status)},`,
    '});',
  ];
}

function nameOf({ url }: RecordedRequest, origin: string): string {
  const path = url.pathname.split('/').map((part) => (VARIABLE.test(part) ? '{id}' : part));
  return `${url.origin === origin ? '' : url.origin}${path.join('/')}`;
}
