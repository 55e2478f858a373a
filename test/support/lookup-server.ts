/** A look-up service: real HTTP, answers from a table, and fails on request. */

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { onTestFinished } from 'vitest';

export type LookupMood =
  | 'well'
  /** Breaks the connection. */
  | 'down'
  /** Not JSON, whatever the content type says. */
  | 'wrong'
  /** Valid, but over 64 KiB. */
  | 'huge'
  /** Sends its caller to `/elsewhere`. */
  | 'redirect'
  /** Keeps requests until `release`. */
  | 'slow'
  /** Answers correctly, but the end of the body never comes. */
  | 'half'
  /** An error status. */
  | number;

export interface Asked {
  readonly method: string;
  /** Path and query, as they came. */
  readonly url: string;
  readonly authorization: string | null;
  readonly body: string;
}

export interface LookupServer {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  readonly requests: Asked[];
  /** Most requests that were in flight at the same time. */
  readonly mostAtOnce: number;
  mood: LookupMood;
  /** Answers by path and query; 404 for all others. */
  readonly answers: Map<string, unknown>;
  /** Answers the kept requests correctly. */
  release(): void;
  /** Breaks the connections of kept requests. */
  fail(): void;
  /** Resolves when this many requests have come. */
  untilAsked(count: number): Promise<void>;
}

/** Stopped when the test ends. */
export async function startLookupServer(
  answers: Readonly<Record<string, unknown>> = {},
): Promise<LookupServer> {
  const server = new FakeService(answers);
  await server.listen();
  return server;
}

class FakeService implements LookupServer {
  url = '';
  readonly requests: Asked[] = [];
  mostAtOnce = 0;
  mood: LookupMood = 'well';
  readonly answers: Map<string, unknown>;
  readonly #server: Server;
  readonly #kept: { readonly url: string; readonly response: ServerResponse }[] = [];
  #underWay = 0;
  #asked = Promise.withResolvers<void>();

  constructor(answers: Readonly<Record<string, unknown>>) {
    this.answers = new Map(Object.entries(answers));
    this.#server = createServer((request, response) => {
      this.#handle(request, response).catch(error => response.destroy(error));
    });
  }

  async listen(): Promise<void> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
    const address = this.#server.address();
    this.url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
    onTestFinished(async () => {
      this.#server.closeAllConnections();
      await new Promise(resolve => this.#server.close(resolve));
    });
  }

  release(): void {
    for (const { url, response } of this.#kept.splice(0)) this.#answer(url, response);
  }

  fail(): void {
    for (const { response } of this.#kept.splice(0)) response.destroy();
  }

  async untilAsked(count: number): Promise<void> {
    while (this.requests.length < count) await this.#asked.promise;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#underWay);
    response.once('close', () => this.#underWay--);
    const { mood } = this;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method = '', url = '', headers } = request;
    const authorization = headers.authorization ?? null;
    this.requests.push({ method, url, authorization, body: Buffer.concat(chunks).toString() });
    this.#asked.resolve();
    this.#asked = Promise.withResolvers();
    if (mood === 'slow') this.#kept.push({ url, response });
    else this.#respond(mood, url, response);
  }

  #respond(mood: LookupMood, url: string, response: ServerResponse): void {
    if (mood === 'down') response.destroy();
    else if (typeof mood === 'number') response.writeHead(mood).end('{"error":"told in confidence"}');
    else if (mood === 'redirect') response.writeHead(302, { location: '/elsewhere' }).end();
    else if (mood === 'wrong') response.writeHead(200, { 'content-type': 'application/json' }).end('<html>');
    else if (mood === 'huge') response.end(JSON.stringify({ name: 'x', padding: 'x'.repeat(70_000) }));
    else if (mood === 'half') response.writeHead(200).write('{"name":');
    else this.#answer(url, response);
  }

  #answer(url: string, response: ServerResponse): void {
    const found = this.answers.has(url);
    // The content type must not matter.
    response.writeHead(found ? 200 : 404, { 'content-type': 'text/plain' });
    response.end(found ? JSON.stringify(this.answers.get(url)) : 'nobody');
  }
}
