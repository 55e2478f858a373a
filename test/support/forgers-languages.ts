/** Other procedural languages: some can log without the context that PL/pgSQL always leaves. */

import { type Attempt, BOSS, FORGED, quiet, raises, record, runs, type Told, VERBOSE } from './forgers.js';

/** A PL/Perl function that logs only when its result is discarded, after PL/Perl's own error context. */
function afterwards(name: string, level: string, message = FORGED): string {
  return `CREATE FUNCTION ${name}() RETURNS void LANGUAGE plperl AS $$
    package Late; sub DESTROY { main::elog(main::${level}, '${message}') }
    return bless {}, 'Late'; $$`;
}

/** The same in a trigger. */
function afterTrigger(name: string, message = FORGED): string {
  return `CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plperl AS $$
    package Late; sub DESTROY { main::elog(main::LOG, '${message}') }
    $main::_TD->{late} = bless {}, 'Late'; return; $$`;
}

const deferred = (table: string, hook: string): string =>
  `CREATE CONSTRAINT TRIGGER late AFTER INSERT ON ${table} INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ${hook}()`;

/** The outcome if the log does not show the forgery. */
const FALSE: Told = { statement: 'DELETE FROM salaries', parameters: [], isForged: true };

const LOGIN = `connection authenticated: identity="${BOSS}" method=cert (pg_hba.conf:1)`;

/**
 * Two ways to a record in which every column is as pgAudit writes it, except for the place in the source, which the log
 * has only with `log_error_verbosity = verbose`. Otherwise it becomes a statement, and the log does not show the
 * forgery.
 */
function inGenuineForm(isTold: boolean): Attempt[] {
  const suspects = isTold ? 1 : 0;
  const forged = isTold ? [] : [FALSE];
  const login = isTold ? { logins: [{ user: VERBOSE }] } : { limit: 'every column is as pgAudit writes it' };
  const place = isTold ? 'told' : 'untold';
  return [
    {
      name: `PL/Perl: a deferred trigger, without context and query; the place in the source is ${place}`,
      needs: ['plperl'],
      ...login,
      steps: [
        runs(`CREATE TABLE ${place} (id int)`),
        runs(afterTrigger(`${place}_hook`)),
        runs(deferred(place, `${place}_hook`)),
        runs(`INSERT INTO ${place} VALUES ($1)`, {
          parameters: ['1'],
          statements: [{}, ...forged],
          suspects,
        }),
      ],
    },
    {
      name: `PL/Perl: a function called without SQL, without context and query; the place is ${place}`,
      needs: ['plperl'],
      ...login,
      steps: [
        runs(afterwards(`${place}_fast`, 'LOG')),
        quiet(`${place}_fast()`, { isCall: true, statements: forged, suspects }),
      ],
    },
  ];
}

/**
 * Writes to the pipe of the logging collector as the server's process `pid` does (syslogger.c, PipeProtoHeader); an
 * incomplete message precedes what that process writes next.
 */
function toCollector(text: string, { pid = 16_843_009, isLast = true } = {}): string {
  const bytes = Buffer.alloc(9);
  bytes.writeUInt16LE(Buffer.byteLength(text), 2);
  bytes.writeUInt32LE(pid, 4);
  bytes.writeUInt8(isLast ? 0x21 : 0x20, 8);
  const header = [...bytes].map(byte => `chr(${byte})`).join(' . ');
  return `DO LANGUAGE plperl $perl$ print STDERR ${header} . '${text}' $perl$`;
}

const pidOf = (session = ''): number => Number.parseInt(session.split('.')[1] ?? '', 16);

const TCL: readonly Attempt[] = [
  {
    name: 'PL/Tcl: elog, which leaves context and query empty',
    needs: ['pltcl'],
    steps: [
      runs(
        `CREATE FUNCTION tcl() RETURNS void LANGUAGE pltcl AS $$ elog LOG "${FORGED}"; elog WARNING "${FORGED}"; elog NOTICE "${FORGED}" $$`,
      ),
      raises('SELECT tcl()', { suspects: 2 }),
      raises('tcl()', { isCall: true, suspects: 2 }),
    ],
  },
  {
    name: 'PL/Tcl: an error, with a SQLSTATE that it would like',
    needs: ['pltcl'],
    steps: [
      runs(
        `CREATE FUNCTION tcl_error() RETURNS void LANGUAGE pltcl AS $$ return -code error -errorcode {POSTGRES 15 SQLSTATE 00000} "${FORGED}" $$`,
      ),
      raises('SELECT tcl_error()', { fails: true }),
    ],
  },
  {
    name: 'PL/Tcl: a deferred trigger, whose query is no longer known',
    needs: ['pltcl'],
    steps: [
      runs('CREATE TABLE tcl_hooked (id int)'),
      runs(
        `CREATE FUNCTION tcl_hook() RETURNS trigger LANGUAGE pltcl AS $$ elog LOG "${FORGED}"; return OK $$`,
      ),
      runs(deferred('tcl_hooked', 'tcl_hook')),
      runs('INSERT INTO tcl_hooked VALUES ($1)', { parameters: ['1'], suspects: 1 }),
    ],
  },
];

const PYTHON: readonly Attempt[] = [
  {
    name: 'PL/Python: log, warning and error, with SQLSTATE 00000, and afterwards',
    needs: ['plpython3u'],
    before: [
      `CREATE FUNCTION python() RETURNS text LANGUAGE plpython3u AS $$
class Late:
    def __del__(self): plpy.log('${FORGED}', sqlstate='00000')
plpy.log('${FORGED}', sqlstate='00000', detail='${FORGED}')
plpy.warning('${FORGED}', sqlstate='01000')
return Late()
$$`,
    ],
    steps: [raises('SELECT python()', { suspects: 3 })],
  },
];

const PERL: readonly Attempt[] = [
  {
    name: 'PL/Perl: elog and warn',
    needs: ['plperl'],
    steps: [
      raises(
        `DO LANGUAGE plperl $$ elog(LOG, '${FORGED}'); elog(WARNING, '${FORGED}'); warn '${FORGED}' $$`,
        {
          suspects: 3,
        },
      ),
      raises(`DO LANGUAGE plperl $$ die '${FORGED}' $$`, { fails: true }),
    ],
  },
  {
    name: 'PL/Perl: a text with fake records to standard error, which does not go to the csvlog',
    needs: ['plperl'],
    steps: [
      quiet(`DO LANGUAGE plperl $perl$ print STDERR chr(10) . '${record()}' . chr(10) $perl$`),
      runs('DELETE FROM t WHERE false'),
    ],
  },
  {
    name: 'PL/Perl: a record after the function, without context',
    needs: ['plperl'],
    steps: [runs(afterwards('late_log', 'LOG')), raises('SELECT late_log()')],
  },
  {
    name: 'PL/Perl: a warning after the function, without context and query',
    needs: ['plperl'],
    steps: [runs(afterwards('late_warning', 'WARNING')), raises('SELECT late_warning()')],
  },
  {
    name: 'PL/Perl: a warning with a login of another, without context and query',
    needs: ['plperl'],
    steps: [
      runs(afterwards('late_login', 'WARNING', LOGIN)),
      quiet('SELECT late_login()'),
      runs('DELETE FROM t WHERE false'),
    ],
  },
  {
    name: 'PL/Perl: a record at the end of the session, without context and query',
    needs: ['plperl'],
    steps: [raises(`DO LANGUAGE plperl $$ eval q{ END { elog(LOG, '${FORGED}') } } $$`)],
  },
  {
    name: 'PL/Perl: a login of another in a deferred trigger, without context and query',
    needs: ['plperl'],
    logins: [{}, {}],
    steps: [
      runs('CREATE TABLE login_hooked (id int)'),
      runs(afterTrigger('login_hook', LOGIN)),
      runs(deferred('login_hooked', 'login_hook')),
      runs('INSERT INTO login_hooked VALUES ($1)', { parameters: ['1'], session: 1 }),
      runs('DELETE FROM t WHERE false', { session: 1 }),
    ],
  },
  ...[true, false].flatMap(inGenuineForm),
  {
    name: 'PL/Perl: any record under any name, written to the logging collector',
    needs: ['plperl'],
    limit: 'the collector takes it for a message of the server',
    steps: [
      quiet(toCollector(`${record({ line: 1 })}\n`), {
        statements: [{ ...FALSE, user: BOSS }],
      }),
    ],
  },
  {
    name: "PL/Perl: pieces of records before another's lines, written to the logging collector",
    needs: ['plperl'],
    logins: [{}, { user: BOSS }],
    steps: ['"', record().slice(0, 150), record().slice(0, -1), record().slice(0, 40), 'x', ','].flatMap(
      piece => [
        quiet(([, other]) => toCollector(piece, { pid: pidOf(other), isLast: false })),
        runs(`UPDATE t SET name = '\n${record()}"\n' WHERE false`, { session: 1 }),
      ],
    ),
    gaps: 6,
  },
];

export const LANGUAGE_ATTEMPTS: readonly Attempt[] = [...TCL, ...PYTHON, ...PERL];
