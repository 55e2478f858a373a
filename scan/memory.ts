/** The layout of the memory. */

/** Ends of the record's columns, counted from its start: 32 numbers. */
export const ROW: usize = 0x10000;
/** ` CET`: what follows the milliseconds in each log_time. */
export const ZONE: usize = 0x10100;
export const LONGEST_ZONE: u32 = 64;
/** The latest log_time that was read, without its zone. */
export const LATEST: usize = 0x10180;
/** Session_start_time of sessions that may be begun here, with its zone. */
export const STARTED: usize = 0x10200;
/** Of a JSON object's values: address, end, and how it is written; by slot. */
export const VALUES: usize = 0x10400;
export const MOST_SLOTS: u32 = 48;
/** Tables of JSON's keys, one behind the other: each key its length, its slot, its bytes, and of the first the table's end. */
export const KEYS: usize = 0x10700;
export const KEY_SIZE: u32 = 40;
export const TABLE_END_AT: usize = 32;
export const KEYS_END: usize = 0x11000;
/** Login roles by their bytes: hash, address, length, verdict. */
export const USERS: usize = 0x11000;
export const MOST_USERS: u32 = 512;
/** The bytes of their names. */
export const NAMES: usize = 0x13000;
export const NAMES_END: usize = 0x23000;
/** Sessions of which records were skipped in this run: as many as there are. */
export const TOUCHED: usize = 0x23000;
/** Sessions by the hash of their key: addresses, 0 where none is. */
export const PLACES: usize = 0x30000;
export const MOST_PLACES: u32 = 8192;
/** Addresses of sessions that are free. */
export const FREE: usize = 0x38000;
/** More than the other side remembers (src/session/sessions.ts). */
export const MOST_SESSIONS: u32 = 4096;
export const SESSIONS: usize = 0x3c000;
export const SESSION_SIZE: u32 = 40;
/** Of a session, behind its key: the numbers read last, what is remembered of it, and the addresses of its latest records. */
export const LINE_AT: usize = 8;
export const STATEMENT_AT: usize = 12;
export const FLAGS_AT: usize = 16;
export const LAST_AT: usize = 20;
export const AUDIT_AT: usize = 24;
export const READ_AT: usize = 28;
export const READ_END_AT: usize = 32;
/** The log. */
export const INPUT: usize = 0x64000;
