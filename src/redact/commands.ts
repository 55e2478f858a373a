/** Secrets in command lines: `curl -u user:x`, `sshpass -p x`. Options called `password` are found by their name. */

import { add, type MutableRange, type Range } from './ranges.js';

/** The value of an option: in quotes, or up to white space. A value that begins with `$` names a secret elsewhere. */
const GIVEN = `(?:\\\\?"(?!\\$)([^"\\n]{1,200}?)\\\\?"|'{1,2}(?!\\$)([^'\\n]{1,200})'|(?!\\$)([^\\s"'|;&$][^\\s"'|;&]*))`;

/** Options of one letter, and a word. */
const [FLAGS, GROUPS] = ['(?:-\\w{1,8}\\s{1,3}){0,3}', '(?:-\\w{1,8}\\s{1,3}){1,4}'];
const WORD = '(?:"[^"]{1,200}"|[^\\s"-][^\\s"]{0,200})\\s{1,3}';

/** Tools, and what comes before the secret. */
const TOOLS: readonly (readonly [tools: string, before: string])[] = [
  [
    'curl|wget|http|https|xh',
    `(?:-[a-zA-Z]{0,8}[uU]|--user|--proxy-user|-a|--auth)[\\s=]{0,3}["']{0,2}[^\\s:"']{0,64}:|\\s(?:-E|--cert)\\s{1,3}[^\\s:]{1,200}:|(?:-x|--proxy)[\\s=]{1,3}["']{0,2}(?:\\w{1,9}://)?[^\\s:@"']{0,64}:(?=[^\\s"']{1,200}@)|\\s(?:-b|--cookie|--oauth2-bearer)\\s{1,3}(?:["']{0,2}[\\w.-]{1,64}=)?`,
  ],
  [
    'sshpass|mongo|mongosh|mongodump|mongorestore|mongoexport|mongoimport|cypher-shell|mosquitto_pub|clickhouse-client|cqlsh|useradd|usermod',
    '\\s-p\\s{0,3}',
  ],
  ['docker|podman|helm|oc|az|cf', '\\slogin\\b[^|;&]{0,200}?\\s-p\\s{0,3}'],
  ['keytool|jarsigner', '\\s-(?:(?:src|dest)?(?:store|key)|new)pass\\s{1,3}'],
  ['ssh-keygen', '\\s-[NP]\\s{1,3}'],
  ['mc', '\\salias\\s{1,3}set(?:\\s{1,3}\\S{1,200}){3}\\s{1,3}'],
  ['expect', '\\ssend\\s{1,3}(?:--\\s{1,3})?\\\\?'],
  ['mysql|mysqldump|mysqladmin|mysqlimport|mysqlsh|mariadb|mariadb-dump|7z|7za|7zr|rar|unrar', '\\s-p'],
  ['redis-cli|valkey-cli', '\\s-a\\s{0,3}'],
  ['ldapsearch|ldapmodify|ldapadd|ldapdelete|ldappasswd|ldapwhoami', '\\s-[ws]\\s{0,3}'],
  ['openssl|gpg', '\\s-(?:k\\s{1,3}|K\\s{1,3}|pass(?:in|out)?\\s{1,3}["\']{0,2}pass:)'],
  [
    'smbclient|rpcclient|net|smbget|nmblookup',
    '\\s-U\\s{0,3}["\']{0,2}[^\\s%"\']{1,64}%|\\suse\\s{1,3}(?:[A-Za-z]:\\s{1,3})?\\\\{2,4}\\S{1,200}\\s{1,3}(?=[^\\s/*])',
  ],
  [
    'htpasswd',
    `\\s(?=${FLAGS}-\\w{0,7}b)(?:(?=${FLAGS}-\\w{0,7}n)${GROUPS}|(?!${FLAGS}-\\w{0,7}n)${GROUPS}(?:${WORD})?)${WORD}`,
  ],
  ['sqlplus|sqlcl|sqlldr|impdp|expdp', '\\s["\']{0,2}[\\w$#]{1,64}/'],
  ['influx', '\\s-t\\s{1,3}'],
  ['sqlcmd|bcp|isql|osql|tsql|ipmitool|zip|unzip|curlftpfs', '\\s-P\\s{0,3}'],
  ['lftp', '\\s-u\\s{0,3}[^\\s,]{1,64},'],
  ['snmpwalk|snmpget|snmpset', '\\s-[AXc]\\s{0,3}'],
  ['rabbitmqctl', '(?:add_user|change_password)\\s{1,3}\\S{1,64}\\s{1,3}'],
  ['vault', '\\slogin\\s{1,3}(?=[^-])'],
  [
    'echo|printf',
    '\\s{1,3}(?=[^|\\n]{1,200}\\|\\s{0,3}(?:sudo\\s{1,3}(?:-\\w{1,3}\\s{1,3})?-S|passwd|chpasswd|kinit|cryptsetup))',
  ],
];

const NOTHING = /(?!)/g;

const PATTERNS = TOOLS.map(([tools, before]) => ({
  isTool: new RegExp(`^(?:${tools})$`),
  secret: new RegExp(`(?:${before})${GIVEN}`, 'dg'),
}));

export const TOOL = new RegExp(`(?<![\\w.-])(?:${TOOLS.map(([tools]) => tools).join('|')})(?=\\s)`, 'g');

/** No command in a statement that a person writes is longer. */
const LONGEST = 16_000;

/** Takes linear time: each command ends where the next tool begins. */
export function commandSecrets(text: string): Range[] {
  const ranges: MutableRange[] = [];
  let [tool, start] = ['', -1];
  for (const { 0: next, index } of text.matchAll(TOOL)) {
    if (start !== -1) takeSecrets(text, tool, { start, end: index }, ranges);
    [tool, start] = [next, index + next.length];
  }
  if (start !== -1) takeSecrets(text, tool, { start, end: text.length }, ranges);
  return ranges;
}

/** The secrets between the tool's name and the next tool. */
function takeSecrets(text: string, tool: string, { start, end }: Range, ranges: MutableRange[]): void {
  const [line = ''] = text.slice(start, Math.min(end, start + LONGEST)).split('\n', 1);
  const pattern = PATTERNS.find(({ isTool }) => isTool.test(tool));
  for (const { indices } of line.matchAll(pattern?.secret ?? NOTHING)) {
    const [from = 0, to = 0] = indices?.slice(1).find(one => one !== undefined) ?? [];
    add(ranges, { start: start + from, end: start + to });
  }
}
