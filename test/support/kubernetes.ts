/**
 * Checks objects with Kubernetes' own schemas from the packages kubernetes-models and
 * @kubernetes-models/prometheus-operator: JSON schemas know required fields and allowed values, types also know
 * misspelt fields.
 */

import { spawnSync } from 'node:child_process';
import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from './temp.js';

const MODULES = fileURLToPath(new URL('../../node_modules', import.meta.url));

/** A whole object, or a part that another kind of object has (`Container`, `Volume`). */
export interface Model {
  /** `apps/v1` */
  readonly apiVersion: string;
  readonly kind: string;
  readonly data: object;
}

/** Throws if the schema's rules are broken. */
export async function validate({ apiVersion, kind, data }: Model): Promise<void> {
  const module: unknown = await import(moduleOf(apiVersion, kind));
  const Kind: unknown = Reflect.get(Object(module), kind);
  if (typeof Kind !== 'function') throw new Error(`there is no schema of ${apiVersion} ${kind}`);
  const object: unknown = Reflect.construct(Kind, [data]);
  const check: unknown = Reflect.get(Object(object), 'validate');
  if (typeof check !== 'function') throw new Error(`${kind} cannot be validated`);
  Reflect.apply(check, object, []);
}

/** The compiler's errors about unknown fields and values of the wrong type; '' if there are none. */
export async function misspelt(models: readonly Model[]): Promise<string> {
  const folder = await temporaryFolder();
  await symlink(MODULES, join(folder, 'node_modules'));
  const lines = models.map(({ apiVersion, kind, data }, index) => {
    const type = `import('${moduleOf(apiVersion, kind)}').I${kind}`;
    return `export const object${index}: ${type} = ${JSON.stringify(data)};`;
  });
  await writeFile(join(folder, 'objects.ts'), lines.join('\n'));
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2024'];
  const compiler = join(MODULES, '.bin/tsc');
  const { status, stdout, stderr } = spawnSync(compiler, [...options, '--types', '', 'objects.ts'], {
    cwd: folder,
    encoding: 'utf8',
  });
  return status === 0 ? '' : `${stdout}${stderr}`;
}

function moduleOf(apiVersion: string, kind: string): string {
  const isMonitoring = apiVersion.startsWith('monitoring.coreos.com/');
  const name = isMonitoring ? '@kubernetes-models/prometheus-operator' : 'kubernetes-models';
  return `${name}/${apiVersion}/${kind}`;
}
