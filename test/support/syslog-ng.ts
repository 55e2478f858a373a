/** A real syslog server (Debian's syslog-ng-core), which keeps each message that it gets, and what its own parser makes of it. */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createAuthority } from './certificates.js';
import { eventually } from './shipper.js';

const PROGRAM = '/usr/sbin/syslog-ng';

export class SyslogNg {
  readonly #folder: string;
  readonly port: number;
  #child: ChildProcess | null = null;

  private constructor(folder: string, port: number) {
    this.#folder = folder;
    this.port = port;
  }

  /** Of siem: the client's certificate and the authority. */
  get files(): { ca: string; cert: string; key: string } {
    const path = (name: string): string => join(this.#folder, `${name}.pem`);
    return { ca: path('ca'), cert: path('client'), key: path('client-key') };
  }

  static async create(folder: string, port: number): Promise<SyslogNg> {
    if (!existsSync(PROGRAM)) throw new Error('syslog-ng is missing: npm run setup installs syslog-ng-core');
    await mkdir(folder, { recursive: true });
    const authority = createAuthority();
    const [server, client] = [authority.certify('localhost'), authority.certify('shipper')];
    const files = { ca: authority.cert, server: server.cert, 'server-key': server.key, client: client.cert };
    for (const [name, pem] of Object.entries({ ...files, 'client-key': client.key }))
      await writeFile(join(folder, `${name}.pem`), pem, { mode: 0o600 });
    const pem = (name: string): string => `"${join(folder, name)}.pem"`;
    const tls = `key-file(${pem('server-key')}) cert-file(${pem('server')}) ca-file(${pem('ca')}) peer-verify(required-trusted)`;
    await writeFile(
      join(folder, 'syslog-ng.conf'),
      `@version: 3.38
options { stats-freq(0); keep-hostname(yes); use-dns(no); };
source s { syslog(ip("127.0.0.1") port(${port}) transport("tls") log-msg-size(262144) flags(validate-utf8) tls(${tls})); };
destination d { file("${join(folder, 'out.json')}" template("$(format-json --scope rfc5424)\\n")); };
log { source(s); destination(d); flags(flow-control); };
`,
    );
    const made = new SyslogNg(folder, port);
    onTestFinished(() => made.end('SIGKILL'));
    return made;
  }

  async start(): Promise<void> {
    const path = (name: string): string => join(this.#folder, name);
    const places = [
      '-f',
      path('syslog-ng.conf'),
      '-p',
      path('pid'),
      '-c',
      path('control'),
      '-R',
      path('persist'),
    ];
    this.#child = spawn(PROGRAM, ['-F', '--no-caps', ...places], { stdio: 'ignore' });
    await eventually(async () => this.#listens());
  }

  async #listens(): Promise<boolean> {
    const socket = connect({ host: '127.0.0.1', port: this.port });
    return await new Promise(resolve => {
      socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    }).then(isOpen => {
      socket.destroy();
      return isOpen === true;
    });
  }

  /** SIGTERM ends it in order. */
  async end(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise(resolve => child.once('close', resolve));
    child.kill(signal);
    await ended;
  }

  /** Messages, in the order in which they came. */
  async messages(): Promise<
    { readonly MESSAGE: string; readonly MSGID: string; readonly PROGRAM: string }[]
  > {
    const path = join(this.#folder, 'out.json');
    const text = existsSync(path) ? await readFile(path, 'utf8') : '';
    return text
      .slice(0, text.lastIndexOf('\n') + 1)
      .split('\n')
      .filter(Boolean)
      .map(line => JSON.parse(line));
  }
}
