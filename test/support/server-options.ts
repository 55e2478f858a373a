import type { Certificate } from './certificates.js';

/** Options of the test servers. */
export interface ServerOptions {
  /** Speaks TLS with this certificate; plaintext without it. */
  readonly tls?: Certificate;
  /** Whether a request with this Authorization header is accepted; without it every request is. */
  readonly authorize?: (authorization: string | undefined) => boolean;
}
