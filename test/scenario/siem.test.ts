/** The SIEM against a real syslog server with TLS: everything arrives, whatever ends or stands still. */

import { writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../demo/postgres.js';
import { parseCef } from '../support/cef.js';
import { csvRecord, writeMessage } from '../support/csvlog.js';
import { append } from '../support/log.js';
import { archived, eventually, type Settings, Shipper, settings } from '../support/shipper.js';
import { SyslogNg } from '../support/syslog-ng.js';
import { temporaryFolder } from '../support/temp.js';

const STATEMENTS = { kinds: ['statement'] };

function withSiem(folder: string, siem: Settings): Settings {
  return settings(folder, [join(folder, '*.csv')], { siem: { ...STATEMENTS, ...siem } });
}

/** The events' ids, in the order in which their messages came. */
async function idsAt(server: SyslogNg): Promise<string[]> {
  return (await server.messages()).map(({ MESSAGE }) => parseCef(MESSAGE).extension.get('cs4') ?? '');
}

async function idsIn(folder: string): Promise<string[]> {
  return (await archived(folder, 'statement')).map(({ id }) => id);
}

test('through restarts of the server, and kill -9 of the daemon: each event arrives, and a repetition has the same id', async () => {
  const folder = await temporaryFolder();
  const server = await SyslogNg.create(join(folder, 'syslog'), await freePort());
  const config = withSiem(folder, { to: `tls://localhost:${server.port}`, ...server.files });
  await server.start();
  let last = 0;
  const write = async (count: number): Promise<void> => {
    await append(join(folder, 'a.csv'), last + 1, last + count);
    last += count;
  };
  await write(50);
  let shipper = await Shipper.start(folder, config);
  await eventually(async () => (await server.messages()).length >= 50);
  // The server is restarted in order, while the connection is open.
  await server.end();
  await write(50);
  await server.start();
  await eventually(async () => new Set(await idsAt(server)).size >= 100);
  for (let kill = 0; kill < 5; kill++) {
    await shipper.kill();
    await write(20);
    shipper = await Shipper.start(folder, config);
    await eventually(async () => new Set(await idsAt(server)).size >= last);
  }
  // It ends in order: the connection, too, so that nothing is sent again.
  expect(await shipper.stop()).toBe(0);
  const sent = (await server.messages()).length;
  shipper = await Shipper.start(folder, config);
  await write(1);
  await eventually(async () => new Set(await idsAt(server)).size >= last);
  expect((await server.messages()).length).toBe(sent + 1);
  expect(await shipper.stop()).toBe(0);
  const ids = await idsAt(server);
  expect([...new Set(ids)].sort()).toEqual((await idsIn(folder)).sort());
  console.info(`${ids.length} messages of ${last} events: ${ids.length - last} came more than once`);
});

test('a server whose certificate is another authority’s gets nothing; the other sinks continue', async () => {
  const folder = await temporaryFolder();
  const [server, other] = [
    await SyslogNg.create(join(folder, 'syslog'), await freePort()),
    await SyslogNg.create(join(folder, 'other'), await freePort()),
  ];
  await server.start();
  const config = withSiem(folder, {
    to: `tls://localhost:${server.port}`,
    ...server.files,
    ca: other.files.ca,
  });
  await append(join(folder, 'a.csv'), 1, 5);
  const shipper = await Shipper.start(folder, config);
  await eventually(async () => shipper.logged('delivery-failed').some(({ sink }) => sink === 'siem'));
  await eventually(async () => (await idsIn(folder)).length === 5);
  expect(await shipper.metric(`pgaudit_shipper_sink_lag_events{sink="siem"}`)).toBeGreaterThan(0);
  expect(await server.messages()).toEqual([]);
});

/** Takes connections, and does with them what the test says. */
async function tcpServer(take: (socket: Socket) => void): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, take);
  const sockets = new Set<Socket>();
  server.on('connection', socket => sockets.add(socket.on('error', () => undefined)));
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

test('a connection that the server resets is sent again whole; one that it reads slowly is not', async () => {
  const folder = await temporaryFolder();
  const texts: string[] = [];
  const port = await tcpServer(socket => {
    const index = texts.push('') - 1;
    socket.setEncoding('utf8').on('data', text => {
      texts[index] = (texts[index] ?? '') + text;
      // The first connection is lost after it was read.
      if (index === 0) socket.resetAndDestroy();
      // The second is read in pieces.
      else {
        socket.pause();
        setTimeout(() => socket.resume(), 20);
      }
    });
    socket.on('end', () => socket.end());
  });
  await append(join(folder, 'a.csv'), 1, 400);
  const shipper = await Shipper.start(
    folder,
    withSiem(folder, { to: `tcp://127.0.0.1:${port}`, framing: 'newline', statements: 'none' }),
  );
  const linesOf = (text: string): string[] => text.split('\n').slice(0, -1);
  await eventually(async () => linesOf(texts[1] ?? '').length === 400);
  expect(await shipper.stop()).toBe(0);
  const ids = linesOf(texts[1] ?? '').map(line =>
    parseCef(line.slice(line.indexOf('CEF:'))).extension.get('cs4'),
  );
  expect(ids).toEqual(await idsIn(folder));
  expect(texts[0]).not.toBe('');
  expect(texts.length).toBe(2);
});

test('a server that neither reads nor ends gets all of it again on the next connection', async () => {
  const folder = await temporaryFolder();
  const texts: string[] = [];
  const port = await tcpServer(socket => {
    const index = texts.push('') - 1;
    // The first one is open on our side only: nobody reads it, and nobody answers its end.
    if (index === 0) return;
    socket.setEncoding('utf8').on('data', text => {
      texts[index] = (texts[index] ?? '') + text;
    });
    socket.on('end', () => socket.end());
  });
  await append(join(folder, 'a.csv'), 1, 10);
  const config = {
    ...withSiem(folder, { to: `tcp://127.0.0.1:${port}`, framing: 'newline' }),
    shutdown: { gracePeriod: '500ms' },
  };
  const first = await Shipper.start(folder, config);
  await eventually(async () => texts.length === 1);
  await eventually(async () => (await idsIn(folder)).length === 10);
  await first.stop();
  const second = await Shipper.start(folder, config);
  await eventually(async () => (texts[1] ?? '').split('\n').length > 10);
  expect(await second.stop()).toBe(0);
  expect(texts.length).toBe(2);
});

test('what a client writes is one value to a real syslog server, too', async () => {
  const folder = await temporaryFolder();
  const server = await SyslogNg.create(join(folder, 'syslog'), await freePort());
  await server.start();
  const statement =
    'UPDATE t SET a = \'x|y\\z\' WHERE b = "q"\n<110>1 2026 h pgaudit-shipper - statement - CEF:0|Nav|suid=other cs1=forged';
  const columns = {
    application: 'app suid=x\n=|\\',
    message: writeMessage(statement, ['suid=x', '\n<14>1 -']),
  };
  await writeFile(join(folder, 'a.csv'), csvRecord(columns));
  const config = withSiem(folder, { to: `tls://localhost:${server.port}`, ...server.files });
  const shipper = await Shipper.start(folder, config);
  await eventually(async () => (await server.messages()).length === 1);
  expect(await shipper.stop()).toBe(0);
  const [message] = await server.messages();
  const { extension } = parseCef(message?.MESSAGE ?? '');
  expect(extension.get('cs1')).toBe(statement);
  expect(extension.get('cs5')).toBe(columns.application);
  expect(extension.get('suid')).toBe('Z990001');
  expect(message).toMatchObject({ PROGRAM: 'pgaudit-shipper', MSGID: 'statement' });
});
