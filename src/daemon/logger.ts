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

/** Characters of lines that wait for room on a full disk; what comes after them is lost, and all of them at an exit. */
const MOST_WAITING = 1024 * 1024;

/**
 * JSON lines; Google's logging agents read `severity` and `time` (RFC 3339). Each line is written synchronously:
 * another thread would write it after later ones, or not at all if the process ends. A line that cannot be written (a full
 * disk) waits for the next one: no delivery ends because nobody hears of it.
 */
export function createLogger(level: string, to: 'stdout' | 'stderr' = 'stdout'): Logger {
  const options = {
    level,
    base: null,
    formatters: { level: (label: string) => ({ severity: SEVERITIES[label], level: label }) },
    timestamp: pino.stdTimeFunctions.isoTime,
  };
  const dest = to === 'stdout' ? 1 : 2;
  const destination = pino.destination({ dest, sync: true, maxLength: MOST_WAITING });
  destination.on('error', () => undefined);
  return pino(options, destination);
}
