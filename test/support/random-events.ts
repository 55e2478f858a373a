/** Events of every kind, with texts that look like what readers of lines search for. */

import fc from 'fast-check';
import type { NewEvent } from '../../src/event/event.js';
import {
  ACTOR_STATUSES,
  ALERT_SEVERITIES,
  AUDIT_CLASSES,
  GAP_REASONS,
  SEAL_REASONS,
  SUSPECT_REASONS,
} from '../../src/event/names.js';

const tricky = fc.constantFrom(
  '","session":{"id":"x",',
  ',"audit":{"type":"SESSION","statementId":1,"substatementId":1,"class":"DDL","command":"X",',
  ',"virtualTransactionId":"9/9"',
  '\\","session":{"id":"x",\\',
  '}}\n,"kind":"seal"',
  '"time":"2001-01-01T00:00:00.000Z"',
  '"outcome":"caught"',
  '"certain":false',
  ',"escrow":"',
  `,"signature":"${'A'.repeat(86)}=="}`,
  'Kåre',
  '',
);

export const texts = fc.oneof(
  { weight: 3, arbitrary: fc.stringMatching(/^[a-z_0-9 ]{0,12}$/) },
  tricky,
  fc.string({ unit: 'binary', maxLength: 12 }),
);

const plain = fc.stringMatching(/^[a-z0-9.-]{1,12}$/);
const count = fc.nat(1e6);
const times = fc
  .date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true })
  .map(date => date.toISOString());
const base64 = fc.stringMatching(/^[A-Za-z0-9+/]{0,20}$/);
/** Fields that may be absent. */
const some = { requiredKeys: [] };

const actor = fc
  .tuple(
    fc.record({
      user: texts,
      status: fc.constantFrom(...ACTOR_STATUSES),
      resolvedBy: fc.array(plain, { maxLength: 2 }),
    }),
    fc.record({ id: texts, name: texts, email: texts, unit: texts }, some),
  )
  .map(([{ user, status, resolvedBy }, known]) => ({ user, status, ...known, resolvedBy }));

const session = fc
  .tuple(
    fc.record({
      id: plain,
      line: count,
      startedAt: fc.option(times),
      pid: fc.option(count),
      client: fc.option(texts),
      port: fc.option(count),
      application: fc.option(texts),
    }),
    fc.record({ backendType: texts, leaderPid: count }, some),
    fc.record({ transactionId: plain, virtualTransactionId: fc.option(plain) }),
    fc.record(
      { queryId: plain, authentication: fc.record({ identity: fc.option(texts), method: plain }) },
      some,
    ),
  )
  .map(([client, backend, transaction, others]) => ({ ...client, ...backend, ...transaction, ...others }));

const source = fc.record({ file: texts, fileId: plain, offset: count, length: count });

const daemon = fc.record({ time: times, instance: plain, node: plain });
const fromLog = fc.record({ receivedAt: times, database: fc.option(texts), actor, session, source });
/** In the order in which `make.ts` writes the fields of an event with an id of its own. */
const ofRecord = fc
  .tuple(daemon, fromLog)
  .map(([{ time, instance, node }, { receivedAt, database, actor: who, session: at, source: where }]) => ({
    start: { id: `${instance}/${at.id}/${at.line}`, time, receivedAt, instance, node, database, actor: who },
    end: { session: at, source: where },
  }));

const audit = fc
  .tuple(
    fc.record({
      type: fc.constantFrom('SESSION' as const, 'OBJECT' as const),
      statementId: count,
      substatementId: count,
      class: fc.constantFrom(...AUDIT_CLASSES),
      command: texts,
      objectType: fc.option(texts),
      objectName: fc.option(texts),
      statement: fc.option(texts),
      parameters: fc.option(fc.array(texts, { maxLength: 3 })),
      rows: fc.option(count),
    }),
    fc.record(
      {
        redacted: count,
        escrow: base64,
        objects: fc.array(texts, { maxLength: 3 }),
        objectsFrom: fc.constantFrom('pgaudit' as const, 'parsed' as const, 'ambiguous' as const),
      },
      some,
    ),
  )
  .map(([needed, known]) => ({ ...needed, ...known }));

const statement = fc
  .tuple(ofRecord, audit)
  .map(([{ start, end }, one]) => ({ kind: 'statement' as const, ...start, audit: one, ...end }));

const suspect = fc
  .tuple(
    ofRecord,
    fc.record(
      { reason: fc.constantFrom(...SUSPECT_REASONS), message: texts, redacted: count, escrow: base64 },
      { requiredKeys: ['reason', 'message'] },
    ),
  )
  .map(([{ start, end }, one]) => ({ kind: 'suspect' as const, ...start, suspect: one, ...end }));

const failure = fc
  .tuple(
    ofRecord,
    fc.record(
      {
        statement: plain,
        sqlState: fc.option(plain),
        outcome: fc.constantFrom('failed' as const, 'undone' as const, 'caught' as const),
        certain: fc.constant(false as const),
      },
      { requiredKeys: ['statement', 'sqlState', 'outcome'] },
    ),
  )
  .map(([{ start, end }, one]) => ({ kind: 'failure' as const, ...start, failure: one, ...end }));

const unaudited = fc
  .tuple(
    ofRecord,
    fc.record({
      class: fc.constantFrom(...AUDIT_CLASSES),
      statement: texts,
      expected: count,
      audited: count,
    }),
  )
  .map(([{ start, end }, one]) => {
    const { id: _, ...rest } = start;
    return { kind: 'unaudited' as const, ...rest, unaudited: one, ...end };
  });

const gap = fc
  .tuple(
    daemon,
    times,
    fc.record(
      { reason: fc.constantFrom(...GAP_REASONS), user: texts, session: plain, after: times, before: times },
      { requiredKeys: ['reason'] },
    ),
    source,
  )
  .map(([{ time, instance, node }, receivedAt, one, where]) => ({
    ...{ kind: 'gap' as const, time, receivedAt, instance, node, gap: one, source: where },
  }));

const lifecycle = fc
  .tuple(
    daemon,
    fc.record(
      {
        action: fc.constantFrom('started' as const, 'stopped' as const),
        version: plain,
        newChain: fc.boolean(),
        servers: fc.array(texts, { maxLength: 2 }),
        previousChain: fc.record({ chain: plain, seq: count, hash: plain }),
        retired: fc.constant(true as const),
      },
      { requiredKeys: ['action', 'version'] },
    ),
  )
  .map(([place, one]) => ({ kind: 'lifecycle' as const, ...place, lifecycle: one }));

const changes = fc.array(
  fc.record({
    what: fc.constantFrom('setting' as const, 'role' as const),
    name: texts,
    before: fc.option(texts),
    after: fc.option(texts),
  }),
  { maxLength: 3 },
);
const config = fc
  .tuple(daemon, fc.record({ since: times, changes }))
  .map(([place, one]) => ({ kind: 'config' as const, ...place, config: one }));

const names = fc.array(texts, { maxLength: 3 });
const population = fc
  .tuple(
    daemon,
    fc.record({
      part: fc.record({ index: count, total: count }),
      server: fc.record({ version: plain, pgaudit: fc.option(plain) }),
      databases: count,
      persons: count,
      services: count,
      others: count,
      groups: fc.array(
        fc.record({
          roles: names,
          databases: fc.array(
            fc.record({ databases: names, log: fc.option(texts), isAudited: fc.boolean(), faults: names }),
            { maxLength: 2 },
          ),
        }),
        { maxLength: 2 },
      ),
      unaudited: fc.record({ count, names }),
      mayTurnOff: fc.array(fc.record({ role: texts, by: names }), { maxLength: 2 }),
    }),
  )
  .map(([place, one]) => ({ kind: 'population' as const, ...place, population: one }));

const alert = fc
  .tuple(
    daemon,
    fc.record({ receivedAt: times }),
    fc.record({ database: fc.option(texts), actor }, some),
    fc.record({
      rule: plain,
      severity: fc.constantFrom(...ALERT_SEVERITIES),
      why: texts,
      ids: fc.array(plain, { minLength: 1, maxLength: 2 }),
    }),
  )
  .map(([{ time, instance, node }, { receivedAt }, who, one]) => ({
    ...{ kind: 'alert' as const, time, receivedAt, instance, node, ...who, alert: one },
  }));

const counts = fc.dictionary(plain, count, { maxKeys: 3, noNullPrototype: true });
const records = fc.record({ read: count, shipped: count, dropped: counts, rejected: counts });
const position = fc.record({
  fileId: plain,
  contentId: plain,
  path: texts,
  firstTime: fc.option(count),
  lastTime: texts,
  columns: count,
  offset: count,
  size: count,
  tail: fc.record({ length: count, sha256: plain }),
});
const seal = fc
  .tuple(
    daemon,
    fc.record({
      reason: fc.constantFrom(...SEAL_REASONS),
      firstSeq: count,
      events: counts,
      records,
      coverage: fc.array(fc.record({ file: texts, fileId: plain, from: count, to: count, records }), {
        maxLength: 2,
      }),
      files: fc.array(position, { maxLength: 2 }),
      until: fc.array(fc.record({ time: times }), { maxLength: 2 }),
      maxAge: count,
    }),
  )
  .map(([place, one]) => ({ kind: 'seal' as const, ...place, seal: one }));

/** An event of any kind. */
export const randomEvents: fc.Arbitrary<NewEvent> = fc.oneof(
  { weight: 4, arbitrary: statement },
  suspect,
  { weight: 3, arbitrary: failure },
  unaudited,
  gap,
  lifecycle,
  config,
  population,
  alert,
  { weight: 2, arbitrary: seal },
);
