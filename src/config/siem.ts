/** The SIEM: where it listens, what it gets, and in which form. */

import { z } from 'zod';
import { text } from './values.js';

/** Kinds that tell a SIEM what somebody did, or that something is wrong with the evidence. */
export const SIEM_KINDS = [
  ...(['statement', 'failure', 'suspect', 'gap', 'alert', 'unaudited'] as const),
  ...(['config', 'population', 'lifecycle', 'row'] as const),
] as const;

const PLACE = /^(tls|tcp):\/\/(\[[0-9a-f:]+\]|[A-Za-z0-9.-]+):(\d{1,5})$/;

const place = z
  .string({ error: 'must be tls://host:port or tcp://host:port' })
  .transform((written, context) => {
    const [, scheme, host = '', port] = PLACE.exec(written) ?? [];
    if ((scheme === 'tls' || scheme === 'tcp') && Number(port) > 0 && Number(port) <= 65_535)
      return { isEncrypted: scheme === 'tls', host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) };
    context.addIssue({ code: 'custom', message: 'must be tls://host:port or tcp://host:port' });
    return z.NEVER;
  });

export const siem = z
  .strictObject({
    to: place,
    format: z.enum(['cef'], { error: 'must be cef' }).default('cef'),
    framing: z
      .enum(['octet-counted', 'newline'], { error: 'must be one of octet-counted, newline' })
      .default('octet-counted'),
    kinds: z
      .array(z.enum(SIEM_KINDS, { error: `must be one of ${SIEM_KINDS.join(', ')}` }), {
        error: 'must be a list of kinds',
      })
      .min(1, 'must name at least one kind')
      .default(['statement', 'failure', 'suspect', 'gap', 'alert', 'unaudited']),
    statements: z
      .enum(['full', 'hash', 'none'], { error: 'must be one of full, hash, none' })
      .default('full'),
    ca: text.exactOptional(),
    cert: text.exactOptional(),
    key: text.exactOptional(),
  })
  .refine(({ cert, key }) => (cert === undefined) === (key === undefined), {
    error: 'cert and key belong together: they are the client certificate',
  })
  .refine(({ to, ca, cert }) => to.isEncrypted || (ca === undefined && cert === undefined), {
    error: 'ca, cert and key need tls://',
  });
export type SiemConfig = z.output<typeof siem>;
