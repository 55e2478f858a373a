/**
 * What pgAudit logs of each role, from settings alone: every way in which a person may not be audited, and any number
 * of persons.
 */

import { describe, expect, test } from 'vitest';
import type { Role, ServerLook } from '../../../src/database/look.js';
import { populationParts } from '../../../src/database/population/parts.js';
import {
  type Population,
  type PopulationRules,
  populationOf,
} from '../../../src/database/population/population.js';
import { problemsOf } from '../../../src/database/population/problems.js';
import type { Sorted } from '../../../src/decide/roles.js';
import type { PopulationFields } from '../../../src/event/population.js';

const RULES: PopulationRules = {
  classes: ['WRITE', 'DDL', 'ROLE'],
  otherUsers: 'drop',
  pgauditLogLevel: 'log',
};

const GOOD: Readonly<Record<string, string | null>> = {
  log_min_messages: 'warning',
  'pgaudit.log': 'write, ddl, role',
  'pgaudit.log_catalog': 'on',
  'pgaudit.log_client': 'off',
  'pgaudit.log_level': 'log',
  'pgaudit.log_parameter': 'on',
  'pgaudit.log_parameter_max_size': '0',
  'pgaudit.log_relation': 'on',
  'pgaudit.log_statement': 'on',
};

function roleNamed(name: string, more: Partial<Role> = {}): Role {
  return {
    name,
    canLogin: true,
    isSuperuser: false,
    mayCreateRoles: false,
    memberOf: [],
    grantable: [],
    maySetAudit: false,
    connects: '11',
    ...more,
  };
}

interface Given extends Partial<ServerLook> {
  readonly values?: Readonly<Record<string, string | null>>;
  readonly kinds?: Readonly<Record<string, Sorted['kind']>>;
}

function lookWith({ values = {}, ...more }: Given): ServerLook {
  const settings = Object.entries({ ...GOOD, ...values });
  return {
    server: 'db:5432',
    version: 150_018,
    user: 'shipper',
    settings: new Map(settings.map(([name, value]) => [name, { name, value, isPending: false }])),
    overrides: [],
    roles: [roleNamed('kari'), roleNamed('ola')],
    databases: [{ name: 'hold' }, { name: 'lager' }],
    pgaudit: '1.7',
    logFile: 'hidden',
    jsonLogFile: null,
    ...more,
  };
}

async function populationWith(given: Given, rules = RULES): Promise<Population> {
  const look = lookWith(given);
  const sorted = look.roles
    .filter(({ canLogin }) => canLogin)
    .map(role => ({ role, kind: given.kinds?.[role.name] ?? 'person', isInBoth: false }));
  return await populationOf(look, sorted, rules);
}

const override = (setting: string, value: string, role: string | null, database: string | null = null) => ({
  setting,
  role,
  database,
  value,
});

describe('not audited', () => {
  test.each<[string, Given, string]>([
    [
      'a class is missing',
      { values: { 'pgaudit.log': 'write' } },
      'pgaudit.log write: DDL, ROLE not audited',
    ],
    ['none', { values: { 'pgaudit.log': 'none' } }, 'pgaudit.log none: WRITE, DDL, ROLE not audited'],
    [
      'the log leaves it out',
      { values: { log_min_messages: 'fatal' } },
      'log_min_messages fatal: records of level log do not reach the log',
    ],
    [
      'its level is too low',
      { values: { 'pgaudit.log_client': 'on', 'pgaudit.log_level': 'notice' } },
      'log_min_messages warning: records of level notice do not reach the log',
    ],
    [
      'nobody can see it',
      { values: { 'pgaudit.log': null } },
      "the server's own pgaudit.log cannot be seen: it is unknown whether everything is audited",
    ],
    [
      'pgauditlogtofile',
      { values: { 'pgaudit.log_directory': 'log', 'pgaudit.log_filename': 'audit.log' } },
      "pgauditlogtofile takes the records out of the server's log",
    ],
  ])('%s', async (_, given, words) => {
    const { unaudited, groups } = await populationWith(given);
    expect(unaudited).toEqual({ count: 2, names: ['kari', 'ola'] });
    expect(groups.map(({ databases }) => databases.map(({ faults }) => faults))).toEqual([[[words]]]);
  });

  test('without pgAudit nobody is', async () => {
    const settings = new Map([['log_min_messages', { name: '', value: 'warning', isPending: false }]]);
    const found = await populationWith({ settings });
    expect(found.unaudited.count).toBe(2);
    expect(found.server).toEqual({ version: '15.18', pgaudit: null });
    expect(found.groups).toEqual([
      {
        roles: ['kari', 'ola'],
        databases: [
          { databases: ['hold', 'lager'], log: null, isAudited: false, faults: ['pgAudit is not loaded'] },
        ],
      },
    ]);
  });

  test.each<[string, Given, string]>([
    ['parameters', { values: { 'pgaudit.log_parameter': 'off' } }, 'the parameters are not logged'],
    ['statements', { values: { 'pgaudit.log_statement': 'off' } }, 'the statements themselves'],
    ['the catalogs', { values: { 'pgaudit.log_catalog': 'off' } }, 'changes of the system catalogs'],
    ['long parameters', { values: { 'pgaudit.log_parameter_max_size': '80' } }, 'longer parameters'],
    ['MERGE', { values: { 'pgaudit.log_relation': 'off' } }, 'MERGE, and WITH that changes rows'],
    [
      'suspects',
      { values: { 'pgaudit.log_client': 'on', 'pgaudit.log_level': 'warning' } },
      'shipped as suspects',
    ],
  ])('a record that is logged but lacks something is another fault: %s', async (_, given, words) => {
    const { unaudited, lacking, lost } = await populationWith(given);
    expect([unaudited.count, lost, lacking]).toEqual([0, [], [expect.stringContaining(words)]]);
  });

  test('a configured level of warning is not a fault', async () => {
    const values = { 'pgaudit.log_client': 'on', 'pgaudit.log_level': 'warning' };
    const { lacking } = await populationWith({ values }, { ...RULES, pgauditLogLevel: 'warning' });
    expect(lacking).toEqual([]);
  });
});

describe('who', () => {
  test('one database is enough, if the person may connect to it', async () => {
    const overrides = [override('pgaudit.log', 'none', null, 'lager')];
    const roles = [roleNamed('kari', { connects: '10' }), roleNamed('ola')];
    const { unaudited, groups } = await populationWith({ overrides, roles });
    expect(unaudited.names).toEqual(['ola']);
    expect(
      groups.map(({ roles: of, databases }) => [of, databases.map(one => [one.databases, one.log])]),
    ).toEqual([
      [['kari'], [[['hold'], 'write, ddl, role']]],
      [
        ['ola'],
        [
          [['hold'], 'write, ddl, role'],
          [['lager'], 'none'],
        ],
      ],
    ]);
  });

  test('the same state by other ways is one group', async () => {
    const overrides = [
      override('pgaudit.log', 'none', 'kari'),
      override('pgaudit.log', 'none', 'ola', 'hold'),
      override('pgaudit.log', 'none', 'ola', 'lager'),
    ];
    const { groups } = await populationWith({ overrides });
    expect(groups.map(({ roles }) => roles)).toEqual([['kari', 'ola']]);
  });

  test('services and others are counts, unless others are shipped', async () => {
    const roles = ['kari', 'app', 'batch'].map(name => roleNamed(name));
    const kinds = { app: 'service', batch: 'other' } as const;
    const values = { 'pgaudit.log': 'none' };
    const found = await populationWith({ roles, kinds, values });
    expect([found.persons, found.services, found.others, found.unaudited.names]).toEqual([1, 1, 1, ['kari']]);
    const shipped = await populationWith({ roles, kinds, values }, { ...RULES, otherUsers: 'ship' });
    expect([shipped.persons, shipped.others, shipped.unaudited.names]).toEqual([2, 0, ['kari', 'batch']]);
  });
});

describe('who may turn it off', () => {
  const roles = [
    roleNamed('admins', { canLogin: false, isSuperuser: true }),
    roleNamed('app', { isSuperuser: true }),
    roleNamed('dba', { memberOf: ['admins', 'others'] }),
    roleNamed('files', { memberOf: ['pg_write_server_files'] }),
    roleNamed('hr', { mayCreateRoles: true }),
    roleNamed('kari'),
    roleNamed('root', { isSuperuser: true }),
    roleNamed('tuner', { maySetAudit: true }),
    // Since PostgreSQL 16, who has ADMIN OPTION alone is no member, but may add herself; not to a superuser.
    roleNamed('granter', { grantable: ['pg_write_server_files'] }),
    roleNamed('granter_of_tuners', { grantable: ['tuner'] }),
    roleNamed('granter_of_others', { grantable: ['kari', 'admins'] }),
  ];

  test.each([
    [150_018, ['dba', 'files', 'hr', 'root', 'tuner', 'granter', 'granter_of_tuners']],
    [160_000, ['dba', 'files', 'root', 'tuner', 'granter', 'granter_of_tuners']],
  ])('in version %d', async (version, expected) => {
    const { mayTurnOff } = await populationWith({ roles, version, kinds: { app: 'service' } });
    expect(mayTurnOff.map(({ role }) => role)).toEqual(expected);
    expect(mayTurnOff[0]).toEqual({ role: 'dba', by: ['member of admins'] });
  });
});

describe('problems', () => {
  const codesWith = async (given: Given): Promise<string[]> =>
    problemsOf(lookWith(given), await populationWith(given), null).map(({ code }) => code);

  test.each<[Given, string[]]>([
    [{}, []],
    [{ values: { 'pgaudit.log': 'none' } }, ['not-audited']],
    [{ values: { 'pgaudit.log_parameter': 'off' } }, ['audited-in-part']],
    [{ values: { log_destination: 'stderr' } }, ['log-format']],
    [{ values: { log_destination: 'csvlog', logging_collector: 'off' } }, ['log-format']],
    [{ settings: new Map() }, ['pgaudit-not-loaded', 'not-audited']],
    [
      { values: { 'pgaudit.log_directory': 'log', 'pgaudit.log_filename': 'a' } },
      ['pgauditlogtofile', 'not-audited'],
    ],
    [{ values: { 'pgaudit.log_directory': 'log', 'pgaudit.log_filename': '' } }, []],
  ])('%j', async (given, expected) => {
    expect(await codesWith(given)).toEqual(expected);
  });

  test.each([
    ['matched', []],
    ['elsewhere', []],
    ['unmatched', ['log-elsewhere']],
  ] as const)('a file that is written now and is %s', async (state, expected) => {
    const active = { path: '/log/new/a.csv', state };
    const found = problemsOf(lookWith({}), await populationWith({}), active);
    expect(found.map(({ code }) => code)).toEqual(expected);
  });

  test('a group role of a memberOf rule that is gone, or is called otherwise now', async () => {
    const look = lookWith({ roles: [roleNamed('kari', { memberOf: ['people'] }), roleNamed('people')] });
    const found = problemsOf(look, await populationWith({}), null, ['people', 'persons']);
    expect(found).toEqual([
      {
        code: 'group-missing',
        what: 'memberOf:persons: the server has no such role, so the rule matches nobody new',
        fix: 'name the group as it is called now in filter, or CREATE ROLE persons NOLOGIN; and GRANT it to its members',
      },
    ]);
  });

  test('they name nobody, and say what to do', async () => {
    const given = { overrides: [override('pgaudit.log', 'none', 'kari')] };
    const [problem] = problemsOf(lookWith(given), await populationWith(given), null);
    expect(problem?.what).toBe(
      '1 of 2 persons are not audited as filter.classes requires (pgaudit.log none: WRITE, DDL, ROLE not audited)',
    );
    expect(JSON.stringify(problem)).not.toContain('kari');
  });
});

describe('any number', () => {
  const namesIn = ({ population }: PopulationFields): number =>
    population.groups.reduce(
      (sum, { roles, databases }) =>
        sum + roles.length + databases.reduce((all, one) => all + one.databases.length, 0),
      population.mayTurnOff.length,
    );

  test.each([
    [20_000, 20],
    [7, 12_000],
    [4000, 4000],
  ])(
    '%d roles and %d databases: parts of at most 5,000 names, and nobody twice or not at all',
    async (many, wide) => {
      const connects = '1'.repeat(wide);
      const roles = Array.from({ length: many }, (_, n) =>
        roleNamed(`z${n}`, { connects, isSuperuser: n % 3 === 0 }),
      );
      const databases = Array.from({ length: wide }, (_, n) => ({ name: `d${n}` }));
      const overrides = [
        ...roles.slice(0, 300).map(({ name }) => override('pgaudit.log', 'none', name)),
        override('pgaudit.log', 'ddl', null, 'd1'),
      ];
      const parts = populationParts(await populationWith({ roles, databases, overrides }));
      expect(Math.max(...parts.map(namesIn))).toBeLessThanOrEqual(5000);
      expect(parts.map(({ population }) => population.part)).toEqual(
        parts.map((_, index) => ({ index, total: parts.length })),
      );
      const pairs = new Map<string, number>();
      for (const { population } of parts)
        for (const group of population.groups)
          for (const role of group.roles)
            pairs.set(
              role,
              (pairs.get(role) ?? 0) + group.databases.reduce((sum, one) => sum + one.databases.length, 0),
            );
      expect([pairs.size, new Set(pairs.values())]).toEqual([many, new Set([wide])]);
      expect(parts.flatMap(({ population }) => population.mayTurnOff)).toHaveLength(Math.ceil(many / 3));
      const reported = parts.map(({ population }) => population.unaudited);
      expect(new Set(reported.map(({ count }) => count))).toEqual(new Set([many]));
      expect(reported[0]?.names).toHaveLength(Math.min(100, many));
    },
  );

  test('an empty population is one part', async () => {
    expect(populationParts(await populationWith({ roles: [] }))).toMatchObject([
      { population: { part: { index: 0, total: 1 }, persons: 0, unaudited: { count: 0, names: [] } } },
    ]);
  });
});
