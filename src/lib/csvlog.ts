/** The layout of csvlog. */

/** The columns that are used, by number (PostgreSQL's manual, 20.8.4). */
export const COLUMN = {
  logTime: 0,
  user: 1,
  database: 2,
  pid: 3,
  connectionFrom: 4,
  sessionId: 5,
  sessionLine: 6,
  commandTag: 7,
  sessionStart: 8,
  virtualTransactionId: 9,
  transactionId: 10,
  severity: 11,
  sqlState: 12,
  message: 13,
  context: 18,
  query: 19,
  location: 21,
  application: 22,
  /** Since PostgreSQL 13. */
  backendType: 23,
  /** Since PostgreSQL 14. */
  leaderPid: 24,
  queryId: 25,
} as const;
