/** Makes reports as the command line does. */

import { join } from 'node:path';
import { vi } from 'vitest';
import { type ReportArguments, report } from '../../src/commands/report/report.js';

export const NOVEMBER = { since: '2025-11-01', until: '2025-11-30' };

export interface Made {
  readonly code: number;
  readonly path: string;
  /** What it printed. */
  readonly output: string;
}

/** Of the archive in a test's folder; November unless the test says otherwise. */
export async function makeReport(folder: string, given: Partial<ReportArguments> = {}): Promise<Made> {
  const path = join(folder, 'report.html');
  const written: string[] = [];
  const hear = (text: unknown): boolean => written.push(String(text)) > 0;
  const streams = [process.stdout, process.stderr].map(stream =>
    vi.spyOn(stream, 'write').mockImplementation(hear),
  );
  try {
    const code = await report(`file:${join(folder, 'archive')}`, { ...NOVEMBER, out: path, ...given });
    return { code, path, output: written.join('') };
  } finally {
    for (const stream of streams) stream.mockRestore();
  }
}
