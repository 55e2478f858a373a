import type { LogFormat } from '../../src/lib/log-format.js';
import { CsvFramer } from '../../src/read/frame/csv-framer.js';
import type { Framer } from '../../src/read/frame/framer.js';
import { createFramer } from '../../src/read/frame/framers.js';
import type { RawRecord } from '../../src/read/record.js';

export interface Framed {
  readonly kind: 'record' | 'gap';
  readonly offset: number;
  readonly length: number;
  /** For a record: its columns' texts. */
  readonly fields?: string[];
  /** Its row of csvlog. */
  readonly row?: string;
  readonly reason?: string;
  readonly record?: object;
}

/** All frames of these chunks; `finish` says that no more will come. */
export function frames(
  chunks: readonly Buffer[],
  { finish = false, maxRecordSize = 1 << 26 } = {},
): Framed[] {
  return framesOf(new CsvFramer({ offset: 0, maxRecordSize }), chunks, finish);
}

/** The same of any format. */
export function framedBy(
  format: LogFormat,
  chunks: readonly Buffer[],
  { finish = false, maxRecordSize = 1 << 26 } = {},
): Framed[] {
  return framesOf(createFramer({ format, offset: 0, maxRecordSize }), chunks, finish);
}

export function framesOf(framer: Framer, chunks: readonly Buffer[], finish: boolean): Framed[] {
  const out: Framed[] = [];
  const drain = (): void => {
    for (let frame = framer.next(); frame !== null; frame = framer.next()) {
      const { kind, offset, length } = frame;
      if (frame.kind === 'gap') out.push({ ...frame });
      else {
        const { columns } = frame;
        out.push({
          kind,
          offset,
          length,
          row: frame.bytes.toString(),
          fields: Array.from({ length: columns }, (_, column) => frame.text(column)),
        });
      }
    }
  };
  for (const chunk of chunks) {
    framer.push(chunk);
    drain();
  }
  if (finish) {
    framer.finish();
    drain();
  }
  framer.close();
  return out;
}

/** Cuts bytes at these places, in any order. */
export function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...new Set([...places.map(place => place % (bytes.length + 1)), bytes.length])].sort(
    (a, b) => a - b,
  );
  return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
}

/** Bytes in pieces of one size. */
export function pieces(bytes: Buffer, size: number): Buffer[] {
  const places = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) => index * size);
  return cut(bytes, places);
}

/** The only record in these bytes. */
export function recordOf(bytes: Buffer): RawRecord {
  const framer = new CsvFramer({ offset: 0, maxRecordSize: 1 << 20 });
  framer.push(bytes);
  const frame = framer.next();
  if (frame?.kind !== 'record') throw new Error('the test wrote no record');
  return frame;
}
