/** The part of PostgreSQL's protocol (its manual, 55.7) that an attacker needs: every byte sent is chosen. */

import { connect, type Socket } from 'node:net';

/** `user` and `database` among them, and any setting that a client may ask for. */
export type Startup = Readonly<Record<string, string>>;

export interface Answer {
  /** SQLSTATEs of the errors that were returned. */
  readonly errors: readonly string[];
  /** The first column of the first row. */
  readonly value: string | null;
}

interface Message {
  readonly type: string;
  readonly body: Buffer;
}

const PROTOCOL_3 = 196608;

export class Wire {
  readonly #socket: Socket;
  readonly #messages: AsyncGenerator<Message, void>;
  readonly #password: string;

  private constructor(socket: Socket, password: string) {
    this.#socket = socket;
    this.#messages = readMessages(socket);
    this.#password = password;
  }

  /** Returns the connection, or the SQLSTATEs with which it was refused. */
  static async connect(port: number, startup: Startup, password = ''): Promise<Wire | readonly string[]> {
    const socket = connect(port, '127.0.0.1');
    const wire = new Wire(socket, password);
    const settings = Object.entries(startup).flatMap(([name, value]) => [text(name), text(value)]);
    const body = Buffer.concat([int32(PROTOCOL_3), ...settings, Buffer.from([0])]);
    const { errors } = await wire.#exchange(Buffer.concat([int32(body.length + 4), body]));
    if (errors.length === 0) return wire;
    await wire.close();
    return errors;
  }

  /** A simple query. `copy` is the input if it is a COPY … FROM STDIN. */
  query(sql: string | Buffer, copy = ''): Promise<Answer> {
    return this.#exchange(message('Q', text(sql)), copy);
  }

  /** The extended query protocol, without names. `types` declares the types of parameters, used or not. */
  execute(
    sql: string | Buffer,
    parameters: readonly (string | null)[],
    types: readonly number[] = [],
  ): Promise<Answer> {
    const none = Buffer.from([0]);
    const values = parameters.map(value =>
      value === null ? int32(-1) : Buffer.concat([int32(Buffer.byteLength(value)), Buffer.from(value)]),
    );
    return this.#exchange(
      Buffer.concat([
        message('P', none, text(sql), int16(types.length), ...types.map(int32)),
        message('B', none, none, int16(0), int16(parameters.length), ...values, int16(0)),
        message('E', none, int32(0)),
        message('S'),
      ]),
    );
  }

  /** Calls a function without SQL; `signature` is like `f()`. */
  async call(signature: string): Promise<Answer> {
    const { value } = await this.query(`SELECT '${signature}'::regprocedure::oid`);
    return await this.#exchange(message('F', int32(Number(value)), int16(0), int16(0), int16(0)));
  }

  /** Ends the session and waits until the server's process is gone: by then it has logged everything. */
  async close(): Promise<void> {
    const closed = new Promise(resolve => this.#socket.once('close', resolve));
    if (this.#socket.writable) this.#socket.write(message('X'));
    for await (const _ of this.#messages);
    if (!this.#socket.closed) await closed;
  }

  async #exchange(bytes: Buffer, copy = ''): Promise<Answer> {
    const errors: string[] = [];
    let value: string | null = null;
    this.#socket.write(bytes);
    for (;;) {
      const { value: received } = await this.#messages.next();
      if (received === undefined || received.type === 'Z') return { errors, value };
      const { type, body } = received;
      if (type === 'E') errors.push(sqlState(body));
      else if (type === 'D') value ??= firstColumn(body);
      else if (type === 'R' && body.readInt32BE(0) === 3)
        this.#socket.write(message('p', text(this.#password)));
      else if (type === 'G')
        this.#socket.write(Buffer.concat([message('d', Buffer.from(copy)), message('c')]));
    }
  }
}

async function* readMessages(socket: Socket): AsyncGenerator<Message, void> {
  let rest: Buffer = Buffer.alloc(0);
  const chunks = socket.iterator({ destroyOnReturn: false });
  for (;;) {
    // A reset is an end like any other.
    const chunk = await chunks.next().catch(() => ({ done: true, value: undefined }));
    if (chunk.done === true) return;
    rest = Buffer.concat([rest, chunk.value]);
    while (rest.length >= 5 && rest.length > rest.readInt32BE(1)) {
      const end = 1 + rest.readInt32BE(1);
      yield { type: rest.toString('latin1', 0, 1), body: rest.subarray(5, end) };
      rest = rest.subarray(end);
    }
  }
}

function sqlState(body: Buffer): string {
  const field = body
    .toString('latin1')
    .split('\0')
    .find(one => one.startsWith('C'));
  return field?.slice(1) ?? '';
}

function firstColumn(body: Buffer): string | null {
  if (body.readInt16BE(0) === 0) return null;
  const length = body.readInt32BE(2);
  return length === -1 ? null : body.toString('utf8', 6, 6 + length);
}

function message(type: string, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
}

function text(value: string | Buffer): Buffer {
  return Buffer.concat([typeof value === 'string' ? Buffer.from(value) : value, Buffer.from([0])]);
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}
