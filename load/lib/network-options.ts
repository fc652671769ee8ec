import { readFileSync } from 'node:fs';

import { checkObject, messageOf, wrongType, wrongValue } from 'greenfiber/lowlevel';

import { lazily } from './lazy';
import { nearest, type Problems } from './problems';

/** What the client shows, and whom it believes: each a file, or the PEM itself. */
export interface TlsOptions {
  /** The client's certificate, with those that vouch for it. */
  cert?: string;
  /** Its private key. */
  key?: string;
  /** Of the key, if it is encrypted. */
  passphrase?: string;
  /** Who vouches for servers, in place of those that Node knows. */
  ca?: string;
}

export type HttpVersion = '1.1' | '2' | 'auto';

/** How requests reach their targets. */
export interface NetworkOptions {
  /** Whether TLS certificates are not verified. Default false. */
  insecure?: boolean;
  /** Certificates, for HTTP, WebSockets and `tls.connect`. */
  tls?: TlsOptions;
  /**
   * The version of HTTP: `1.1`; `2`, which servers of `https:` have to agree to in the handshake (ALPN), and is spoken to
   * those of `http:` without asking (h2c, with prior knowledge); `auto`, whichever a server of `https:` prefers, and 1.1
   * elsewhere. Default `1.1`.
   */
  httpVersion?: HttpVersion;
  /**
   * How many redirects of a request are followed, each as a request of its own in the results. Beyond these, a redirect is the
   * answer. Default 0.
   */
  redirects?: number;
  /**
   * Whether users keep cookies, from one iteration to the next, and send them where they belong. A header `Cookie` of a
   * request stands in for them. Default false.
   */
  cookies?: boolean;
  /** The path of a Unix domain socket that all HTTP goes over, whatever host its URL names. */
  unixSocket?: string;
  /**
   * A proxy for all HTTP, such as `http://user:password@127.0.0.1:3128`; none is ever taken from the environment. With
   * `socks5://`, or `socks5h://`, which has the proxy look names up, through the package `socks`.
   */
  proxy?: string;
}

/** The same, checked, with what the files contain. */
export interface Network {
  readonly insecure: boolean;
  readonly tls: Readonly<TlsOptions>;
  readonly httpVersion: HttpVersion;
  readonly redirects: number;
  readonly cookies: boolean;
  readonly unixSocket: string | undefined;
  readonly proxy: Proxy | undefined;
}

export interface Proxy {
  /** `socks5h` has the proxy look names up. */
  readonly protocol: 'http' | 'socks5' | 'socks5h';
  readonly host: string;
  readonly port: number;
  /** The value of `Proxy-Authorization`. */
  readonly authorization: string | undefined;
  readonly user: { readonly name: string; readonly password: string } | undefined;
}

export const NETWORK_OPTIONS: readonly string[] = Object.keys({
  insecure: true,
  tls: true,
  httpVersion: true,
  redirects: true,
  cookies: true,
  unixSocket: true,
  proxy: true,
} satisfies Record<keyof NetworkOptions, true>);

const HTTP_VERSIONS: readonly HttpVersion[] = ['1.1', '2', 'auto'];

const TLS_OPTIONS: readonly string[] = Object.keys({
  cert: true,
  key: true,
  passphrase: true,
  ca: true,
} satisfies Record<keyof TlsOptions, true>);

/** @param problems - told of what is wrong: {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE` */
export function checkNetwork(options: NetworkOptions, problems: Problems): Network {
  const { insecure = false, httpVersion = '1.1', cookies = false, unixSocket, proxy } = options;
  problems.try(() => {
    if (typeof insecure !== 'boolean') throw wrongType('options.insecure', 'a boolean', insecure);
  });
  problems.try(() => {
    if (!HTTP_VERSIONS.includes(httpVersion))
      throw wrongValue('options.httpVersion', '"1.1", "2" or "auto"', httpVersion);
  });
  problems.try(() => {
    if (typeof cookies !== 'boolean') throw wrongType('options.cookies', 'a boolean', cookies);
  });
  problems.try(() => {
    if (unixSocket === undefined) return;
    if (typeof (unixSocket as unknown) !== 'string')
      throw wrongType('options.unixSocket', 'a path', unixSocket);
    if (unixSocket === '') throw wrongValue('options.unixSocket', 'a path', unixSocket);
    if (proxy !== undefined)
      throw wrongValue('options.unixSocket', 'left out when there is a proxy', unixSocket);
  });
  return {
    insecure,
    tls: problems.try(() => checkTls(options.tls ?? {})) ?? {},
    httpVersion,
    redirects: problems.try(() => checkRedirects('options.redirects', options.redirects ?? 0)) ?? 0,
    cookies,
    unixSocket,
    proxy: problems.try(() => checkProxy(proxy)),
  };
}

/** A number of redirects. */
export function checkRedirects(name: string, value: unknown): number {
  if (typeof value !== 'number') throw wrongType(name, 'a number', value);
  if (!Number.isSafeInteger(value) || value < 0)
    throw wrongValue(name, 'a whole number from 0', value);
  return value;
}

function checkTls(options: TlsOptions): TlsOptions {
  checkObject('options.tls', options);
  const unknown = Object.keys(options).find((name) => !TLS_OPTIONS.includes(name));
  if (unknown !== undefined) {
    const wanted = `left out: there is no such option${nearest(unknown, TLS_OPTIONS)}`;
    throw wrongValue(`options.tls.${unknown}`, wanted, unknown);
  }
  const { passphrase, cert, key, ca } = options;
  if (passphrase !== undefined && typeof (passphrase as unknown) !== 'string')
    throw wrongType('options.tls.passphrase', 'a string', passphrase);
  if ((cert === undefined) !== (key === undefined)) {
    const missing = cert === undefined ? 'cert' : 'key';
    throw wrongValue(`options.tls.${missing}`, 'given: a certificate and its key', undefined);
  }
  const files = Object.entries({ cert, key, ca }).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, pemOf(`options.tls.${name}`, value)]],
  );
  return {
    ...(Object.fromEntries(files) as TlsOptions),
    ...(passphrase !== undefined && { passphrase }),
  };
}

function pemOf(where: string, value: unknown): string {
  if (typeof value !== 'string') throw wrongType(where, 'a file, or PEM', value);
  if (value.includes('-----BEGIN')) return value;
  let text: string;
  try {
    text = readFileSync(value, 'utf8');
  } catch (error) {
    throw wrongValue(where, `a file that can be read (${messageOf(error)})`, value);
  }
  if (!text.includes('-----BEGIN')) throw wrongValue(where, 'a file with PEM in it', value);
  return text;
}

function checkProxy(value: unknown): Proxy | undefined {
  if (value === undefined) return undefined;
  const wanted =
    'the URL of a proxy, such as "http://127.0.0.1:3128" or "socks5h://127.0.0.1:1080"';
  if (typeof value !== 'string') throw wrongType('options.proxy', wanted, value);
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const protocol = PROXIES.find((each) => url?.protocol === `${each}:`);
  if (url === undefined || protocol === undefined || !isPlain(url)) {
    throw wrongValue('options.proxy', wanted, value.replace(/\/\/[^/@]*@/, '//'));
  }
  if (protocol !== 'http') lazily.socks(); // told before the run if it is missing
  const { hostname, port, username, password } = url;
  const user = { name: decodeURIComponent(username), password: decodeURIComponent(password) };
  const isNamed = username !== '' || password !== '';
  const pair = `${user.name}:${user.password}`;
  return {
    protocol,
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(port || (protocol === 'http' ? 80 : 1080)),
    authorization: isNamed ? `Basic ${Buffer.from(pair).toString('base64')}` : undefined,
    user: isNamed ? user : undefined,
  };
}

const PROXIES: readonly Proxy['protocol'][] = ['http', 'socks5', 'socks5h'];

/** Whether it names a host alone. */
const isPlain = ({ hostname, pathname, search }: URL): boolean =>
  hostname !== '' && pathname.length < 2 && search === '';
