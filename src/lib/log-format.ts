/** The formats of PostgreSQL's log that are read: its csvlog, its jsonlog, and what CloudNativePG prints of its csvlog. */
export const LOG_FORMATS = ['csvlog', 'jsonlog', 'cnpg'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];
