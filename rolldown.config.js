// Puts the program into few files, without what it does not use of its libraries: it starts sooner, and smaller. What has
// native code or reads files of its own, and Google's clients, stay as they are. Comments go, as Node.js keeps the text of
// every module in memory; lines stay, as it prints one where an error was not caught.

import { defineConfig } from 'rolldown';

export default defineConfig({
  input: {
    main: 'src/main.ts',
    worker: 'src/relations/worker.ts',
    escrow: 'src/redact/escrow/worker.ts',
    people: 'src/identity/people/worker.ts',
    large: 'src/daemon/large/child.ts',
  },
  platform: 'node',
  tsconfig: 'tsconfig.json',
  external: [/^@google-cloud\//, /^@grpc\//, /^@node-rs\//, /^google-/, 'libpg-query', 'pg'],
  output: {
    dir: 'dist',
    cleanDir: true,
    sourcemap: true,
    chunkFileNames: '[name].js',
    comments: { annotation: false, jsdoc: false },
  },
});
