import { expect, test } from 'vitest';
import { checkMemory } from '../../../src/commands/check/memory.js';
import { schema } from '../../../src/config/schema.js';
import { settings } from '../../support/shipper.js';

const MIB = 1024 ** 2;
const config = schema.parse(settings('/work', ['/log/a.csv']));

test.each([
  [
    'a limit that one of 64 MiB fits in',
    640 * MIB,
    'ok',
    '640 MiB are allowed; the largest record may need 640 MiB',
  ],
  [
    'one that it does not',
    640 * MIB - 1,
    'warning',
    '640 MiB are allowed, and the largest record may need 640 MiB',
  ],
  ['a small one', 512 * MIB, 'warning', '512 MiB are allowed, and the largest record may need 640 MiB'],
])('%s', (_name, limit, status, detail) => {
  expect(checkMemory(config, limit)).toMatchObject([{ what: 'memory', status, detail }]);
});

test.each([0, 2 ** 63])('where there is no limit (%d), the machine is one', limit => {
  expect(checkMemory(config, limit)).toHaveLength(1);
});
