import { expect, test } from 'vitest';
import { clientOptions } from '../../../src/lib/google/logging.js';

test.each([
  // URL leaves out a scheme's default port.
  ['https://logging.p.googleapis.com:443', { apiEndpoint: 'logging.p.googleapis.com', port: 443 }],
  ['https://logging.p.googleapis.com:8443', { apiEndpoint: 'logging.p.googleapis.com', port: 8443 }],
  ['http://127.0.0.1:80', { apiEndpoint: '127.0.0.1', port: 80, sslCreds: expect.anything() }],
])('%s: host and port separately', (endpoint, options) => {
  expect(clientOptions(endpoint)).toEqual(options);
});
