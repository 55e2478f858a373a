/** Scrubs one hostile text, and tells how much memory that took, in bytes, node and all. */

import { registerHooks } from 'node:module';

registerHooks({
  resolve: (specifier, context, next) => next(specifier.replace(/^(\..*)\.js$/, '$1.ts'), context),
});
const { createRedactor } = await import('../../src/redact/redact.js');
const { HOSTILE } = await import('./hostile.js');

const [name = '', size = '0'] = process.argv.slice(2);
const text = HOSTILE[name]?.(Number(size)) ?? '';
const { count } = createRedactor([])({ statement: `INSERT INTO x VALUES ('${text}')`, parameters: null });
const most = process.resourceUsage().maxRSS * 1024;
process.stdout.write(JSON.stringify({ length: text.length, count, most }));
