import { Phrases } from '../../src/audit/phrases.js';
import { endOfPayload } from '../../src/audit/raw-payload.js';
import { quote } from './csvlog.js';

/** Length of the payload in the log, by a reader that may know payloads from before; -1 if it is not genuine. */
export function rawLength(payload: string, phrases = new Phrases()): number {
  const raw = Buffer.from(quote(payload));
  const bytes = Buffer.concat([raw, Buffer.from(',\n'), Buffer.alloc(600, '"')]);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return endOfPayload(bytes, view, 1, raw.length + 1, phrases);
}
