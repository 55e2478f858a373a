import { expect, test } from 'vitest';
import { placeOf } from '../../../src/lib/google/logging.js';

test.each([
  // URL leaves out a scheme's default port.
  ['https://logging.p.googleapis.com:443', { host: 'logging.p.googleapis.com', port: 443 }],
  ['https://logging.p.googleapis.com:8443', { host: 'logging.p.googleapis.com', port: 8443 }],
  ['http://127.0.0.1:80', { host: '127.0.0.1', port: 80 }],
  ['https://[::1]', { host: '[::1]', port: 443 }],
])('%s: host and port separately', (endpoint, place) => {
  expect(placeOf(endpoint)).toEqual(place);
});
