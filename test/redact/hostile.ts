/** Texts that a scrubber may take for ever on. */

/** So much of a text that repeats itself; not cut off inside a unit. */
const fill = (unit: string, size: number) => unit.repeat(Math.ceil(size / unit.length));

/** As many units as fit, each with its number in it. */
const numbered = (unit: (index: number) => string, size: number) =>
  Array.from({ length: Math.floor(size / (unit(0).length + 5)) }, (_, index) => unit(index)).join('');

function quoted(sql: string, times: number): string {
  return times === 0 ? sql : quoted(`SELECT '${sql.replaceAll("'", "''")}'`, times - 1);
}

/** What is repeated after a name that makes it worth reading. */
const REPEATED = [
  ...[
    "'",
    "''",
    "' ",
    '"',
    '" ',
    '$',
    '$ ',
    '$a ',
    ' $a$b',
    '$$',
    '/',
    '/*',
    '/* ',
    '/*/',
    '*/',
    '-',
    '--\n',
    '--',
  ],
  ...[
    ' ',
    '\n',
    '(',
    ')',
    ',',
    '%s',
    '\\',
    "\\'",
    "'\\' ",
    "'a'\n",
    "\n'b'",
    "E'",
    "U&'a' /* */",
    '@',
    ':',
    '://',
  ],
  ...['\0', '\ud800', 'å', 'a.', "INSERT INTO u VALUES (1, 'it''s', $1); -- x\n"],
];

/** Repeated names, and what may be taken for their values. */
const NAMES = [
  ...[
    'password ',
    'password',
    'password=',
    "password '",
    "password ''",
    'password$$',
    'password /* ',
    'password--\n',
  ],
  ...[
    'password /**/ ',
    "password /**/ = /**/ f('",
    'password=f(',
    'password=password(',
    'password a b c ',
    'password.',
  ],
  ...[
    '"password"',
    '"password" ',
    '"password":"',
    "'password' ",
    "'password'||",
    "'password='||password||",
    'pass',
  ],
  ...[
    "password\\'",
    "password \\\\'x",
    "password 'x' 'a\\'b' ",
    "'password=x\\'' ",
    "E'password\\'' ",
    'password := ',
  ],
  ...[
    'password text DEFAULT ',
    "'password='''",
    'a://b:c@',
    "'x://y:z",
    'x://@:',
    "U&'password' UESCAPE ",
    'api-key=',
  ],
  ...[
    "format('PASSWORD %L',",
    "format('password=%s','a','b','c','d','e')",
    "set_config('password',",
    '(password,',
  ],
  ...[
    '(password) VALUES (',
    "INSERT INTO u (a,password) VALUES ('x','y'); ",
    '{"password":"a\\"b"},',
    'password TO ',
  ],
  ...[
    "password E'\\'' \"x\" $$ '' /* -- ",
    "/*U&',password='",
    "'''--password='",
    ...[
      'crypt(',
      "pgp_sym_encrypt(a,'x'",
      "format('password %L',f(",
      "concat('password=',",
      "password=concat('a',",
    ],
    ...["'password','x',", "'password: x\n", '"password": 1,', 'SET a.password = x ', '(password) SELECT '],
    ...['SCRAM-SHA-256$1:a', 'eyJaaaaaaaaa.', '-----BEGIN PRIVATE KEY-----', 'authorization: bearer '],
    ...[
      'password=CASE WHEN a THEN ',
      "password=CASE WHEN 'x' THEN 'y' ",
      "password=f(a,'x1y2z3',",
      'password=f(a[',
      'password=a.',
      'password=',
      "'x'=password ",
      "'x' AS password,",
      '$1=password ',
      '(VALUES (1)) v(password)',
      "(VALUES ('x1y2z3')) v(password),",
      '(VALUES unnest(',
      ') v(a,password',
      'v(password)',
      "(password) SELECT * FROM (VALUES ('x'),",
      '(password) SELECT * FROM unnest(',
      "(password) SELECT * FROM unnest(ARRAY['x'],",
      'set_password(',
      "set_password('x1y2z3',",
      "digest('x1y2z3',login(",
      "create_user(a,'x1y2z3'),",
      "'smtp.password','x1y2z3',",
      "key='smtp.password' value=",
      "value='x1y2z3' ",
      "'password' THEN 'x'",
      "a['password']=",
      'EXECUTE p(',
      "PREPARE p AS UPDATE u SET password=$1; EXECUTE p('x');",
      'SET password = p, p = q, q = ',
      "SELECT p; SET password = p; p = 'x1y2z3' ",
    ],
    ...[
      '"password":[',
      '"password":{"a":"x1y2z3",',
      '"password": ["x1y2z3"],',
      '\\"password\\":\\"',
      '\\\\"password\\\\":\\\\"x',
      '"name":"password","value":"',
      '"name":"password" ',
      '"value":"x1y2z3","name":"password"',
      '"value":"',
      'value="x" name="',
      '<password>',
      '<password>x',
      '<password ',
      '<a:password><![CDATA[',
      '--password ',
      '--password x ',
      'a.password=x\n',
      'a.a.a.password=',
      'password is x1y2z3 ',
      'password is ',
      'password: x1y2z3 ',
      '\npassword = x y\n',
    ],
    ...[
      '-----BEGIN RSA PRIVATE KEY-----\nA-B: c\n',
      '-----BEGIN PGP PRIVATE KEY BLOCK-----',
      "-----BEGIN PRIVATE KEY-----'",
      '-----BEGIN ',
      '-----END ',
      'ghp_aaaaaaaaaaaaaaaa ',
      'ghp_',
      'sk-',
      'SG.aaaaaaaaaaa',
      'SG.',
      'AKIA',
      'xoxb-',
      'dp.pt.',
      'hvs.aaaaaaaaaaaa.',
      '$2a$10$',
      '$argon2id$',
      '{SHA}',
      'md5a',
      'Bearer ',
      'Bearer x1y2z3 ',
      'cookie: a=b',
      'set-cookie: a=',
      'cookie:',
      '?sig=',
      '&a-signature=x1y2z3',
      'auth=("a","',
      'auth=(',
      'a.b:5432:c:d:',
      ':5432:',
      'localhost:*:*:',
      'hooks.slack.com/services/',
    ],
    ...[
      'curl -u a:',
      'curl -u ',
      'curl ',
      'sshpass -p ',
      'mysql -p',
      'echo x ',
      'echo x | sudo -S ',
      'smbclient -U a%',
      'htpasswd -b a ',
      'openssl -pass pass:',
      'vault login ',
      "curl -u a:'",
      'curl -u a:"',
      ' -u a:b',
    ],
    "SELECT 'x' UNION ALL ",
    'U&"/*password=\'',
    'password \ud800',
  ],
];

/** Makes a text of about a size; by what is hostile about it. */
export const HOSTILE: Record<string, (size: number) => string> = {
  'nothing to scrub': size => fill("INSERT INTO konto (id, navn) VALUES (42, 'Kari Nordmann');\n", size),
  'a name, then a long run': size => `password=${fill('x', size)}`,
  'a name in quotes, then a long run': size => `SELECT 'password=${fill('x', size)}`,
  'names with long gaps': size => fill(`password${' '.repeat(500)}`, size),
  'tags that are never closed': size => numbered(index => `password $a${index}$ `, size),
  'tags that are never closed, around names': size => numbered(index => `$a${index}$ password `, size),
  'ever more backslashes': size => numbered(index => `password ${'\\'.repeat(index % 700)}' `, size / 40),
  'one long tag': size => `password $${fill('a', size)}`,
  'a comment with many inside': size => `password ${fill('/*', size / 2)}${fill('*/', size / 2)}'x'`,
  'a literal in a great many pieces': size => `password 'x'${fill("\n''", size)}`,
  'an escaped literal': size => `SELECT E'password ${fill('\\x41', size)}'`,
  'a spelled literal': size => `SELECT U&'password ${fill('\\0041', size)}'`,
  'a URI without an end': size => `a://b:${fill('c', size)}`,
  'one format of very many': size => `SELECT format('password ${fill('%s', size)}', 'x')`,
  'rows of secrets': size => `INSERT INTO u (a,password,token) VALUES ${fill("('a','b','c'),", size)}`,
  'one row that does not end': size => `INSERT INTO u (a,password) VALUES ${fill("('x',", size)}`,
  'a list of secret columns': size => `INSERT INTO u (${fill('password,', size)}a) VALUES ('x')`,
  'four quotings inside each other': size => quoted(fill("password 'x' ", size / 20), 4),
  'eight of them': size => quoted(fill("password 'x' ", size / 300), 8),
  'bodies inside each other': size =>
    `DO $a$ DO $b$ DO $c$ DO $d$ ${fill("password = foo('x') ", size)} $d$ $c$ $b$ $a$`,
  'bodies with literals of their own': size =>
    `DO $a$ DO $b$ DO $c$ DO $d$ ${fill("E'password\\'' ", size)} $d$ $c$ $b$ $a$`,
  'bodies that are not closed': size => `DO $a$ DO $b$ DO $c$ DO $d$ ${fill("password''' ", size)}`,
};
HOSTILE['a command, then options again and again'] = size => `curl ${fill('-u a:b ', size)}`;
HOSTILE['an alias, then its name again and again'] = size =>
  `UPDATE u SET password = p; ${fill("p='x' ", size)}`;
HOSTILE['an alias, then lists of it'] = size =>
  `UPDATE u SET password = p; ${fill("(VALUES ('x1y2z3')) v(p),", size)}`;
HOSTILE['a key, then values again and again'] = size => `SELECT 'password'; ${fill("value='x1y2z3' ", size)}`;
HOSTILE['a key, then values of CASE'] = size => `SELECT 'password'; ${fill('value=CASE WHEN ', size)}`;
HOSTILE['a CASE of very many'] = size =>
  `UPDATE u SET password = CASE id ${fill("WHEN 1 THEN 'x' ", size)} END`;
HOSTILE['parentheses before a list of columns'] = size =>
  `${fill('(', size / 2)}VALUES (1)${fill(')', size / 2)} v(password)`;
HOSTILE['a list in JSON that does not end'] = size => `{"password": [${fill('"x1y2z3",', size)}`;
for (const unit of REPEATED) {
  HOSTILE[`a name, then ${JSON.stringify(unit)} again and again`] = size => `password ${fill(unit, size)}`;
}
for (const unit of NAMES) HOSTILE[`${JSON.stringify(unit)} again and again`] = size => fill(unit, size);
