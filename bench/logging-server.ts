/**
 * The tests' Cloud Logging in a process of its own. It prints its endpoint and, asked by a line, what it received: how
 * many entries, and the milliseconds from each statement's time to its receipt.
 */

import { createInterface } from 'node:readline';
import { startLoggingServer } from '../test/support/logging-server.js';

const server = await startLoggingServer();
let delays: number[] = [];
server.refuse = ({ labels, timestamp }) => {
  if (labels.kind === 'statement') delays.push(Date.now() - Date.parse(timestamp));
  return false;
};
process.stdout.write(`${server.endpoint}\n`);
for await (const _question of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify({ received: server.received, delays })}\n`);
  delays = [];
}
await server.close();
