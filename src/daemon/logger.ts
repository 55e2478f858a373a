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
 * JSON lines; Google's logging agents read `severity` and `time` (RFC 3339). Each line is written synchronously:
 * another thread would write it after later ones, or not at all if the process ends.
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
