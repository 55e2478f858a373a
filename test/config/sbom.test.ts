/** `npm run sbom`: what the program is made of, in CycloneDX. */

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { z } from 'zod';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const component = z.object({
  'bom-ref': z.string(),
  name: z.string(),
  version: z.string().regex(/^\d+\.\d+\.\d+/),
  purl: z.string().startsWith('pkg:npm/'),
  hashes: z
    .array(z.object({ alg: z.literal('SHA-512'), content: z.string().regex(/^[0-9a-f]{128}$/) }))
    .min(1),
  licenses: z.array(z.object({})).min(1),
});

const bom = z.object({
  bomFormat: z.literal('CycloneDX'),
  specVersion: z.string(),
  serialNumber: z.string().startsWith('urn:uuid:'),
  metadata: z.object({ component: z.object({ purl: z.string() }) }),
  components: z.array(component),
  dependencies: z.array(z.object({ ref: z.string(), dependsOn: z.array(z.string()) })),
});

const manifest = z
  .object({
    version: z.string(),
    dependencies: z.record(z.string(), z.string()),
    devDependencies: z.record(z.string(), z.string()),
  })
  .parse(JSON.parse(readFileSync(`${ROOT}/package.json`, 'utf8')));

test('names every dependency with version, checksum and licence, and no development tool', () => {
  const { status, stdout, stderr } = spawnSync('npm', ['run', '--silent', 'sbom'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  expect([status, stderr]).toEqual([0, '']);
  const { metadata, components, dependencies } = bom.parse(JSON.parse(stdout));
  expect(metadata.component.purl).toBe(`pkg:npm/pgaudit-shipper@${manifest.version}`);
  const names = components.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(Object.keys(manifest.dependencies)));
  const tools = Object.keys(manifest.devDependencies).filter(isTool);
  expect(names.filter(name => tools.includes(name))).toEqual([]);
  const known = new Set([
    ...components.map(({ 'bom-ref': ref }) => ref),
    `pgaudit-shipper@${manifest.version}`,
  ]);
  expect(
    dependencies.flatMap(({ ref, dependsOn }) => [ref, ...dependsOn]).filter(ref => !known.has(ref)),
  ).toEqual([]);
});

/** A dependency's own dependencies are not development tools, even if tests name them too. */
function isTool(name: string): boolean {
  const lock = z
    .object({ packages: z.record(z.string(), z.object({ dev: z.boolean().optional() })) })
    .parse(JSON.parse(readFileSync(`${ROOT}/package-lock.json`, 'utf8')));
  return lock.packages[`node_modules/${name}`]?.dev === true;
}
