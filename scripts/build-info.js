// Writes down which commit was built: `--version` tells it.

import { writeFileSync } from 'node:fs';
import { commit } from './commit.js';

const file = new URL('../dist/build.json', import.meta.url);
writeFileSync(file, `${JSON.stringify({ commit: commit() })}\n`);
