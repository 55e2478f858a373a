import { type Logger, pino } from 'pino';

/** Cloud Logging's LogSeverity for each of pino's levels. */
const SEVERITIES: Readonly<Record<string, string>> = {
  trace: 'DEBUG',
  debug: 'DEBUG',
  info: 'INFO',
  warn: 'WARNING',
  error: 'ERROR',
  fatal: 'CRITICAL',
};

/**
 * JSON lines; `severity` and `time` (RFC 3339) are what Google's logging agents look for. Each is written when it is
 * logged: another thread would write it behind later ones, or not at all where the process ends.
 */
export function createLogger(level: string, to: 'stdout' | 'stderr' = 'stdout'): Logger {
  const options = {
    level,
    base: null,
    formatters: { level: (label: string) => ({ severity: SEVERITIES[label], level: label }) },
    timestamp: pino.stdTimeFunctions.isoTime,
  };
  return pino(options, pino.destination({ dest: to === 'stdout' ? 1 : 2, sync: true }));
}
