/** Two resolvers that name two persons: no event may have the id of one and the name of the other. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { authenticationResolver } from '../../src/identity/authentication.js';
import { databaseResolver } from '../../src/identity/database.js';
import { Directory } from '../../src/identity/directory.js';
import { patternResolver } from '../../src/identity/pattern.js';
import type { Resolver } from '../../src/identity/resolver.js';
import { Expression } from '../../src/lib/expression.js';
import { whoIs } from '../support/asker.js';
import { temporaryFolder } from '../support/temp.js';

const proof = authenticationResolver([]);
const pattern = patternResolver([
  new Expression('^(?<id>[A-Z]\\d{6})$'),
  new Expression('^(?<email>.+@nav\\.no)$'),
]);

async function directory(...rows: readonly string[]): Promise<Resolver> {
  const path = join(await temporaryFolder(), 'people.csv');
  await writeFile(path, ['user,id,email,name', ...rows].join('\n'));
  return await Directory.load(path, { directoryLoaded: () => undefined, directoryFailed: () => undefined });
}

function comment(text: string): Resolver {
  return databaseResolver(
    { knows: () => true, commentOf: () => text, mayCommentItself: () => false, isStale: false },
    [],
  );
}

/** A session that proved with a certificate who it is. */
const byCertificate = (name: string) => ({ authentication: { identity: `CN=${name}`, method: 'cert' } });

test('a session on a shared role is of whom its certificate names, not of who has the role by the directory', async () => {
  const shared = 'breakglass,Z990001,kari@nav.no,Kari';
  const alone = await whoIs('breakglass', [proof, await directory(shared)], byCertificate('Z990002'));
  expect(alone).toEqual({
    user: 'breakglass',
    status: 'resolved',
    id: 'Z990002',
    resolvedBy: ['authentication'],
  });
  const known = await directory(shared, ',Z990002,ola@nav.no,Ola');
  expect(await whoIs('breakglass', [proof, known], byCertificate('Z990002'))).toMatchObject({
    id: 'Z990002',
    email: 'ola@nav.no',
    name: 'Ola',
  });
  expect(await whoIs('breakglass', [proof, known], byCertificate('Z990001'))).toMatchObject({
    id: 'Z990001',
    name: 'Kari',
    resolvedBy: ['authentication', 'directory'],
  });
});

test('an address that a session proved is not joined with the person whose id the role has', async () => {
  const people = await directory(',Z990001,kari@nav.no,Kari', ',Z990002,ola@nav.no,Ola');
  expect(await whoIs('Z990001', [proof, people], byCertificate('ola@nav.no'))).toMatchObject({
    id: 'Z990002',
    email: 'ola@nav.no',
    name: 'Ola',
  });
});

test('the comment of a shared role does not name the person that a session proved', async () => {
  const resolvers = [proof, comment('Database team <dba@nav.no>')];
  expect(await whoIs('dba', resolvers, byCertificate('ola@nav.no'))).toEqual({
    user: 'dba',
    status: 'resolved',
    email: 'ola@nav.no',
    resolvedBy: ['authentication'],
  });
  expect(await whoIs('OLA@nav.no', [pattern, comment('Ola <ola@nav.no>')])).toMatchObject({ name: 'Ola' });
});

test('one person with an id has any address', async () => {
  const people = await directory(',Z990002,ola.nordmann@nav.no,Ola');
  const own = authenticationResolver([new Expression('CN=(?<email>.+)')]);
  const about = { authentication: { identity: 'CN=ola@nav.no', method: 'cert' } };
  expect(await whoIs('z990002', [pattern, people], about)).toMatchObject({ id: 'Z990002', name: 'Ola' });
  expect(await whoIs('Z990002', [pattern, own, people], about)).toMatchObject({
    id: 'Z990002',
    email: 'ola@nav.no',
    name: 'Ola',
  });
});

test('the entry of a role without an id is not of whom a certificate names, if the directory has that person', async () => {
  const people = await directory('breakglass,,kari@nav.no,Kari', ',Z990002,ola@nav.no,Ola');
  expect(await whoIs('breakglass', [proof, people], byCertificate('Z990002'))).toMatchObject({
    id: 'Z990002',
    email: 'ola@nav.no',
    name: 'Ola',
  });
});

describe('a personal role keeps its person', () => {
  const kari = { id: 'Z990001', name: 'Kari' };

  test.each([
    ['a Kerberos principal', 'gss', 'Z990001@NAV.NO', ',Z990001,kari@nav.no,Kari'],
    [
      'a Kerberos principal, and an entry of the role',
      'gss',
      'z990001@NAV.NO',
      'Z990001,Z990001,kari@nav.no,Kari',
    ],
    ["Active Directory's name", 'ldap', 'Z990001@nav.no', ',Z990001,kari@nav.no,Kari'],
  ])('with %s', async (_what, method, identity, row) => {
    const found = await whoIs('Z990001', [proof, await directory(row)], {
      authentication: { identity, method },
    });
    expect(found).toMatchObject({ name: 'Kari', resolvedBy: ['authentication', 'directory'] });
  });

  test('with an id that is only a part of the address', async () => {
    const parts = patternResolver([new Expression('^(?<id>[a-z]+)(@nav\\.no)?$')]);
    const people = await directory('kari,Z990001,kari@nav.no,Kari', ',Z990002,ola@nav.no,Ola');
    expect(await whoIs('kari', [parts, people])).toMatchObject({ id: 'kari', name: 'Kari' });
    expect(await whoIs('ola@nav.no', [parts, people])).toMatchObject({ id: 'ola', name: 'Ola' });
  });

  test('with a role named after an address of before', async () => {
    const role = 'kari.hansen@nav.no';
    const people = await directory(`${role},Z990001,kari@nav.no,Kari`);
    expect(await whoIs(role, [pattern, people])).toMatchObject({ ...kari, email: role });
    expect(await whoIs(role, [pattern, comment('Kari <kari@nav.no>')])).toMatchObject({
      name: 'Kari',
      email: role,
    });
  });
});

test('a role named after an address gets nothing of another person who uses it', async () => {
  const own = authenticationResolver([new Expression('^(?<id>\\w+) (?<email>.+)$')]);
  const session = { authentication: { identity: 'Z990002 ola@nav.no', method: 'cert' } };
  const found = await whoIs('kari@nav.no', [pattern, own], session);
  expect(found).toMatchObject({ email: 'kari@nav.no', resolvedBy: ['pattern'] });
  expect(found.id).toBeUndefined();
});
