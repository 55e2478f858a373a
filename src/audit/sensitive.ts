/** Statements that may change what is audited, or access the log itself. */

import type { Audit } from '../event/audit.js';

type Command = Pick<Audit, 'command' | 'statement'>;

/** Settings that decide what is audited and logged, and pgAudit's own objects, wherever they are named. */
const AUDITING = /pgaudit|\blog_[a-z]|\blogging_collector\b|_preload_libraries\b|\blc_messages\b/i;

/** Commands, in pgAudit's words, that set something, or drop or disable a part of pgAudit. */
const SETTING_COMMANDS =
  /^(ALTER (ROLE|DATABASE|EXTENSION|EVENT TRIGGER|FUNCTION|ROUTINE)|(CREATE|DROP) (EXTENSION|EVENT TRIGGER)|DROP (FUNCTION|ROUTINE)|SET|RESET|LOAD|GRANT|REVOKE)\b/;

/** Functions that reload, read or write the server's files, also those of the extension adminpack. */
const FUNCTIONS =
  /\b(pg_reload_conf|pg_rotate_logfile|pg_logfile_rotate|pg_current_logfile|pg_read_(binary_)?file|pg_ls_logdir|pg_logdir_ls|pg_file_(write|rename|unlink|sync)|lo_export)\b/i;

/**
 * Whether auditors should look: the statement touches settings of pgAudit or of the log (`ALTER SYSTEM` always, since
 * its file contains them all), removes pgAudit, or reads or writes files of the server. This is a hint for searching,
 * not a proof: what a function does shows only in the records of its own statements. Takes linear time.
 */
export function isSensitive({ command, statement }: Command): boolean {
  if (command === 'ALTER SYSTEM') return true;
  if (statement === null) return false;
  if (FUNCTIONS.test(statement) || setsSetting(statement)) return true;
  if (command === 'COPY') return !/\b(stdin|stdout)\b/i.test(statement);
  if (!SETTING_COMMANDS.test(command)) return false;
  // RESET ALL does not name them; a name in Unicode escapes may be any of them.
  return AUDITING.test(statement) || /\breset\s+all\b/i.test(statement) || /u&["']/i.test(statement);
}

/** Whether it calls `set_config` with such a name, or with a name that is not a plain literal. */
function setsSetting(statement: string): boolean {
  for (const { index } of statement.matchAll(/\bset_config\b/gi)) {
    const [, name] =
      /^set_config"?\s{0,20}\(\s{0,20}'([\w.]{1,63})'\s{0,20},/i.exec(statement.slice(index, index + 200)) ??
      [];
    if (name === undefined || AUDITING.test(name)) return true;
  }
  return false;
}
