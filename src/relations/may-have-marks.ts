/** Words without which a text has no marks. A name in Unicode escapes may be any. */
const MARKING =
  /\b(?:copy|explain|superuser|createrole|bypassrls|replication|public|policy|security|language|extension|reset|system|set_config|owned)\b|\b(?:pg_|lo_|log_|rds_|pl[a-z0-9_]{1,60}u\b)|superuser|admin|pgaudit|logging_|_preload_|lc_messages|program|filename|u&["']/i;

/** Most texts have none, and their parse tree need not be searched. */
export function mayHaveMarks(statement: string): boolean {
  return MARKING.test(statement);
}
