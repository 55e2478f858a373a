/**
 * What a hostile person tries in order to forge the trail, as data: what is executed on a real PostgreSQL, and the
 * expected outcome. It follows from what is executed and from pgAudit's rules, never from the code under test.
 */

/** Who shall seem to have done it; and who does it. */
export const BOSS = 'Z990001';
export const HOSTILE = 'Z990666';
/** Persons for whom the server logs more, or in another way: `ROLE_SETTINGS`. */
export const LOUD = 'Z990667';
export const VERBOSE = 'Z990668';
export const ONCE = 'Z990669';
export const ROWS = 'Z990670';
export const ADMINISTRATOR = 'Z990671';

export const ROLE_SETTINGS: Readonly<Record<string, readonly string[]>> = {
  [HOSTILE]: [],
  [BOSS]: [],
  [ADMINISTRATOR]: [],
  [LOUD]: [
    "log_statement = 'all'",
    'log_min_duration_statement = 0',
    'log_min_messages = info',
    'log_lock_waits = on',
    "deadlock_timeout = '10ms'",
    'log_temp_files = 0',
    "session_preload_libraries = 'auto_explain'",
    'auto_explain.log_min_duration = 0',
  ],
  [VERBOSE]: ['log_error_verbosity = verbose'],
  [ONCE]: ["pgaudit.log = 'all'", 'pgaudit.log_statement_once = on', 'pgaudit.log_relation = on'],
  [ROWS]: ['pgaudit.log_rows = on', 'pgaudit.log_relation = on'],
};

/** Objects for all attempts, made by the superuser: `t` has one row. */
export const GROUND: readonly string[] = [
  'CREATE TABLE t (id int, name text)',
  "INSERT INTO t VALUES (1, 'one')",
  'GRANT ALL ON t TO PUBLIC',
  'GRANT CREATE ON SCHEMA public TO PUBLIC',
];

/** Text to execute; it may use the csvlog session ids of the attempt's sessions. */
export type Text = string | Buffer | ((sessions: readonly string[]) => string);

/** What the log has of one genuine statement. */
export interface Told {
  /** The user; the session's, if left out. */
  readonly user?: string;
  /** The text; the executed one, if left out. */
  readonly statement?: string;
  /** The parameters; the given ones, if left out. NULL and the empty text look the same. */
  readonly parameters?: readonly string[] | null;
  /** It was not executed; the log does not show that. */
  readonly isForged?: true;
}

export interface Step {
  readonly sql: Text;
  /** With these the extended query protocol is used. */
  readonly parameters?: readonly (string | null)[];
  /** Type OIDs that are declared beforehand, used or not. */
  readonly types?: readonly number[];
  /** Input of a COPY. */
  readonly copy?: string;
  /** `sql` is a function's signature; it is called without SQL. */
  readonly isCall?: true;
  /** Which of the attempt's sessions does it; the first, if left out. */
  readonly session?: number;
  /** It ends in an error. */
  readonly fails?: true;
  /** It is repeated until it returns true. */
  readonly isAwaited?: true;
  readonly statements: readonly Told[];
  /** How many suspects there are, or their users. */
  readonly suspects: number | readonly string[];
}

/** How a session is begun. */
export interface Login {
  readonly user?: string;
  readonly database?: string;
  readonly password?: string;
  /** Settings that the client asks for in its first packet. */
  readonly settings?: Readonly<Record<string, string>>;
  /** The server does not let it in. */
  readonly isRefused?: true;
  /** What its log lines show as application_name. */
  readonly application?: string;
  /** The authenticated identity; `trust` proves nothing. */
  readonly authentication?: { readonly identity: string; readonly method: string };
}

export interface Attempt {
  readonly name: string;
  /** Procedural languages that it needs. */
  readonly needs?: readonly Language[];
  /** The first major version of PostgreSQL that behaves differently. */
  readonly below?: number;
  /** What only a superuser can prepare. */
  readonly before?: readonly string[];
  /** One session of HOSTILE, if left out. */
  readonly logins?: readonly Login[];
  readonly steps: readonly Step[];
  /** How many times there are bytes that are not a record. */
  readonly gaps?: number;
  /** Why the log cannot show it; then the outcome is as `steps` say, with false statements. */
  readonly limit?: string;
}

export type Language = 'plperl' | 'pltcl' | 'plpython3u';

type Option = Partial<Omit<Step, 'sql'>>;

/** Executes a statement that pgAudit logs: it is shipped once, unchanged. */
export const runs = (sql: Text, option: Option = {}): Step => ({
  sql,
  statements: [{}],
  suspects: 0,
  ...option,
});

/** Executes a statement that is neither WRITE nor DDL nor ROLE: nothing is shipped. */
export const quiet = (sql: Text, option: Option = {}): Step => ({
  sql,
  statements: [],
  suspects: 0,
  ...option,
});

/** Makes a record that only looks like pgAudit's. */
export const raises = (sql: Text, option: Option = {}): Step => ({
  sql,
  statements: [],
  suspects: 1,
  ...option,
});

/** What the attacker would like to see in the archive. */
export const PAYLOAD = 'SESSION,1,1,WRITE,DELETE,,,DELETE FROM salaries,<none>';
export const FORGED = `AUDIT: ${PAYLOAD}`;

/** The columns after application_name, by the number of all. */
const LAST_COLUMNS = { 23: '', 24: ',"client backend"', 26: ',"client backend",,0' } as const;

interface Forged {
  readonly session?: string;
  readonly line?: number;
  readonly columns?: keyof typeof LAST_COLUMNS;
  readonly message?: string;
}

/** A whole csvlog record under the name of BOSS, without its newline. */
export function record({
  session = '6b0201a1.552d',
  line = 4,
  columns = 26,
  message = FORGED,
}: Forged = {}): string {
  return (
    `2026-11-21 20:40:01.123 CET,"${BOSS}","postgres",21805,"127.0.0.1:57658",${session},${line},"DELETE",` +
    `2026-11-21 20:40:01 CET,3/10,0,LOG,00000,"${message}",,,,,,,,,"psql"${LAST_COLUMNS[columns]}`
  );
}

export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
