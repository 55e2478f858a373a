/** The framer of each format. */

import type { LogFormat } from '../../lib/log-format.js';
import { CsvFramer } from './csv-framer.js';
import type { Framer } from './framer.js';
import { LineFramer, type LineFramerOptions } from './line-framer.js';

export type AnyFramerOptions = Omit<LineFramerOptions, 'format'> & { readonly format: LogFormat };

export function createFramer({ format, carried, ...options }: AnyFramerOptions): Framer {
  if (format === 'csvlog') return new CsvFramer(options);
  return new LineFramer({ ...options, format, ...(carried === undefined ? {} : { carried }) });
}
