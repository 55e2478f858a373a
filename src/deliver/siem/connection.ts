/** A connection to a syslog server. It acknowledges nothing: all that was sent has arrived only if it ended in order. */

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls, type SecureContextOptions } from 'node:tls';
import { ShipperError } from '../../lib/errors.js';

export interface SiemPlace {
  readonly to: { readonly isEncrypted: boolean; readonly host: string; readonly port: number };
  /** Files in PEM; they are read again for each connection. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** Milliseconds: to connect, for the peer to take more, and for its end after ours: a slow one still reads what the kernels hold. */
const CONNECT_WITHIN = 10_000;
const STALLED_AFTER = 120_000;
const END_WITHIN = 300_000;
const KEEP_ALIVE = 30_000;

export class Connection {
  readonly #socket: Socket;
  readonly #closed: Promise<never>;
  readonly #lost = new AbortController();

  private constructor(socket: Socket) {
    this.#socket = socket;
    const { promise, reject } = Promise.withResolvers<never>();
    const fail = (error: unknown): void => reject(error);
    socket.on('error', fail);
    socket.on('close', () => fail(new ShipperError('ECONNRESET', 'the SIEM closed the connection')));
    // The peer ended before we did: what it has read is not known.
    socket.on('end', () => {
      if (!socket.writableEnded) fail(new ShipperError('EPIPE', 'the SIEM ended the connection'));
    });
    promise.catch(error => this.#lost.abort(error));
    this.#closed = promise;
    socket.resume();
  }

  /** Rejects if there is none within ten seconds, or the server's certificate is not the authority's. */
  static async open(place: SiemPlace, signal: AbortSignal): Promise<Connection> {
    const within = AbortSignal.any([signal, AbortSignal.timeout(CONNECT_WITHIN)]);
    const { isEncrypted, host, port } = place.to;
    const files = isEncrypted ? await credentials(place) : {};
    const socket = isEncrypted
      ? connectTls({ ...files, host, port, minVersion: 'TLSv1.2' })
      : connectPlain({ host, port, allowHalfOpen: true });
    socket.setKeepAlive(true, KEEP_ALIVE);
    socket.setNoDelay(true);
    try {
      await once(socket, isEncrypted ? 'secureConnect' : 'connect', { signal: within });
    } catch (error) {
      socket.on('error', () => undefined).destroy();
      throw within.aborted && !signal.aborted
        ? new ShipperError('ETIMEDOUT', 'the SIEM does not answer', error)
        : error;
    }
    return new Connection(socket);
  }

  /** Resolves when the socket takes more: nothing piles up here. */
  async send(message: Buffer, signal: AbortSignal): Promise<void> {
    if (this.#socket.write(message)) return;
    await this.#within(once(this.#socket, 'drain', { signal }), STALLED_AFTER);
  }

  /** Aborts once the connection is lost; its reason says why. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Ends our side, and waits for the peer's end: only then has it read everything. */
  async end(signal: AbortSignal): Promise<void> {
    const ended = once(this.#socket, 'end', { signal });
    this.#socket.end();
    await this.#within(ended, END_WITHIN);
    this.#socket.destroy();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  async #within(what: Promise<unknown>, ms: number): Promise<void> {
    const timer = Promise.withResolvers<never>();
    const cancel = setTimeout(
      () => timer.reject(new ShipperError('ETIMEDOUT', 'the SIEM takes nothing more')),
      ms,
    );
    try {
      await Promise.race([what, this.#closed, timer.promise]);
    } finally {
      clearTimeout(cancel);
      what.catch(() => undefined);
    }
  }
}

async function credentials({ ca, cert, key }: SiemPlace): Promise<SecureContextOptions> {
  const options: SecureContextOptions = {};
  if (ca !== undefined) options.ca = await readFile(ca);
  if (cert !== undefined) options.cert = await readFile(cert);
  if (key !== undefined) options.key = await readFile(key);
  return options;
}
