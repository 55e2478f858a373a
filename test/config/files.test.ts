/** The example files: what they say is true. */

import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { loadConfig } from '../../src/config/load.js';
import { settingNames } from '../../src/config/schema.js';
import { temporaryFolder } from '../support/temp.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8');

describe('config/example.yaml', () => {
  // A default is a comment of the form `# name: value`.
  const writtenOut = read('config/example.yaml').replaceAll(/^( *)# ([a-zA-Z]+: (?!the ).+)$/gm, '$1$2');

  /** Its section on several servers, uncommented. */
  const several = Object(
    parse((/^# sources:\n(# {2}.*\n)+/m.exec(writtenOut)?.[0] ?? '').replaceAll(/^# /gm, '')),
  );

  test('can be loaded with several servers, too', async () => {
    const { source: _one, ...shared } = Object(parse(writtenOut));
    const path = join(await temporaryFolder(), 'example.yaml');
    await writeFile(path, stringify({ ...shared, ...several }));
    const { sources } = await loadConfig(path, {});
    expect(sources.map(({ instance }) => instance)).toEqual(['orders', 'billing']);
  });

  test('can be loaded, as it is and with every default written out', async () => {
    const asItIs = await loadConfig(join(ROOT, 'config/example.yaml'), {});
    const path = join(await temporaryFolder(), 'example.yaml');
    await writeFile(path, writtenOut);
    expect(JSON.stringify(await loadConfig(path, {}))).toBe(JSON.stringify(asItIs));
  });

  test('names every setting, and no other', () => {
    const names = settingNames();
    const keysOf = (value: unknown, prefix: string): string[] => {
      // Values of settings may be anything.
      if (names.includes(prefix) || typeof value !== 'object' || value === null) return [prefix];
      if (Array.isArray(value)) return value.flatMap(one => keysOf(one, prefix));
      return Object.entries(value).flatMap(([key, inner]) =>
        keysOf(inner, prefix ? `${prefix}.${key}` : key),
      );
    };
    expect([...new Set(keysOf({ ...Object(parse(writtenOut)), ...several }, ''))].sort()).toEqual(
      names.toSorted(),
    );
  });
});

test("README's settings write the log where its configuration, and the package's, read it", async () => {
  const readme = read('README.md');
  const [, folder = ''] = /^log_directory = '([^']+)'/m.exec(readme) ?? [];
  const path = join(await temporaryFolder(), 'readme.yaml');
  await writeFile(path, /^```yaml\n([^`]+)^```$/m.exec(readme)?.[1] ?? '');
  for (const name of [path, join(ROOT, 'packaging/config.yaml')])
    expect((await loadConfig(name, {})).sources.flatMap(({ files }) => files)).toEqual([`${folder}/*.csv`]);
});

test('config/local.yaml can be loaded without any variable', async () => {
  const { archive, logging } = await loadConfig(join(ROOT, 'config/local.yaml'), {});
  expect([archive.to.kind, logging.to.kind]).toEqual(['file', 'file']);
});

test("nais.yaml is valid against Nais' schema", () => {
  const ajv = new Ajv({ strict: false, logger: false, unicodeRegExp: false });
  // It names a meta-schema that ajv does not bring, and uses nothing of it.
  const validate = ajv.compile(
    JSON.parse(read('test/fixtures/nais-schema.json'), (key, value) =>
      key === '$schema' ? undefined : value,
    ),
  );
  const [document] = parseAllDocuments(read('nais.yaml'));
  const application: unknown = document?.toJS();
  expect(validate(application), JSON.stringify(validate.errors?.slice(0, 3))).toBe(true);
  expect(application).toMatchObject({
    kind: 'Application',
    spec: {
      replicas: { min: 1, max: 1 },
      strategy: { type: 'Recreate' },
      liveness: { path: '/internal/isalive' },
      readiness: { path: '/internal/isready' },
      prometheus: { enabled: true, path: '/internal/prometheus' },
      gcp: { buckets: [{ retentionPeriodDays: 4018 }], permissions: [{ role: 'roles/logging.logWriter' }] },
    },
  });
  expect(validate({ ...Object(application), spec: { replicas: 1 } })).toBe(false);
});
