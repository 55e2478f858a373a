/** Statements that may change what is audited, or access the log itself. */

import type { Audit } from '../event/audit.js';
import { AUDITING } from '../lib/auditing.js';

type Recorded = Pick<Audit, 'command' | 'statement'>;

/** Commands that set something, or drop or disable parts of pgAudit, as pgAudit names them. */
const SETTING_COMMANDS =
  /^(ALTER (ROLE|DATABASE|EXTENSION|EVENT TRIGGER|FUNCTION|ROUTINE)|(CREATE|DROP) (EXTENSION|EVENT TRIGGER)|DROP (FUNCTION|ROUTINE)|SET|RESET|LOAD|GRANT|REVOKE)\b/;

/** Functions that reload the configuration or access the server's files, including those of the extension adminpack. */
const FUNCTIONS =
  /\b(pg_reload_conf|pg_rotate_logfile|pg_logfile_rotate|pg_current_logfile|pg_read_(binary_)?file|pg_ls_logdir|pg_logdir_ls|pg_file_(write|rename|unlink|sync)|lo_export)\b/i;

/**
 * Whether auditors should look at it: it touches settings of pgAudit or of the log (`ALTER SYSTEM` always, since it
 * writes a file with all of them), removes pgAudit, or reads or writes files of the server. It helps to find such
 * statements and proves nothing: what a function does inside shows only in the records of its own statements. Takes
 * linear time.
 */
export function isSensitive({ command, statement }: Recorded): boolean {
  if (command === 'ALTER SYSTEM') return true;
  if (statement === null) return false;
  if (FUNCTIONS.test(statement) || setsSetting(statement)) return true;
  if (command === 'COPY') return !/\b(stdin|stdout)\b/i.test(statement);
  if (!SETTING_COMMANDS.test(command)) return false;
  // RESET ALL names no setting; a name in Unicode escapes may be any setting.
  return AUDITING.test(statement) || /\breset\s+all\b/i.test(statement) || /u&["']/i.test(statement);
}

/** `set_config` with the name of such a setting, or with a name that is not a plain literal. */
function setsSetting(statement: string): boolean {
  for (const { index } of statement.matchAll(/\bset_config\b/gi)) {
    const [, name] =
      /^set_config"?\s{0,20}\(\s{0,20}'([\w.]{1,63})'\s{0,20},/i.exec(statement.slice(index, index + 200)) ??
      [];
    if (name === undefined || AUDITING.test(name)) return true;
  }
  return false;
}
