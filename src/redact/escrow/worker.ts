/**
 * Encrypts originals in a thread of its own (started by escrow.ts): one text a message, one answer each, in their order.
 *
 * It runs from `src` too, where Node.js strips the types but finds no `.js`.
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
  // One after the other: answers are told apart by their order alone.
  last = last.then(async () => parentPort?.postMessage(await encrypt(text)));
});
