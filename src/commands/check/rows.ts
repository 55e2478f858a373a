/** Whether the history of rows records what it should, and its reader may do no more than read. */

import { z } from 'zod';
import type { SourceConfig } from '../../config/schema.js';
import { rowsFixFor } from '../../daemon/fixes.js';
import { reasonOf } from '../../database/connect.js';
import { RowHistory } from '../../database/rows/history.js';
import { readWatched, type Watched } from '../../database/rows/watched.js';
import { readSnapshot } from '../../database/snapshot.js';
import { shippedRoles, sortRoles } from '../../decide/roles.js';
import { type Finding, failure, ok, warning } from './finding.js';

const READER = 'row_history_reader';
/** Names in one finding. */
const MOST_NAMED = 10;

const rightsSchema = z.object({
  login: z.string(),
  isSuperuser: z.boolean(),
  mayWrite: z.boolean(),
  mayMaintain: z.boolean(),
  others: z.array(z.string()),
});
type Rights = z.infer<typeof rightsSchema>;

const RIGHTS = `SELECT r.rolname AS login, r.rolsuper AS "isSuperuser",
    has_table_privilege('row_history.change', 'INSERT, UPDATE, DELETE, TRUNCATE') AS "mayWrite",
    has_function_privilege('row_history.maintain(xid8, uuid, interval)', 'EXECUTE') AS "mayMaintain",
    ARRAY(SELECT g.rolname::text FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid
      WHERE m.member = r.oid AND g.rolname <> '${READER}' ORDER BY 1) AS others
  FROM pg_roles r WHERE r.rolname = current_user`;

export async function checkRows({ rows, filter }: SourceConfig): Promise<Finding[]> {
  if (rows === undefined) return [];
  const history = new RowHistory(rows.database);
  try {
    if ((await history.frontier()) === null)
      return [ok('rows', 'the server is a standby: the rows of its primary are read there')];
    const [found] = await history.query(RIGHTS, []);
    const watched = await readWatched(history, Date.now());
    const { roles } = await readSnapshot(rows.database, Date.now);
    const persons = shippedRoles(await sortRoles(roles, filter), filter).map(({ name }) => name);
    return [
      ...rightFindings(rightsSchema.parse(found)),
      ...watchedFindings(watched),
      ...serviceFindings(watched, new Set(persons)),
      ...(filter.rows === 'drop' ? [droppedFinding()] : []),
    ];
  } catch (error) {
    const code = reasonOf(error);
    return [
      failure('rows', `cannot be read (${code})`, 'no old and new values are shipped', rowsFixFor(code)),
    ];
  } finally {
    await history.close();
  }
}

function rightFindings({ login, isSuperuser, mayWrite, mayMaintain, others }: Rights): Finding[] {
  const why = 'whoever gets hold of this login could change the history, or more';
  const findings: Finding[] = [];
  if (isSuperuser)
    findings.push(failure('rows', `${login} is a superuser`, why, `ALTER ROLE ${login} NOSUPERUSER;`));
  else if (mayWrite)
    findings.push(failure('rows', `${login} may write the history`, why, `REVOKE the right from ${login}`));
  if (!mayMaintain)
    findings.push(
      failure(
        'rows',
        `${login} may not call row_history.maintain`,
        'no partitions are made for months to come',
        `GRANT ${READER} TO ${login};`,
      ),
    );
  if (others.length > 0)
    findings.push(
      warning(
        'rows',
        `${login} is a member of ${named(others)}, too`,
        why,
        `give rows.database a login of its own, with ${READER} alone`,
      ),
    );
  return findings.length > 0 ? findings : [ok('rows', `read as ${login}, who may do nothing else`)];
}

function watchedFindings({ relations }: Watched): Finding[] {
  if (relations.length === 0)
    return [
      failure(
        'rows',
        'no table is under watch',
        'no row is recorded',
        "SELECT row_history.watch('schema.table');",
      ),
    ];
  const faulty = relations.filter(({ fault }) => fault !== null);
  if (faulty.length === 0) return [ok('rows', `${relations.length} tables and partitions are under watch`)];
  return faulty.map(({ name, fault }) =>
    failure(
      'rows',
      `${name}: ${fault}`,
      'changes of its rows are not recorded, or may be made without',
      FIXES[fault ?? ''] ?? WATCH_AGAIN,
    ),
  );
}

const WATCH_AGAIN = 'SELECT row_history.watch of the table again; the archive says who changed it';
const FIXES: Readonly<Record<string, string>> = {
  'table-gone': 'SELECT row_history.unwatch(relation) FROM row_history.watched, for the one that is gone',
};

/** The triggers are never called for a service: who is on that list and a person for the filter has no rows anywhere. */
function serviceFindings({ relations }: Watched, persons: ReadonlySet<string>): Finding[] {
  const services = [...new Set(relations.flatMap(one => one.services ?? []))];
  const both = services.filter(name => persons.has(name));
  if (both.length === 0) return [];
  return [
    failure(
      'rows',
      `${named(both)}: a service for the triggers, and no service for the filter`,
      'no row that they change is recorded',
      'SELECT row_history.services(…) without them; or name them in filter.serviceUsers',
    ),
  ];
}

function droppedFinding(): Finding {
  return warning(
    'rows',
    'filter.rows is drop',
    'the history is read, and nothing of it is shipped',
    'filter: {rows: ship}',
  );
}

function named(names: readonly string[]): string {
  const more = names.length - MOST_NAMED;
  return `${names.slice(0, MOST_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
