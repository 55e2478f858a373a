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
    'the limit is 640 MiB; the largest record may need 640 MiB',
  ],
  [
    'one that it does not',
    640 * MIB - 1,
    'warning',
    'the limit is 640 MiB, but the largest record may need 640 MiB',
  ],
  ['a small one', 512 * MIB, 'warning', 'the limit is 512 MiB, but the largest record may need 640 MiB'],
])('%s', (_name, limit, status, detail) => {
  expect(checkMemory(config, limit)).toMatchObject([{ what: 'memory', status, detail }]);
});

test.each([0, 2 ** 63])('without a limit (%d), the machine is the limit', limit => {
  expect(checkMemory(config, limit)).toHaveLength(1);
});
