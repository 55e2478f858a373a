/** A month of work by made-up people, with everything that a review looks for. */

import type { NewEvent } from '../../src/event/event.js';
import { failureOf, gap, type NewStatement, type Said, statement, suspectOf } from './search.js';

const KARI = { user: 'Z990001', name: 'Kari Nordmann', email: 'kari.nordmann@nav.no' };
export const OLA = { user: 'Z990002', name: 'Ola Hansen', email: 'ola.hansen@nav.no' };

/** Number of writes by Ola on `konto` on 12 November. */
export const BULK = 150;

/** Of November 2025, in order. */
export function november(): NewEvent[] {
  return [
    ...weekdays().flatMap(day => ordinaryDay(day)),
    ...Array.from({ length: BULK }, (_, n) =>
      write(
        `2025-11-12T12:${String(Math.floor(n / 60)).padStart(2, '0')}:${String(n % 60).padStart(2, '0')}.000Z`,
        OLA,
        {
          objects: ['konto'],
          statement: `UPDATE konto SET saldo = ${n} WHERE id = ${n}`,
        },
      ),
    ),
    ...unusual(),
  ].toSorted((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
}

export function write(time: string, who: Said, audit: Said['audit'] = {}): NewStatement {
  return statement({ time, ...who, audit: { objects: ['vedtak'], objectsFrom: 'parsed', ...audit } });
}

function weekdays(): string[] {
  const days = Array.from({ length: 28 }, (_, index) => `2025-11-${String(index + 3).padStart(2, '0')}`);
  return days.filter(day => ![0, 6].includes(new Date(day).getUTCDay()));
}

/** Two persons in the morning; Ola does less. */
function ordinaryDay(day: string): NewEvent[] {
  const count = 1 + (Number(day.slice(-2)) % 5);
  return Array.from({ length: count }, (_, n) => [
    write(`${day}T08:1${n}:00.000Z`, KARI, { objects: [n % 2 === 0 ? 'vedtak' : 'saksbehandling.notat'] }),
    ...(n < 2 ? [write(`${day}T09:1${n}:00.000Z`, OLA)] : []),
  ]).flat();
}

function unusual(): NewEvent[] {
  const failing = write('2025-11-06T10:00:00.000Z', KARI, {
    statement: 'INSERT INTO vedtak VALUES (1)',
    command: 'INSERT',
  });
  const unknown = { ...write('2025-11-19T11:00:00.000Z', { user: 'tmp_dba' }) };
  const { name: _, email: _email, id: _id, ...nobody } = unknown.actor;
  return [
    failing,
    { ...failureOf(failing), time: '2025-11-06T10:00:01.000Z' },
    { ...failureOf(write('2025-11-07T10:00:00.000Z', OLA), null), time: '2025-11-07T10:00:02.000Z' },
    ddl(
      '2025-11-13T13:00:00.000Z',
      KARI,
      'ALTER TABLE',
      'ALTER TABLE vedtak\n  ADD COLUMN begrunnelse text,\n  ADD COLUMN fattet_av text',
    ),
    ddl(
      '2025-11-13T13:01:00.000Z',
      KARI,
      'CREATE INDEX',
      'CREATE INDEX vedtak_fattet_av ON vedtak (fattet_av)',
    ),
    role('2025-11-14T22:15:00.000Z', OLA, 'GRANT', 'GRANT ALL ON ALL TABLES IN SCHEMA public TO ola_privat'),
    role('2025-11-15T10:30:00.000Z', OLA, 'ALTER ROLE', 'ALTER ROLE app PASSWORD <redacted>', 1),
    write('2025-11-16T03:10:00.000Z', OLA, {
      objects: ['konto'],
      statement: 'DELETE FROM konto WHERE id = 7',
      command: 'DELETE',
    }),
    { ...unknown, actor: { ...nobody, status: 'unresolved', resolvedBy: [] } },
    suspectOf(
      write('2025-11-20T12:00:00.000Z', { user: 'tmp_dba' }),
      'AUDIT: SESSION,1,1,WRITE,UPDATE,,,not really,<none>',
    ),
    gap('Z990001', '6b0201a1.9999', '2025-11-21T08:00:00.000Z'),
  ];
}

export function ddl(time: string, who: Said, command: string, text: string): NewStatement {
  return write(time, who, { class: 'DDL', command, statement: text, objects: ['public.vedtak'] });
}

export function role(
  time: string,
  who: Said,
  command: string,
  text: string,
  redacted?: number,
): NewStatement {
  const { audit, ...rest } = write(time, who, { class: 'ROLE', command, statement: text });
  const { objects: _, objectsFrom: _from, ...bare } = audit;
  return { ...rest, audit: { ...bare, ...(redacted !== undefined && { redacted }) } };
}
