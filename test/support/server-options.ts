import type { Certificate } from './certificates.js';

/** How a server of the tests lets others in. */
export interface ServerOptions {
  /** Speaks TLS with this certificate; plaintext without it. */
  readonly tls?: Certificate;
  /** Whether a request with this Authorization header is let in; without it everybody is. */
  readonly authorize?: (authorization: string | undefined) => boolean;
}
