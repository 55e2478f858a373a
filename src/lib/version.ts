import { readFileSync } from 'node:fs';
import { inProject } from './paths.js';

/** The version in package.json. */
export const VERSION: string = readVersion();

/** The newest form of the state folder (`version` in checkpoint.json). Older ones are read; newer ones are refused. */
export const STATE_VERSION = 6;

/** With the commit that was built, and the state's version. */
export function wholeVersion(): string {
  return `${VERSION} (commit ${readCommit()}, state ${STATE_VERSION})`;
}

function readCommit(): string {
  try {
    return String(
      Reflect.get(Object(JSON.parse(readFileSync(inProject('dist/build.json'), 'utf8'))), 'commit'),
    );
  } catch {
    // It was not built by the project's own script.
    return 'unknown';
  }
}

function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(inProject('package.json'), 'utf8'));
  const version: unknown =
    typeof manifest === 'object' && manifest !== null ? Reflect.get(manifest, 'version') : null;
  return typeof version === 'string' ? version : 'unknown';
}
