/** An event's line as a syslog message (RFC 5424), framed for a stream (RFC 6587; by octets as in RFC 5425). */

import { StateError } from '../../lib/errors.js';
import { parseJson } from '../../lib/json.js';
import { type CefOptions, cefOf } from './cef.js';
import { isObject, type Json, textOf } from './json.js';

export interface MessageOptions extends CefOptions {
  readonly kinds: ReadonlySet<string>;
  readonly framing: 'octet-counted' | 'newline';
  readonly node: string;
}

/** Facility 13 is log audit; 4 is a warning, 6 information. */
const FACILITY = 13;
const WARNING = 4;
const INFORMATION = 6;

/** The framed message of a line; `null` if its kind does not go there. Throws a StateError if it is no event. */
export function messageOf(line: Buffer, options: MessageOptions): Buffer | null {
  const event = parseJson(line);
  if (!isObject(event))
    throw new StateError('the journal contains a line that is not an event: its disk is damaged.');
  const kind = textOf(event.kind);
  return options.kinds.has(kind) ? framed(syslog(event, kind, options), options.framing) : null;
}

function syslog(event: Json, kind: string, options: MessageOptions): string {
  const cef = cefOf(event, options);
  const severity = cef.split('|', 7)[6] === 'WARN' ? WARNING : INFORMATION;
  const host = printable(options.node);
  return `<${FACILITY * 8 + severity}>1 ${textOf(event.time)} ${host} pgaudit-shipper - ${kind} - ${cef}`;
}

/** HOSTNAME is printable ASCII without spaces (RFC 5424, 6). */
function printable(text: string): string {
  return text.replaceAll(/[^!-~]/g, '_').slice(0, 255) || '-';
}

function framed(message: string, framing: MessageOptions['framing']): Buffer {
  if (framing === 'newline') return Buffer.from(`${message}\n`);
  const bytes = Buffer.from(message);
  return Buffer.concat([Buffer.from(`${bytes.length} `), bytes]);
}
