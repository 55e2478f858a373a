/** What holds the reading of a history back: a transaction that has not ended, prepared or not, or the log. */
export type Obstacle = 'prepared' | 'transaction' | 'log';
