/** What the running daemon says about itself over HTTP. */

import type { Config } from '../../../config/schema.js';

export interface DaemonState {
  /** Problems because of which it is not ready. */
  readonly problems: readonly string[];
  /** Events that wait for each sink. */
  readonly lag: Readonly<Record<string, number>>;
}

const PATIENCE = 5000;

/** `null` if nobody answers. */
export async function askDaemon({ host, port }: Config['http']): Promise<DaemonState | null> {
  const url = `http://${reachable(host)}:${port}/internal`;
  try {
    const signal = AbortSignal.timeout(PATIENCE);
    const ready = await (await fetch(`${url}/isready`, { signal })).text();
    const metrics = await (await fetch(`${url}/prometheus`, { signal })).text();
    return { problems: ready.trim().split('\n').slice(1), lag: lagOf(metrics) };
  } catch {
    return null;
  }
}

/** If it listens on every address, the loopback address works. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

/** @param metrics in Prometheus' text format */
function lagOf(metrics: string): Record<string, number> {
  const found = metrics.matchAll(/^pgaudit_shipper_sink_lag_events\{sink="(\w+)"\} (\d+)$/gm);
  return Object.fromEntries([...found].map(([, sink, events]) => [sink, Number(events)]));
}
