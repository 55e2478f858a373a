/** Redacts one hostile text, and prints how much memory that took, in bytes, and how much Node.js took by itself. */

import { registerHooks } from 'node:module';

registerHooks({
  resolve: (specifier, context, next) => next(specifier.replace(/^(\..*)\.js$/, '$1.ts'), context),
});
const { createRedactor } = await import('../../src/redact/redact.js');
const { HOSTILE } = await import('./hostile.js');

const [name = '', size = '0', prefix = ''] = process.argv.slice(2);
const base = process.resourceUsage().maxRSS * 1024;
const text = HOSTILE[name]?.(Number(size)) ?? '';
const { count } = createRedactor([])({
  statement: `INSERT INTO x VALUES (${prefix}'${text}')`,
  parameters: null,
});
const most = process.resourceUsage().maxRSS * 1024;
process.stdout.write(JSON.stringify({ length: text.length, count, most, base }));
