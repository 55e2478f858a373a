/** Both clouds as servers of our own, and the settings that lead there. */

import { basename } from 'node:path';
import { onTestFinished } from 'vitest';
import { type ArchivedEvent, checkArchive } from './archive.js';
import { type LoggingServer, type LoggingServerOptions, startLoggingServer } from './logging-server.js';
import type { Settings } from './shipper.js';
import { type StorageServer, startStorageServer } from './storage-server.js';

export interface Cloud {
  readonly logging: LoggingServer;
  readonly storage: StorageServer;
  readonly settings: Settings;
  /** The archive's events, after checking that it is intact. */
  archived(kind?: string): ArchivedEvent[];
  /** The payloads of the shown log entries. */
  logged(kind?: string): ArchivedEvent[];
}

export async function startCloud(options: LoggingServerOptions = {}): Promise<Cloud> {
  const logging = await startLoggingServer({ now: Date.now, ...options });
  const storage = await startStorageServer(options);
  onTestFinished(async () => {
    await logging.close();
    await storage.close();
  });
  const ofKind = (events: ArchivedEvent[], kind?: string): ArchivedEvent[] =>
    kind === undefined ? events : events.filter(event => event.kind === kind);
  return {
    logging,
    storage,
    settings: {
      archive: {
        to: `gs://${storage.bucket}/hold`,
        endpoint: storage.endpoint,
        segment: { maxAge: '200ms' },
      },
      logging: { to: 'projects/test/logs/pgaudit', endpoint: logging.endpoint },
    },
    archived(kind) {
      const objects = [...storage.objects.values()].map(({ name, body }) => [basename(name), body] as const);
      return ofKind(checkArchive(objects.sort(([a], [b]) => (a < b ? -1 : 1))), kind);
    },
    logged: kind =>
      ofKind(
        logging.shown.map(({ payload }) => JSON.parse(JSON.stringify(payload))),
        kind,
      ),
  };
}
