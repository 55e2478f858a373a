/** Reads the configuration file and reports all of its faults at once, each with its key and what is allowed. */

import { readFile } from 'node:fs/promises';
import { isMap, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { codeOf } from '../lib/errors.js';
import { substitute } from './environment.js';
import { type Config, schema, settingNames } from './schema.js';

/** The faults of the configuration, one line each: `key: what is allowed`. None contains a value. */
export class ConfigError extends Error {
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(faults.join('\n'));
    this.name = 'ConfigError';
    this.faults = faults;
  }
}

/** Throws a ConfigError. */
export async function loadConfig(path: string, environment: NodeJS.ProcessEnv): Promise<Config> {
  const document = parseYaml(await readText(path));
  const { value, missing } = substitute(document, environment);
  const unset = missing.map(one => `${keyOf(one.path)}: environment variable ${one.variable} is not set`);
  if (unset.length > 0) throw new ConfigError(unset);
  const parsed = schema.safeParse(value, { reportInput: true });
  if (parsed.success) return parsed.data;
  throw new ConfigError(parsed.error.issues.flatMap(describe));
}

async function readText(path: string): Promise<string> {
  try {
    return utf8(await readFile(path));
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError([
      `cannot be read (${codeOf(error)}); give --config FILE or PGAUDIT_SHIPPER_CONFIG`,
    ]);
  }
}

/** In another encoding, an expression such as `^Kjær` would match nobody, without a word. */
function utf8(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new ConfigError(['is not UTF-8: save it as UTF-8']);
  }
}

function parseYaml(text: string): unknown {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    throw new ConfigError(
      document.errors.map(({ pos: [at], code }) => `line ${lines.linePos(at).line}: is not YAML (${code})`),
    );
  }
  if (!isMap(document.contents))
    throw new ConfigError(['must contain settings, such as instance: my-database']);
  try {
    return document.toJS();
  } catch {
    throw new ConfigError(['has aliases without an anchor, or too many aliases']);
  }
}

function describe(issue: z.core.$ZodIssue): string[] {
  if (issue.code === 'unrecognized_keys') {
    const allowed = `unknown setting; allowed here: ${settingsAt(issue.path).join(', ')}`;
    return issue.keys.map(key => `${keyOf([...issue.path, key])}: ${allowed}`);
  }
  if (issue.code === 'invalid_type' && issue.input === undefined)
    return [`${keyOf(issue.path)}: is required`];
  // Unless the schema has words of its own.
  if (issue.code === 'invalid_type' && issue.expected === 'object' && /^Invalid input/.test(issue.message))
    return [`${keyOf(issue.path)}: must have settings of its own: ${settingsAt(issue.path).join(', ')}`];
  return [`${keyOf(issue.path)}: ${issue.message}`];
}

/** `identity[1].directory` */
function keyOf(path: readonly PropertyKey[]): string {
  const steps = path.map(step => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`));
  return steps.join('').replace(/^\./, '') || 'settings';
}

/** The names of the settings in a section. */
function settingsAt(path: readonly PropertyKey[]): string[] {
  const section = path
    .filter(step => typeof step !== 'number')
    .map(String)
    .join('.');
  const inside = settingNames().filter(name => section === '' || name.startsWith(`${section}.`));
  return [...new Set(inside.map(name => name.slice(section.length).replace(/^\./, '').split('.')[0] ?? ''))];
}
