import { type Logger, pino } from 'pino';

/** JSON lines. */
export function createLogger(level: string, to: 'stdout' | 'stderr' = 'stdout'): Logger {
  const options = {
    level,
    base: null,
    formatters: { level: (label: string) => ({ level: label }) },
    timestamp: pino.stdTimeFunctions.isoTime,
  };
  return pino(options, pino.destination(to === 'stdout' ? 1 : 2));
}
