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
for (const unit of REPEATED) {
  HOSTILE[`a name, then ${JSON.stringify(unit)} again and again`] = size => `password ${fill(unit, size)}`;
}
for (const unit of NAMES) HOSTILE[`${JSON.stringify(unit)} again and again`] = size => fill(unit, size);
