/**
 * A statement's whole line, read off its bytes: an expression that matches only lines that JSON and the schema accept, too.
 * It takes a third of the time of parsing, and finds nothing in a line that is laid out in any other way, however valid.
 *
 * Each part can match in one way only, so a line takes time that grows with its length, whatever it holds.
 */

const CHARACTERS = '[^"\\\\\\x00-\\x1f]*(?:\\\\(?:["\\\\/bfnrt]|u[0-9A-Fa-f]{4})[^"\\\\\\x00-\\x1f]*)*';
/** JSON, with its quotes. */
const TEXT = `"${CHARACTERS}"`;
const TEXTS = `\\[(?:${TEXT}(?:,${TEXT})*)?\\]`;
/** Printable ASCII that JSON writes as it is, without its quotes. */
const WORD = '[ !#-\\[\\]-~]*';
const NUMBER = '(?:0|[1-9]\\d{0,14})';
const TIME = '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z';

const orNull = (holds: string): string => `(?:${holds}|null)`;
const maybe = (member: string): string => `(?:,${member})?`;

export type StatementField =
  | ('chain' | 'seq' | 'previousHash' | 'id' | 'time' | 'receivedAt' | 'instance' | 'node' | 'database')
  | ('user' | 'status' | 'actorId' | 'name' | 'email')
  | ('class' | 'command' | 'objectName' | 'statement' | 'parameters' | 'objects' | 'sensitive')
  | ('session' | 'line' | 'fileId' | 'offset' | 'length');

/** Writes what a field may hold. */
type Field = (name: StatementField, holds: string) => string;

/** The members in the order in which `make.ts` and the stages before it write them. */
function layoutOf(field: Field): string {
  return [
    `\\{"v":1,"chain":"${field('chain', WORD)}","seq":${field('seq', '[1-9]\\d{0,14}')}`,
    `,"previousHash":"${field('previousHash', '[0-9a-f]{64}')}","kind":"statement","id":"${field('id', WORD)}"`,
    `,"time":"${field('time', TIME)}","receivedAt":"${field('receivedAt', TIME)}"`,
    `,"instance":"${field('instance', WORD)}","node":"${field('node', WORD)}"`,
    `,"database":${field('database', orNull(TEXT))}`,
    `,"actor":\\{${actorLayout(field)}\\},"audit":\\{${auditLayout(field)}\\}`,
    `,"session":\\{${sessionLayout(field)}\\},"source":\\{"file":${TEXT},"fileId":"${field('fileId', WORD)}"`,
    `,"offset":${field('offset', NUMBER)},"length":${field('length', NUMBER)}${maybe(`"raw":${TEXT}`)}\\}\\}`,
  ].join('');
}

function actorLayout(field: Field): string {
  const status = field('status', '(?:resolved|claimed|stale|unresolved)');
  const known = [
    `"id":${field('actorId', TEXT)}`,
    `"name":${field('name', TEXT)}`,
    `"email":${field('email', TEXT)}`,
  ];
  const maybeKnown = [...known, `"unit":${TEXT}`].map(maybe).join('');
  return `"user":${field('user', TEXT)},"status":"${status}"${maybeKnown},"resolvedBy":${TEXTS}`;
}

function auditLayout(field: Field): string {
  const [auditClass, text] = ['(?:READ|WRITE|FUNCTION|ROLE|DDL|MISC)', orNull(TEXT)];
  return [
    `"type":"(?:SESSION|OBJECT)","statementId":${NUMBER},"substatementId":${NUMBER}`,
    `,"class":"${field('class', auditClass)}","command":${field('command', TEXT)}`,
    `,"objectType":${text},"objectName":${field('objectName', text)}`,
    `,"statement":${field('statement', text)},"parameters":${field('parameters', orNull(TEXTS))}`,
    `,"rows":${orNull(NUMBER)}`,
    maybe('"statementMissing":"previously-logged"'),
    maybe(`"redacted":${NUMBER}`),
    maybe('"escrow":"[A-Za-z0-9+/=]*"'),
    maybe(`"objects":${field('objects', TEXTS)}`),
    maybe('"objectsFrom":"(?:pgaudit|parsed|ambiguous)"'),
    maybe(`"sensitive":${field('sensitive', 'true')}`),
    maybe(`"classFrom":"parsed","loggedClass":"${auditClass}"`),
  ].join('');
}

function sessionLayout(field: Field): string {
  return [
    `"id":"${field('session', WORD)}","line":${field('line', NUMBER)},"startedAt":${orNull(TEXT)}`,
    `,"pid":${orNull(NUMBER)},"client":${orNull(TEXT)},"port":${orNull(NUMBER)},"application":${orNull(TEXT)}`,
    maybe(`"backendType":${TEXT}`),
    maybe(`"leaderPid":${NUMBER}`),
    `,"transactionId":${TEXT},"virtualTransactionId":${orNull(TEXT)}`,
    maybe(`"queryId":${TEXT}`),
    maybe(`"authentication":\\{"identity":${orNull(TEXT)},"method":${TEXT}\\}`),
  ].join('');
}

/** Bytes. Longer texts could take more steps than an expression may. */
const LONGEST = 64 * 1024;

/**
 * Finds these fields of a line, from 1 in the order of the layout and as its bytes (latin1): `undefined` if the line has
 * no such member. `null` if the line is not laid out like this.
 */
export function statementReader(
  ...wanted: readonly StatementField[]
): (line: Buffer) => RegExpExecArray | null {
  const layout = layoutOf((name, holds) => (wanted.includes(name) ? `(${holds})` : `(?:${holds})`));
  const expression = new RegExp(`^${layout}$`);
  return line => (line.length > LONGEST ? null : expression.exec(line.toString('latin1')));
}
