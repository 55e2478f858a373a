/** A first configuration, from what a server says of itself. */

import { isTimeZone } from '../../config/values.js';
import type { ServerLook } from '../../database/look.js';
import { missingClasses } from '../../database/population/rules.js';
import { collectorOff, logsAuthentication, notLoaded } from '../../database/population/server.js';
import { alterSystem } from '../../lib/sql/compose.js';
import { propose } from './sort.js';

/** Names that are shown of roles that are neither. */
const MOST_NAMED = 20;

/** YAML. Names come from the server, and may be any text: they are written as JSON, which is one line of YAML. */
export function composeConfig(look: ServerLook, url: string): string {
  const logins = look.roles.filter(({ canLogin }) => canLogin).map(({ name }) => name);
  const { persons, services, undecided } = propose(logins.filter(name => name !== 'postgres'));
  const { setting, files, isKnown, isInside } = logOf(look);
  const zone = setting('log_timezone');
  const missing = missingSql(look);
  return [
    '# A first configuration of pgaudit-shipper, from what the server said. Every setting: config/example.yaml.',
    '# See whether each line is right, then: pgaudit-shipper check',
    '',
    '# The server, as auditors know it: part of every id. It must not change.',
    `instance: ${text(instanceOf(url))}`,
    '',
    'source:',
    ...(isKnown ? [] : ['  # The server does not show its folder to this role. Name the csvlog files:']),
    ...(isInside ? INSIDE : []),
    `  files: [${text(files)}]`,
    ...(zone !== null && isTimeZone(zone) ? [`  timezone: ${text(zone)}`] : []),
    '',
    'filter:',
    '  # Login roles of persons, which are shipped, and of applications, which never are (RE2).',
    `  personalUsers: [${persons.map(text).join(', ')}]`,
    `  serviceUsers: [${services.map(text).join(', ')}]`,
    ...undecidedLines(undecided),
    '',
    'identity:',
    "  - pattern: ['^(?<id>[A-Za-z]\\d{6})$', '^v-oidc-(?<id>[A-Za-z]\\d{6})-', '^(?<email>[^@\\s]+@[^@\\s]+)$']",
    '',
    `database: {url: ${text(url)}}`,
    '',
    '# For a trial both are folders. For auditors: gs://bucket/prefix, and projects/<project>/logs/<log>.',
    'archive: {to: "file:pgaudit-shipper-data/archive"}',
    'logging: {to: "file:pgaudit-shipper-data/logging"}',
    'state: {directory: pgaudit-shipper-data/state}',
    ...(missing.length === 0
      ? []
      : [
          '',
          '# What the server lacks for this, as SQL for a superuser:',
          ...missing.map(line => `#   ${line}`),
        ]),
    '',
  ].join('\n');
}

function undecidedLines(names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const shown = names.slice(0, MOST_NAMED).map(text).join(', ');
  const rest = names.length > MOST_NAMED ? `, and ${names.length - MOST_NAMED} more` : '';
  return [
    `  # Neither, by their names: ${shown}${rest}.`,
    '  # Put each into a list. Until then what they do is shipped: too much is better than too little.',
    '  otherUsers: ship',
  ];
}

function logOf({ settings }: ServerLook) {
  const setting = (name: string): string | null => settings.get(name)?.value ?? null;
  const [folder, data] = [setting('log_directory') ?? '', setting('data_directory')];
  const isKnown = folder.startsWith('/') || (data !== null && data !== '');
  const whole = folder.startsWith('/') ? folder : `${data || '/var/lib/postgresql/data'}/${folder || 'log'}`;
  return { setting, files: `${whole}/*.csv`, isKnown, isInside: isKnown && isWithin(whole, data) };
}

/** Whether a folder is in the data folder; if the server does not show that one, in the usual one. */
function isWithin(folder: string, data: string | null): boolean {
  return folder.startsWith(`${data || '/var/lib/postgresql/data'}/`);
}

const INSIDE = [
  "  # In the server's data folder, which only its own user may enter. So that the shipper need not run as that user:",
  `  # ${alterSystem('log_directory', '/var/log/postgresql')}`,
];

/** What the README asks for, and is not so. */
function missingSql(look: ServerLook): string[] {
  const value = (name: string): string => look.settings.get(name)?.value ?? '';
  const listed = (name: string): string[] =>
    value(name)
      .split(',')
      .map(one => one.trim().toLowerCase())
      .filter(Boolean);
  const sql: string[] = [];
  const want = (isThere: boolean, line: string): void => void (isThere || sql.push(line));
  const classes = listed('pgaudit.log');
  const wanted = ['write', 'ddl', 'role'];
  const [library, collector] = [notLoaded(look), collectorOff(look)];
  if (library !== null) sql.push(library.fix, 'CREATE EXTENSION pgaudit; in each database');
  if (collector !== null) sql.push(collector.fix);
  want(
    listed('log_destination').includes('csvlog'),
    alterSystem('log_destination', [...listed('log_destination'), 'csvlog'].join(',')),
  );
  want(
    missingClasses(value('pgaudit.log'), ['WRITE', 'DDL', 'ROLE']).length === 0,
    // The last word counts: with `write, -write`, no writes are logged.
    alterSystem(
      'pgaudit.log',
      [...classes.filter(one => !['none', ...wanted].includes(one)), ...wanted].join(','),
    ),
  );
  for (const name of ['pgaudit.log_parameter', 'pgaudit.log_relation', 'log_disconnections'])
    want(value(name) === 'on', alterSystem(name, 'on'));
  want(logsAuthentication(value('log_connections')), alterSystem('log_connections', 'on'));
  want(
    ['mod', 'all'].includes(value('log_statement')),
    `${alterSystem('log_statement', 'mod')} -- recommended`,
  );
  return sql;
}

/** Letters, digits, dots, dashes and underscores. */
function instanceOf(url: string): string {
  const host = URL.canParse(url) ? new URL(url).hostname : '';
  const name = host.replace(/[^A-Za-z0-9._-]/g, '').replace(/^[._-]+/, '');
  return name === '' || name === 'localhost' || /^[\d.]+$/.test(name) ? 'my-database' : name.slice(0, 128);
}

/** JSON is YAML, on one line, whatever it holds. */
function text(value: string): string {
  return JSON.stringify(value).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff]/g,
    one => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
