/** Columns of csvlog (src/lib/csvlog.ts), and slots behind them for what is a part of one (src/read/frame/line-keys.ts). */

export const USER: u32 = 1;
export const PID: u32 = 3;
export const CONNECTION: u32 = 4;
export const SESSION: u32 = 5;
export const LINE: u32 = 6;
export const SESSION_START: u32 = 8;
export const VIRTUAL: u32 = 9;
export const TRANSACTION: u32 = 10;
export const SEVERITY: u32 = 11;
export const STATE: u32 = 12;
export const MESSAGE: u32 = 13;
export const INTERNAL_POSITION: u32 = 17;
export const CONTEXT: u32 = 18;
export const QUERY: u32 = 19;
export const POSITION: u32 = 20;
export const LOCATION: u32 = 21;
export const APPLICATION: u32 = 22;
export const BACKEND: u32 = 23;
export const LEADER: u32 = 24;
export const QUERY_ID: u32 = 25;

export const HOST: u32 = 26;
export const PORT: u32 = 27;
export const FUNCTION: u32 = 28;
export const FILE: u32 = 29;
export const FILE_LINE: u32 = 30;
export const AUDIT: u32 = 31;
/** pgAudit's fields: type, statement, substatement, class, command, object type, object name, text, parameters, rows. */
export const FIELD: u32 = 32;
export const FIELDS: u32 = 9;
export const COMMAND: u32 = FIELD + 4;
export const OBJECT_TYPE: u32 = FIELD + 5;
export const STATEMENT: u32 = FIELD + 7;
export const PARAMETER: u32 = FIELD + 8;
export const ROWS: u32 = FIELD + 9;
/** CloudNativePG's own. */
export const LOGGER: u32 = 42;
export const RECORD: u32 = 43;

/** Columns that are in quotes if they are there. */
export const IN_QUOTES: u32 =
  (1 << 1) | (1 << 2) | (1 << 4) | (1 << 7) | (1 << 13) | (1 << 14) | (1 << 15) | (1 << 16) | (1 << 18) |
  (1 << 19) | (1 << 21) | (1 << 22) | (1 << 23);
