import { wrongType, wrongValue } from 'greenfiber/lowlevel';

/** Headers as they are given: several values of one name are several lines. */
export type RequestHeaders =
  | Readonly<Record<string, string | number | readonly string[] | undefined>>
  | Iterable<readonly [string, string]>;

/** Names and values in turn, as they go out. */
export type HeaderList = readonly string[];

const TOKEN = /^[!#$%&'*+.^_`|~\w-]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** What only the client itself can say truly, or does not do. */
const REFUSED: Readonly<Record<string, string>> = {
  'transfer-encoding': 'left out: the length of a body is always known',
  upgrade: 'left out: see ws.connect for WebSockets',
  'keep-alive': 'left out: connections are kept open',
};

/**
 * Headers, each name once whatever its case: what comes later replaces what came before.
 *
 * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE` for what no header may be
 */
export function headerMap(where: string, headers: unknown): Map<string, [string, string[]]> {
  if (typeof headers !== 'object' || headers === null) throw wrongType(where, 'an object', headers);
  const all = new Map<string, [string, string[]]>();
  const entries: Iterable<unknown> =
    Symbol.iterator in headers ? (headers as Iterable<unknown>) : Object.entries(headers);
  for (const entry of entries) {
    if (!Array.isArray(entry) || entry.length !== 2) {
      throw wrongType(where, 'an object, or pairs of a name and a value', entry);
    }
    const [name, value] = entry as [unknown, unknown];
    if (value === undefined) continue;
    if (!isMethod(name)) throw wrongValue(`a name in ${where}`, 'a token of HTTP', name);
    const key = name.toLowerCase();
    const refused = REFUSED[key];
    if (refused !== undefined) throw wrongValue(`${where}.${name}`, refused, value);
    all.set(key, [name, [value].flat().map((each) => checkValue(`${where}.${name}`, each))]);
  }
  return all;
}

function checkValue(where: string, value: unknown): string {
  if (typeof value !== 'string' && typeof value !== 'number') {
    throw wrongType(where, 'text, a number, or a list of texts', value);
  }
  const text = String(value).trim();
  if (VALUE.test(text)) return text;
  throw wrongValue(where, 'of visible Latin-1 characters, without line breaks', value);
}

/** Whether it may be a method, or the name of a header. */
export function isMethod(value: unknown): value is string {
  return typeof value === 'string' && TOKEN.test(value);
}

/** As handlers and answers have them: lower-case names, several values joined by commas. */
export function headerRecord(list: HeaderList): Record<string, string> {
  const headers = Object.create(null) as Record<string, string>;
  for (let i = 0; i + 1 < list.length; i += 2) {
    const name = (list[i] ?? '').toLowerCase();
    const value = list[i + 1] ?? '';
    const before = headers[name];
    headers[name] = before === undefined ? value : `${before}, ${value}`;
  }
  return headers;
}
