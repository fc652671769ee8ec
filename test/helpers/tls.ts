import type { TlsOptions } from 'node:tls';

// A key that both sides know: there is no certificate that could expire.
const psk = Buffer.alloc(32, 'greenfiber');
const both = { ciphers: 'PSK+HIGH', maxVersion: 'TLSv1.2' } as const;

/** For a server of TLS on the loopback address. */
export const tlsServer: TlsOptions = { ...both, pskCallback: () => psk };

/** For its clients. */
export const tlsClient = {
  ...both,
  host: '127.0.0.1',
  pskCallback: () => ({ psk, identity: 'test' }),
  checkServerIdentity: () => undefined,
};
