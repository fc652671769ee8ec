import { isError } from 'greenfiber/lowlevel';

/**
 * Why an operation failed, in few words that can be counted: `dns` (the name does not resolve), `refused`, `reset`
 * (cut off after it was open), `timeout`, `tls` (certificate or handshake), `protocol` (the peer does not speak it),
 * `unreachable`, `local` (this machine ran out of ports, descriptors or memory: the load generator's own limit),
 * `exception` (anything else: a scenario's own mistakes, say).
 */
export type FailureKind =
  | 'dns'
  | 'refused'
  | 'reset'
  | 'timeout'
  | 'tls'
  | 'protocol'
  | 'unreachable'
  | 'local'
  | 'exception';

const KINDS: readonly (readonly [kind: FailureKind, codes: RegExp])[] = [
  ['dns', /^(ENOTFOUND|EAI_\w+|ENODATA|ESERVFAIL)$/],
  ['refused', /^ECONNREFUSED$/],
  [
    'reset',
    /^(ECONNRESET|EPIPE|ECONNABORTED|UND_ERR_SOCKET|ERR_STREAM_PREMATURE_CLOSE|ERR_STREAM_TRUNCATED|ERR_HTTP2_(?:STREAM_ERROR|STREAM_CANCEL|SESSION_ERROR))$/,
  ],
  ['timeout', /^(ETIMEDOUT|ERR_TIMEOUT|UND_ERR_\w*TIMEOUT)$/],
  ['unreachable', /^(EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ENETDOWN)$/],
  ['local', /^(EMFILE|ENFILE|EADDRNOTAVAIL|EADDRINUSE|ENOBUFS|ENOMEM|ERR_FIBER_OUT_OF_MEMORY)$/],
  [
    'tls',
    /^(ERR_SSL_\w+|ERR_TLS_\w+|EPROTO|CERT_\w+|UNABLE_TO_\w+|DEPTH_ZERO_\w+|SELF_SIGNED_\w+|HOSTNAME_MISMATCH|INVALID_CA)$/,
  ],
  [
    'protocol',
    /^(ERR_HTTP_PROTOCOL|ERR_HTTP2_ERROR|HPE_\w+|UND_ERR_(?:RES\w*|HEADERS_OVERFLOW)|WS_ERR_\w+)$/,
  ],
];

/** The kind of an error, by its code or by that of what caused it. */
export function failureKind(error: unknown): FailureKind {
  for (let each = error; isError(each); each = each.cause) {
    const code = codeOf(each);
    if (/ NGHTTP2_(?:PROTOCOL|FLOW_CONTROL|FRAME_SIZE|COMPRESSION)_ERROR/.test(each.message))
      return 'protocol'; // one code stands for all ends of a stream
    const found = KINDS.find(([, codes]) => codes.test(code));
    if (found !== undefined) return found[0];
    // undici's, and those of ws for a handshake that was answered otherwise or not at all, have no code of their own.
    if (each.name === 'HTTPParserError') return 'protocol';
    if (each.message.startsWith('Unexpected server response')) return 'protocol';
    if (each.message === 'Opening handshake has timed out') return 'timeout';
    // Several addresses were tried: the last one tells.
    if (each instanceof AggregateError && each.errors.length > 0) {
      return failureKind(each.errors.at(-1));
    }
  }
  return 'exception';
}

function codeOf(error: Error): string {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : '';
}

/** What a failure is called in a report: its message, without what differs from one to the next. */
export function failureMessage(error: unknown): string {
  const message = isError(error) ? error.message || codeOf(error) : String(error);
  return message.split('\n', 1)[0]?.slice(0, 200) ?? '';
}
