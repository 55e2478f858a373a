import { expect, test } from 'vitest';
import { authenticationResolver } from '../../src/identity/authentication.js';
import { Expression } from '../../src/lib/expression.js';
import { question } from '../support/asker.js';

const resolver = authenticationResolver([]);

function proven(identity: string | null, method: string, by = resolver): unknown {
  return by.resolve(question('role', { authentication: { identity, method } }));
}

test.each([
  ['CN=Z990001,OU=State finance,O=Nav,C=NO', 'cert', { id: 'Z990001' }],
  ['O=Nav,CN=Z990001', 'cert', { id: 'Z990001' }],
  ['emailAddress=k@nav.no,CN=kari.nordmann@nav.no', 'cert', { email: 'kari.nordmann@nav.no' }],
  ['CN=Nordmann\\, Kari,OU=x', 'cert', { id: 'Nordmann, Kari' }],
  ['CN=K\\C3\\A5re,OU=x', 'cert', { id: 'Kåre' }],
  ['OU=x\\,CN=boss,CN=kari', 'cert', { id: 'kari' }],
  ['OU=x\\\\,CN=kari', 'cert', { id: 'kari' }],
  ['OU=x+CN=kari,O=y', 'cert', { id: 'kari' }],
  ['CN=,O=Nav', 'cert', { id: 'CN=,O=Nav' }],
  ['O=Nav', 'cert', { id: 'O=Nav' }],
  ['uid=Z990001,ou=people,dc=nav,dc=no', 'ldap', { id: 'Z990001' }],
  ['cn=Kari Nordmann,uid=Z990001,dc=no', 'ldap', { id: 'Z990001' }],
  ['Z990001', 'ldap', { id: 'Z990001' }],
  ['kari@NAV.NO', 'gss', { id: 'kari@NAV.NO' }],
  ['kari/admin@NAV.NO', 'gss', { id: 'kari/admin@NAV.NO' }],
  ['kari@NAV.NO', 'sspi', { id: 'kari@NAV.NO' }],
  ['KARI.NORDMANN@NAV.NO', 'oauth', { email: 'KARI.NORDMANN@NAV.NO' }],
  ['kari.nordmann@nav.no', 'gss', { email: 'kari.nordmann@nav.no' }],
  ['kari', 'peer', { id: 'kari' }],
  ['kari', 'ident', { id: 'kari' }],
  ['kari', 'pam', { id: 'kari' }],
  ['kari', 'radius', { id: 'kari' }],
  ['kari', 'bsd', { id: 'kari' }],
])('%s by %s proves %j', (identity, method, person) => {
  expect(proven(identity, method)).toEqual({ person });
});

test.each(['password', 'md5', 'scram-sha-256', 'trust', 'reject', 'something-new'])(
  '%s proves nothing more than the role',
  method => {
    expect(proven('Z990001', method)).toBeNull();
  },
);

test('nothing is proven where nothing was said', () => {
  expect(proven(null, 'cert')).toBeNull();
  expect(proven('', 'cert')).toBeNull();
  expect(resolver.resolve(question('role'))).toBeNull();
});

test('expressions take out what they name, and nothing else counts then', () => {
  const realm = authenticationResolver([
    new Expression('^(?<id>[^@/]+)@NAV\\.NO$'),
    new Expression('CN=(?<name>[^,]+),.*emailAddress=(?<email>[^,]+)'),
  ]);
  expect(proven('kari@NAV.NO', 'gss', realm)).toEqual({ person: { id: 'kari' } });
  expect(proven('CN=Kari,O=x', 'cert', realm)).toBeNull();
  expect(proven('CN=Kari,O=x,emailAddress=k@nav.no', 'cert', realm)).toEqual({
    person: { name: 'Kari', email: 'k@nav.no' },
  });
  expect(proven('kari/admin@NAV.NO', 'gss', realm)).toBeNull();
  expect(proven('kari@NAV.NO', 'trust', realm)).toBeNull();
});
