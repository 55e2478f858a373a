/**
 * Cloud Logging's gRPC in a process of its own, that takes everything and looks at hardly anything: the tests' server
 * decodes what it gets, and takes longer than the daemon that is measured. It prints its endpoint and, asked by a line,
 * how many entries it received, and the milliseconds from each statement's time to its receipt.
 */

import { createInterface } from 'node:readline';
import * as grpc from '@grpc/grpc-js';
import protobuf from 'protobufjs/minimal.js';

/** Numbers of fields (google/logging/v2/logging.proto and log_entry.proto). */
const ENTRIES = 4;
const TIMESTAMP = 9;
const OPERATION = 15;
const LENGTH_DELIMITED = 2;

let received = 0;
let delays: number[] = [];

function take(request: Buffer, now: number): void {
  for (const bytes of fieldsOf(request).get(ENTRIES) ?? []) {
    received += 1;
    const fields = fieldsOf(bytes);
    const [timestamp] = fields.get(TIMESTAMP) ?? [];
    // What happened in a session; the daemon's own events have none.
    if (fields.has(OPERATION) && timestamp !== undefined) delays.push(now - millisecondsOf(timestamp));
  }
}

/** The fields that are messages or texts, by their numbers. */
function fieldsOf(message: Uint8Array): Map<number, Uint8Array[]> {
  const fields = new Map<number, Uint8Array[]>();
  const reader = protobuf.Reader.create(message);
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if ((tag & 7) !== LENGTH_DELIMITED) reader.skipType(tag & 7);
    else if (fields.has(tag >>> 3)) fields.get(tag >>> 3)?.push(reader.bytes());
    else fields.set(tag >>> 3, [reader.bytes()]);
  }
  return fields;
}

function millisecondsOf(timestamp: Uint8Array): number {
  const reader = protobuf.Reader.create(timestamp);
  let time = 0;
  while (reader.pos < reader.len) {
    const isSeconds = reader.uint32() >>> 3 === 1;
    time += isSeconds ? Number(reader.int64()) * 1000 : reader.int32() / 1e6;
  }
  return time;
}

const same = (bytes: Buffer): Buffer => bytes;
const server = new grpc.Server({ 'grpc.max_receive_message_length': -1 });
server.addService(
  {
    write: {
      path: '/google.logging.v2.LoggingServiceV2/WriteLogEntries',
      requestStream: false,
      responseStream: false,
      requestSerialize: same,
      requestDeserialize: same,
      responseSerialize: same,
      responseDeserialize: same,
    },
  },
  {
    write(call: grpc.ServerUnaryCall<Buffer, Buffer>, answer: grpc.sendUnaryData<Buffer>) {
      take(call.request, Date.now());
      answer(null, Buffer.alloc(0));
    },
  },
);
const port = await new Promise<number>((resolve, reject) => {
  server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
    error === null ? resolve(bound) : reject(error),
  );
});
process.stdout.write(`http://127.0.0.1:${port}\n`);
for await (const _question of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify({ received, delays })}\n`);
  delays = [];
}
server.forceShutdown();
