import { readFileSync } from 'node:fs';

import { FiberError } from 'greenfiber';
import { messageOf } from 'greenfiber/lowlevel';

/** A request of a recording, as a scenario sends it. */
export interface RecordedRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Text; undefined where there is none. */
  readonly body: string | undefined;
  /** Milliseconds from the beginning of the recording. */
  readonly at: number;
  /** How long it took. */
  readonly took: number;
  readonly status: number;
  readonly page: string | undefined;
}

/** What of the format (HTTP Archive 1.2) is read. */
interface Har {
  readonly log?: {
    readonly pages?: readonly { readonly id?: string; readonly title?: string }[];
    readonly entries?: readonly Entry[];
  };
}

interface Entry {
  readonly startedDateTime?: string;
  readonly time?: number;
  readonly pageref?: string;
  readonly request?: {
    readonly method?: string;
    readonly url?: string;
    readonly headers?: readonly { readonly name: string; readonly value: string }[];
    readonly postData?: {
      readonly text?: string;
      readonly params?: readonly { readonly name: string; readonly value?: string }[];
    };
  };
  readonly response?: { readonly status?: number };
}

/** What the client says itself, or what belongs to the browser's connection and cache. */
const OWN_HEADERS =
  /^(?::.*|host|connection|content-length|accept-encoding|transfer-encoding|te|trailer|upgrade|keep-alive|proxy-.*|cookie|if-(?:none-match|modified-since)|sec-.*|dnt|pragma|cache-control|user-agent|upgrade-insecure-requests|priority)$/i;
/** What a browser fetches for its eyes. */
const ASSET =
  /\.(?:css|m?js|map|png|jpe?g|gif|svg|webp|avif|ico|woff2?|ttf|otf|eot|mp4|webm|mp3)$/i;

export interface HarOptions {
  /** Whether pictures, scripts, styles and fonts are asked for, too. */
  readonly assets: boolean;
  /** Hosts whose requests are kept; none: those of the first request. */
  readonly hosts: readonly string[];
}

/**
 * Reads a recording of a browser (an HTTP Archive).
 *
 * @throws {@link FiberError} `ERR_LOAD_DATA`, which names the file and the entry
 */
export function readHar(file: string, { assets, hosts }: HarOptions): RecordedRequest[] {
  let har: Har | null;
  try {
    har = JSON.parse(readFileSync(file, 'utf8')) as Har | null;
  } catch (cause) {
    throw new FiberError('ERR_LOAD_DATA', `${file} could not be read: ${messageOf(cause)}`, {
      cause,
    });
  }
  const { entries, pages = [] } = har?.log ?? {};
  if (!Array.isArray(entries)) {
    throw new FiberError('ERR_LOAD_DATA', `${file} is no HTTP Archive: it has no log.entries`);
  }
  const titles = new Map(pages.map(({ id, title }) => [id, title]));
  const all = (entries as readonly Entry[]).map((entry, index) =>
    recorded(entry, `${file}: log.entries[${String(index)}]`, titles),
  );
  const first = Math.min(...all.map(({ at }) => at));
  const kept = hosts.length > 0 ? hosts : all.slice(0, 1).map(({ url }) => url.host);
  const requests = all
    .filter(({ url, method }) => /^https?:$/.test(url.protocol) && method !== 'CONNECT')
    .filter(({ url }) => kept.includes(url.host) || kept.includes(url.hostname))
    .filter(({ url }) => assets || !ASSET.test(url.pathname))
    .map((request) => ({ ...request, at: request.at - first }))
    .sort((a, b) => a.at - b.at);
  if (requests.length > 0) return requests;
  const there = [...new Set(all.map(({ url }) => url.host))].join(', ') || 'none';
  throw new FiberError(
    'ERR_LOAD_DATA',
    `${file}: no request is left of ${String(all.length)}; see --assets and --host (hosts: ${there})`,
  );
}

function recorded(
  entry: Entry,
  where: string,
  titles: ReadonlyMap<string | undefined, string | undefined>,
): RecordedRequest {
  const { request, startedDateTime = '', time = 0, pageref, response } = entry;
  const { method = 'GET', url = '', headers = [], postData } = request ?? {};
  const at = Date.parse(startedDateTime);
  if (!URL.canParse(url)) throw new FiberError('ERR_LOAD_DATA', `${where}: its URL is none`);
  if (Number.isNaN(at)) {
    throw new FiberError('ERR_LOAD_DATA', `${where}: startedDateTime is no date`);
  }
  const kept = headers.filter(({ name }) => !OWN_HEADERS.test(name));
  const form = postData?.params?.map(({ name, value = '' }): [string, string] => [name, value]);
  const hasForm = form !== undefined && form.length > 0;
  const body = postData?.text ?? (hasForm ? new URLSearchParams(form).toString() : undefined);
  return {
    method: method.toUpperCase(),
    url: new URL(url),
    headers: Object.fromEntries(kept.map(({ name, value }) => [name.toLowerCase(), value])),
    body: body === '' ? undefined : body,
    at,
    took: Math.max(0, time),
    status: response?.status ?? 0,
    page: titles.get(pageref) ?? pageref,
  };
}
