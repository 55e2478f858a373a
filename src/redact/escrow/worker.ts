/**
 * Encrypts originals in its own thread (started by escrow.ts): one text per message, one answer each, in order.
 *
 * It also runs from `src`, where Node.js strips the types but finds no `.js`.
 */

import { parentPort, workerData } from 'node:worker_threads';
import { Encrypter } from 'age-encryption';

const encrypter = new Encrypter();
const recipients: unknown = workerData;
for (const recipient of Array.isArray(recipients) ? recipients : [])
  encrypter.addRecipient(String(recipient));

/** An age file (age-encryption.org/v1) in base64. */
async function encrypt(text: string): Promise<string> {
  return Buffer.from(await encrypter.encrypt(text)).toString('base64');
}

let last: Promise<unknown> = Promise.resolve();
parentPort?.on('message', (text: string) => {
  // One after the other: only their order says which answer belongs to which text.
  last = last.then(async () => parentPort?.postMessage(await encrypt(text)));
});
