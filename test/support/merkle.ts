/** RFC 6962, 2.1, word for word: nothing of the shipper's own code. */

import { createHash } from 'node:crypto';

export function sha256Of(...parts: readonly (Buffer | string)[]): Buffer {
  const whole = createHash('sha256');
  for (const part of parts) whole.update(part);
  return whole.digest();
}

export function merkleRoot(leaves: readonly (Buffer | string)[]): Buffer {
  const [only] = leaves;
  if (only === undefined) return sha256Of();
  if (leaves.length === 1) return sha256Of(Buffer.from([0]), only);
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return sha256Of(Buffer.from([1]), merkleRoot(leaves.slice(0, k)), merkleRoot(leaves.slice(k)));
}
