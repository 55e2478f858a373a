/** The data of the status page, from the stages and the metrics. */

import { resolve } from 'node:path';
import type { Config } from '../../config/schema.js';
import type { Reader } from '../../journal/reader.js';
import type { Health } from '../health.js';
import type { SinkSample, StatusSample } from '../http/sample.js';
import type { Metrics } from '../metrics.js';
import type { Stages } from '../pipeline.js';
import type { Telemetry } from '../telemetry/telemetry.js';

/** A usual delay in milliseconds: log entries are sent at once, segments when they are sealed. */
const USUAL_DELAY = 60_000;

interface Looked {
  readonly config: Config;
  readonly stages: Stages;
  readonly metrics: Metrics;
  readonly health: Health;
  readonly telemetry: Telemetry;
}

export async function lookAt({ config, stages, metrics, health, telemetry }: Looked): Promise<StatusSample> {
  const { journal, clock } = stages;
  const now = clock.now();
  const sealed = USUAL_DELAY + config.archive.segment.maxAge;
  const sink = async ({ reader }: { reader: Reader }, usual: number, to: string): Promise<SinkSample> => {
    const oldest = await reader.oldest();
    const seconds = oldest === null ? 0 : Math.max(0, now - oldest) / 1000;
    return { ...reader.lag, seconds, usualSeconds: usual / 1000, to };
  };
  return {
    now,
    uptime: performance.now(),
    problems: health.problems,
    source: { bytes: await sum(metrics.sourceBytes), files: await sum(metrics.files) },
    sources: (config.areNamed ? stages.sources : []).map(({ instance, unread }) => ({
      instance,
      unread,
      isRead: !health.has(`source ${instance}`),
    })),
    journal: {
      chain: journal.chain,
      lastSeq: journal.lastSeq,
      bytes: journal.size,
      maxBytes: config.state.maxSize,
    },
    sinks: {
      logging: await sink(stages.sinks.logging, USUAL_DELAY, destinationOf(config.logging.to)),
      archive: await sink(stages.sinks.archive, sealed, destinationOf(config.archive.to)),
      ...(stages.sinks.witness !== null &&
        config.archive.witness !== undefined && {
          witness: await sink(stages.sinks.witness, sealed, destinationOf(config.archive.witness)),
        }),
      ...(stages.sinks.siem !== null &&
        config.siem !== null && {
          siem: await sink(
            stages.sinks.siem,
            2 * USUAL_DELAY,
            `${config.siem.to.host}:${config.siem.to.port}`,
          ),
        }),
    },
    records: (await metrics.records.get()).values.map(({ labels, value }) => ({
      outcome: String(labels.outcome),
      reason: String(labels.reason),
      count: value,
    })),
    identities: Object.fromEntries(
      (await metrics.identities.get()).values.map(({ labels, value }) => [String(labels.status), value]),
    ),
    unknownUsers: telemetry.unknownUsers,
    suspects: await sum(metrics.suspects),
    gaps: await sum(metrics.gaps),
    rejectedEntries: await sum(metrics.rejected),
    seal: journal.lastSeal,
  };
}

function destinationOf(to: Config['archive']['to'] | Config['logging']['to']): string {
  if (to.kind === 'file') return resolve(to.folder);
  return to.kind === 'cloud-logging' ? to.logName : `gs://${to.bucket}/${to.prefix}`;
}

async function sum(counter: { get(): Promise<{ values: { value: number }[] }> }): Promise<number> {
  return (await counter.get()).values.reduce((total, { value }) => total + value, 0);
}
