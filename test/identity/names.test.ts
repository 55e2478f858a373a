/** The names that login roles really have. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commentResolver } from '../../src/identity/comment.js';
import { databaseResolver } from '../../src/identity/database.js';
import { Directory } from '../../src/identity/directory.js';
import { patternResolver } from '../../src/identity/pattern.js';
import type { Resolver } from '../../src/identity/resolver.js';
import { Expression } from '../../src/lib/expression.js';
import { whoIs } from '../support/asker.js';
import { temporaryFolder } from '../support/temp.js';

const expressions = (...sources: string[]): Expression[] => sources.map(source => new Expression(source));

async function directory(content: string): Promise<Resolver> {
  const path = join(await temporaryFolder(), 'people.csv');
  await writeFile(path, content);
  return await Directory.load(path, { directoryLoaded: () => undefined, directoryFailed: () => undefined });
}

const LONG = 'kari-margrethe.nordmann-hansen-fredriksen@arbeids-og-velferdsetaten.nav.no';
const OTHER = LONG.replace('nav.no', 'dep.no');
const CUT = LONG.slice(0, 63);

describe('roles of persons', () => {
  const pattern = patternResolver(
    expressions(
      '(?i)^(?<id>[A-Z]\\d{6})$',
      '^v-oidc-(?<id>[A-Z]\\d{6})-',
      '(?i)^(?<email>[^@]+@nav\\.no)$',
      '^(?<id>[^@]+)@[^@]+\\.iam$',
    ),
  );
  const people = 'id,email,name\nZ990001,Kari.Nordmann@nav.no,Kari\nA165413,ola@nav.no,Ola\n';

  test.each([
    ['Z990001', { id: 'Z990001', name: 'Kari' }],
    ['z990001', { id: 'z990001', name: 'Kari' }],
    ['kari.nordmann@nav.no', { email: 'kari.nordmann@nav.no', id: 'Z990001', name: 'Kari' }],
    ['KARI.NORDMANN@NAV.NO', { email: 'KARI.NORDMANN@NAV.NO', id: 'Z990001', name: 'Kari' }],
    ['v-oidc-A165413-1771575386-vp8kYc08-sokos-user', { id: 'A165413', name: 'Ola' }],
    ['deployer@team-prod.iam', { id: 'deployer' }],
  ])('%s', async (user, person) => {
    expect(await whoIs(user, [pattern, await directory(people)])).toMatchObject({
      status: 'resolved',
      ...person,
    });
  });

  test.each(['postgres', 'sokos-user', 'v-oidc-A165413', 'cloudsqladmin', 'kari@other.no'])(
    '%s is nobody',
    async user => {
      expect(await whoIs(user, [pattern, await directory(people)])).toMatchObject({ status: 'unresolved' });
    },
  );
});

describe('e-mail addresses that are longer than a name may be', () => {
  test('are found by what PostgreSQL keeps of them', async () => {
    const people = [await directory(`email,name\n${LONG.toUpperCase()},Kari\n`)];
    expect(await whoIs(CUT, people)).toMatchObject({ name: 'Kari', email: LONG.toUpperCase() });
    expect(await whoIs(LONG, people)).toMatchObject({ name: 'Kari' });
    expect(await whoIs(CUT.slice(0, 62), people)).toMatchObject({ status: 'unresolved' });
  });

  test('are not cut within a character', async () => {
    const email = `${'x'.repeat(62)}åse@nav.no`;
    const people = [await directory(`email,name\n${email},Åse\n`)];
    expect(await whoIs('x'.repeat(62), people)).toMatchObject({ name: 'Åse' });
  });

  test('are nobody if two people share what is kept', async () => {
    const people = [await directory(`id,email,name\nZ1,${LONG},Kari\nZ2,${OTHER},Ola\n`)];
    expect(await whoIs(CUT, people)).toMatchObject({ status: 'unresolved' });
    expect(await whoIs(LONG, people)).toMatchObject({ name: 'Kari' });
    const nameless = [await directory(`email,name\n${LONG},Kari\n${OTHER},Ola\n`)];
    expect(await whoIs(CUT, nameless)).toMatchObject({ status: 'unresolved' });
  });

  test('are one person with two entries, or with two addresses', async () => {
    const years = `email,name,validTo,validFrom\n${LONG},Kari,2026-01-01,\n${LONG},Kari N,,2026-01-02\n`;
    expect(await whoIs(CUT, [await directory(years)])).toMatchObject({ name: 'Kari N' });
    const addresses = `id,email,name\nZ1,${LONG},Kari\nz1,${OTHER},Kari\n`;
    expect(await whoIs(CUT, [await directory(addresses)])).toMatchObject({ name: 'Kari' });
  });

  test('yield to one that is just as long as a name may be', async () => {
    const people = [await directory(`email,name\n${LONG},Kari\n${CUT},Ola\n`)];
    expect(await whoIs(CUT, people)).toMatchObject({ name: 'Ola' });
  });
});

describe('a shared role that is checked out by the hour', () => {
  test.each([
    ['09:59:59.999', null],
    ['10:00:00.000', 'Kari'],
    ['10:59:59.999', 'Kari'],
    ['11:00:00.000', 'Ola'],
    ['11:59:59.999', 'Ola'],
    ['12:00:00.000', null],
  ])('at %s is %s', async (clock, name) => {
    const shared = await directory(`user,id,name,validFrom,validTo
drift,Z990001,Kari,2026-11-21T10:00:00Z,2026-11-21T11:00:00Z
drift,Z990002,Ola,2026-11-21T11:00:00Z,2026-11-21T12:00:00Z
`);
    const actor = await whoIs('drift', [shared], { time: Date.parse(`2026-11-21T${clock}Z`) });
    expect(actor).toMatchObject(name === null ? { status: 'unresolved' } : { status: 'resolved', name });
  });
});

describe('what a client claims', () => {
  const comment = commentResolver(
    expressions('^\\s*user[=:]\\s*(?<id>[A-Z]\\d{6})', '(?<email>\\S+@nav\\.no)'),
  );

  test.each([
    [['user=Z990001', 'psql'], { id: 'Z990001' }],
    [['psql for kari@nav.no', 'user: Z990002'], { email: 'kari@nav.no' }],
    [['nothing', 'app user', 'user: Z990002'], { id: 'Z990002' }],
  ])('%j is claimed, not resolved', async (claims, person) => {
    expect(await whoIs('shared', [comment], { claims: () => claims })).toEqual({
      user: 'shared',
      status: 'claimed',
      ...person,
      resolvedBy: ['comment'],
    });
  });

  test('marks what a directory makes of it', async () => {
    const people = await directory('id,name\nZ990001,Kari\n');
    const actor = await whoIs('shared', [comment, people], { claims: () => ['user=Z990001'] });
    expect(actor).toMatchObject({ status: 'claimed', name: 'Kari', resolvedBy: ['comment', 'directory'] });
  });

  test('does not count if the role identifies the person', async () => {
    const people = await directory('user,id,name\nshared,Z990009,Real\n');
    const actor = await whoIs('shared', [people, comment], { claims: () => ['user=Z990001'] });
    expect(actor).toMatchObject({ status: 'resolved', id: 'Z990009', resolvedBy: ['directory'] });
  });

  test('does not change who a person is, even if it is asked first', async () => {
    const people = await directory('id,name\nZ990001,Kari\nZ990002,Ola\n');
    const pattern = patternResolver(expressions('^(?<id>[A-Z]\\d{6})$'));
    for (const order of [
      [comment, pattern, people],
      [comment, people, pattern],
      [pattern, comment, people],
    ])
      expect(await whoIs('Z990001', order, { claims: () => ['user=Z990002'] })).toMatchObject({
        status: 'resolved',
        id: 'Z990001',
        name: 'Kari',
      });
  });

  test('is read at its start only', async () => {
    const claims = [`${' '.repeat(1000)}kari@nav.no`];
    expect(await whoIs('shared', [comment], { claims: () => claims })).toMatchObject({
      status: 'unresolved',
    });
  });
});

describe("a role's comment", () => {
  const roles = (comment: string | null, isStale = false) => ({
    knows: async (user: string) => user === 'z1',
    commentOf: () => comment,
    mayCommentItself: () => false,
    isStale,
  });

  test.each([
    ['Kari Nordmann <kari@nav.no>', { name: 'Kari Nordmann', email: 'kari@nav.no' }],
    [' <kari@nav.no> ', { email: 'kari@nav.no' }],
    ['kari@nav.no', { email: 'kari@nav.no' }],
    ['Kari Nordmann', { name: 'Kari Nordmann' }],
    ['Kari <on leave>', { name: 'Kari <on leave>' }],
  ])('%s', async (comment, person) => {
    const actor = await whoIs('z1', [databaseResolver(roles(comment), [])]);
    expect(actor).toEqual({ user: 'z1', status: 'resolved', ...person, resolvedBy: ['database'] });
  });

  test.each([[null], [''], ['  ']])('%j names nobody', async comment => {
    expect(await whoIs('z1', [databaseResolver(roles(comment), [])])).toMatchObject({ status: 'unresolved' });
  });

  test('by expressions; old; of a role that is not known', async () => {
    const ident = expressions('ident (?<id>\\w+)');
    const old = databaseResolver(roles('Kari, ident Z1', true), ident);
    expect(await whoIs('z1', [old])).toMatchObject({ status: 'stale', id: 'Z1' });
    expect(await whoIs('z2', [old])).toMatchObject({ status: 'unresolved' });
    expect(await whoIs('z1', [databaseResolver(roles('Kari'), ident)])).toMatchObject({
      status: 'unresolved',
    });
  });
});
