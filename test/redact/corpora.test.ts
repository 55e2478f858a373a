/**
 * Statements as people write them. In a corpus of secrets each holds `S3CR3T`, and none of it may be left; one of plain
 * statements comes out as it was. The blind ones were written before the code was looked at, the near ones beside it.
 */

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createRedactor } from '../../src/redact/redact.js';

const redact = createRedactor([]);

interface Case {
  readonly label: string;
  readonly statement: string;
  readonly parameters?: string[];
}

function corpus(name: string): Case[] {
  const lines = readFileSync(new URL(`../fixtures/${name}.ndjson`, import.meta.url), 'utf8').trim();
  return lines.split('\n').map((line): Case => JSON.parse(line));
}

/** What is not found, and why. */
const LEFT = new Map([
  [
    'composite cast',
    'a field of a composite type has no name in the text: ROW(…)::credentials may hold anything',
  ],
  ['do constant', 'what is called `nokkel` and no more may be any key'],
  ['security label', 'what a mask shows in the place of a secret is none'],
  ['function returns table', 'the columns of a function are named far from its body'],
  ['return secret', 'what a function returns is not named in its body'],
  ['any values', 'rows of one column after the first one'],
  ['copy from stdin inline', 'the rows of COPY are never in a statement that is logged'],
]);

function left({ statement, parameters = [] }: Case): string {
  const redacted = redact({ statement, parameters });
  return [redacted.statement ?? '', ...(redacted.parameters ?? [])].join('\n');
}

describe.each([
  'cases/redact-secret',
  'redact-blind-secret',
  'redact-near-secret',
  'redact-blind2-secret',
  'redact-blind3-secret',
])('%s', name => {
  const cases = corpus(name);

  test.each(cases.filter(({ label }) => !LEFT.has(label)))('$label: $statement', one => {
    expect(left(one)).not.toMatch(/S3CR3T/i);
  });

  test.each(cases.filter(({ label }) => LEFT.has(label)))('left: $label', one => {
    expect(left(one)).toMatch(/S3CR3T/i);
  });
});

describe.each([
  'cases/redact-plain',
  'redact-blind-plain',
  'redact-near-plain',
  'redact-blind2-plain',
  'redact-blind3-plain',
])('%s', name => {
  test.each(corpus(name))('$label: $statement', ({ statement, parameters = [] }) => {
    expect(redact({ statement, parameters })).toEqual({ statement, parameters, count: 0 });
  });
});
