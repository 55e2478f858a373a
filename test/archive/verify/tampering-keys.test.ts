/** What only a signature, or seals that are kept elsewhere, show of a forged archive (I10). */

import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Anchors } from '../../../src/archive/verify/anchors.js';
import type { PublicKey } from '../../../src/archive/verify/signature.js';
import { readSeals } from '../../../src/commands/verify/seals.js';
import { type Forgery, sealOf, withStatement } from '../../support/forgery.js';
import { realArchive } from '../../support/real-archive.js';
import { temporaryFolder } from '../../support/temp.js';

/** No database is configured here. */
const AUDIT_STATE = expect.stringContaining('the audit state of samples');

const real = realArchive();
const { expectFound, verifyForged } = real;

const shipper = generateKeyPairSync('ed25519');
const next = generateKeyPairSync('ed25519');
const forger = generateKeyPairSync('ed25519');

const since = (key: KeyObject, seq = 1, chain: string | null = null): PublicKey => ({ key, chain, seq });
const keys = [since(shipper.publicKey)];

const editStatement = (forgery: Forgery): void =>
  forgery.edit(2, 2, event => withStatement(event, 'UPDATE t SET a = 666'));

/** As the shipper with a key would have made it. */
const sign = (forgery: Forgery): void => forgery.rebuild(0, shipper.privateKey);

/** The seals as Cloud Logging has them. */
async function anchors(): Promise<Anchors> {
  const folder = join(real.folder, 'logging');
  const paths = (await readdir(folder)).map(name => join(folder, name));
  return (await readSeals(paths)).anchors;
}

describe('an archive that was recomputed from some event on, completely', () => {
  /** With the object at which the seals of Cloud Logging show it. */
  const forgeries: [string, (forgery: Forgery) => void, number][] = [
    ['with another statement', editStatement, 2],
    [
      'without an event, and with counts to match',
      forgery => {
        forgery.object(2).lines.splice(3, 1);
        forgery.edit(2, 7, event => {
          const records = { read: 4, shipped: 4, dropped: {}, rejected: {} };
          const [coverage] = Object(Object(event.seal).coverage);
          const events = { lifecycle: 2, statement: 4 };
          return sealOf(event, { events, records, coverage: [{ ...coverage, records }] });
        });
      },
      3,
    ],
    [
      'with another person',
      forgery =>
        forgery.edit(2, 3, event => ({ ...event, actor: { ...Object(event.actor), user: 'Z990002' } })),
      2,
    ],
    [
      'with another time',
      forgery => forgery.edit(2, 3, event => ({ ...event, time: '2026-11-21T20:40:00.999Z' })),
      2,
    ],
  ];

  test.each(forgeries)('%s: nothing in the archive shows it, and that is said', async (_name, forge) => {
    const { result } = await verifyForged(forgery => {
      forge(forgery);
      forgery.rebuild();
    });
    expect(result.isIntact).toBe(true);
    expect(result.limits).toContainEqual(
      expect.stringMatching(/everything from some event on was rewritten/),
    );
  });

  test.each(forgeries)('%s: the seals of Cloud Logging show it', async (_name, forge, object) => {
    const forgeAll = (forgery: Forgery): void => {
      forge(forgery);
      forgery.rebuild();
    };
    const finding = { code: 'anchor', what: /Cloud Logging/, object } as const;
    await expectFound(forgeAll, finding, { seals: await anchors() });
  });

  test.each(forgeries)('%s: the signatures that are left do not fit', (_name, forge) => {
    const forgeAll = (forgery: Forgery): void => {
      sign(forgery);
      forge(forgery);
      forgery.rebuild(0, 'kept');
    };
    return expectFound(
      forgeAll,
      { code: 'signature', what: /not made with the given key/, object: 2 },
      { keys },
    );
  });

  test('signed with a key of the forger', () =>
    expectFound(
      forgery => {
        sign(forgery);
        editStatement(forgery);
        forgery.rebuild(2, forger.privateKey);
      },
      { code: 'signature', what: /not made with the given key/, object: 2, line: 8, seq: 24 },
      { keys },
    ));

  test('and not signed: the signature was stripped', () =>
    expectFound(
      forgery => {
        sign(forgery);
        editStatement(forgery);
        forgery.rebuild(2);
      },
      { code: 'unsigned', what: /has no signature/, object: 2, line: 8, seq: 24 },
      { keys },
    ));

  test('and signed in a field that is not at the end', () =>
    expectFound(
      forgery => {
        sign(forgery);
        const { lines } = forgery.object(3);
        lines.push((lines.pop() ?? '').replace(/^(.*)(,"signature":"[^"]+")\}$/, '$1$2,"more":1}'));
        forgery.rename(3);
      },
      { code: 'signature', what: /not at the end of its line/, object: 3, line: 8 },
    ));
});

describe('signatures', () => {
  test('good ones are counted', async () => {
    const { result } = await verifyForged(sign, { keys });
    expect(result.isIntact).toBe(true);
    expect(result.parts[0]?.seals).toMatchObject({ total: 4, signed: 4, checked: 4 });
    expect(result.limits).not.toContainEqual(expect.stringMatching(/signature|key/));
  });

  test('without a key it is said that they were not checked', async () => {
    const { result } = await verifyForged(sign);
    expect(result.isIntact).toBe(true);
    expect(result.parts[0]?.seals).toMatchObject({ total: 4, signed: 4, checked: 0 });
    expect(result.limits).toContainEqual(
      expect.stringMatching(/signatures of 4 of 4 seals are good: give --public-key/),
    );
  });

  test('a key counts from its event on, until the next', async () => {
    const change = (forgery: Forgery): void => {
      sign(forgery);
      forgery.rebuild(2, next.privateKey);
    };
    const both = [since(next.publicKey, 17), since(shipper.publicKey)];
    expect((await verifyForged(change, { keys: both })).result.isIntact).toBe(true);
    await expectFound(change, { code: 'signature', what: /not made with/, object: 2 }, { keys });
    const later = [since(next.publicKey, 25), since(shipper.publicKey)];
    await expectFound(change, { code: 'signature', what: /not made with/, object: 2 }, { keys: later });
  });

  test('a key may count from an event of a chain on', async () => {
    const change = (forgery: Forgery): void => {
      sign(forgery);
      forgery.rebuild(2, next.privateKey);
    };
    const inChain = (chain: string) => [since(shipper.publicKey), since(next.publicKey, 17, chain)];
    const { forgery } = await real.hold();
    const [chain = ''] = /\d{8}T\d{6}Z-[0-9a-f]{4}/.exec(forgery.object(0).path) ?? [];
    expect((await verifyForged(change, { keys: inChain(chain) })).result.isIntact).toBe(true);
    const later = inChain('20991231T000000Z-0000');
    await expectFound(change, { code: 'signature', what: /not made with/, object: 2 }, { keys: later });
    const earlier = inChain('20001231T000000Z-0000');
    await expectFound(change, { code: 'signature', what: /not made with/, object: 0 }, { keys: earlier });
  });

  test('seals from before the first key counts need none', async () => {
    const change = (forgery: Forgery): void => forgery.rebuild(2, shipper.privateKey);
    const { result } = await verifyForged(change, { keys: [since(shipper.publicKey, 17)] });
    expect(result.isIntact).toBe(true);
    expect(result.limits).toContainEqual(
      expect.stringMatching(/whether 2 of 4 seals are genuine: no key was given/),
    );
  });
});

describe('seals of Cloud Logging', () => {
  test('all of them are in the archive', async () => {
    const { result } = await verifyForged(() => undefined, { seals: await anchors() });
    expect(result).toMatchObject({
      isIntact: true,
      warnings: [],
      limits: [AUDIT_STATE],
      parts: [{ seals: { total: 4, anchored: 4 } }],
    });
  });

  test('the last object is removed', async () => {
    const remove = (forgery: Forgery): void => void forgery.objects.pop();
    const finding = {
      code: 'tail',
      what: /ends with event 24, but Cloud Logging has its seal 32/,
      seq: 32,
    } as const;
    await expectFound(remove, finding, { seals: await anchors() });
  });

  test('the whole part is removed, and another is there', async () => {
    const remove = (forgery: Forgery): void => {
      for (const object of forgery.objects) {
        object.path = object.path.replace('node=test', 'node=other');
        object.lines = object.lines.map(line => line.replace('"node":"test"', '"node":"other"'));
      }
      forgery.rebuild();
    };
    const finding = { code: 'tail', what: /not in the archive/ } as const;
    await expectFound(remove, finding, { seals: await anchors() });
  });

  test('a take-up from the archive is forged, to explain seals that are not there any more', async () => {
    const seals = await anchors();
    const forge = (forgery: Forgery): void => {
      editStatement(forgery);
      forgery.edit(2, 1, event => ({
        ...event,
        time: new Date(Date.now() + 60_000).toISOString(),
        lifecycle: { ...Object(event.lifecycle), takenUpFromArchive: true },
      }));
      forgery.rebuild(2);
    };
    await expectFound(
      forge,
      { code: 'anchor', what: /follows a different event/, object: 2, seq: 24 },
      { seals },
    );
  });

  /** The seals that Cloud Logging has, but for those that are to be missing there. */
  async function exported(keeps: (seq: number, index: number) => boolean) {
    const folder = join(real.folder, 'logging');
    const texts = await Promise.all(
      (await readdir(folder)).map(name => readFile(join(folder, name), 'utf8')),
    );
    const entries = texts.flatMap(text => text.split('\n').filter(Boolean)).map(line => JSON.parse(line));
    const seals = entries.filter(({ jsonPayload }) => jsonPayload.kind === 'seal');
    const path = join(await temporaryFolder(), 'export.json');
    const kept = seals.filter(({ jsonPayload }, index) => keeps(jsonPayload.seq, index));
    await writeFile(path, JSON.stringify(kept));
    return (await readSeals([path])).anchors;
  }

  test('an end that Cloud Logging has no seals of is said to be proved by itself alone', async () => {
    const { result } = await verifyForged(() => undefined, { seals: await exported(seq => seq < 20) });
    expect(result.isIntact).toBe(true);
    expect(result.limits).toEqual([
      expect.stringMatching(
        /not compared, since --seals or --witness has none of that time: 2 seals of \d{8}T/,
      ),
      expect.stringMatching(/follows the last seal of \d{8}T.* in --seals/),
      AUDIT_STATE,
    ]);
  });

  test('a beginning that it has no seals of is not compared, either', async () => {
    const { result } = await verifyForged(() => undefined, { seals: await exported(seq => seq > 20) });
    expect(result).toMatchObject({ verdict: 'whole' });
    expect(result.limits).toContainEqual(expect.stringMatching(/not compared, .*: 2 seals of \d{8}T/));
  });

  test('one between two that it has is missing there', async () => {
    const seals = await exported((_, index) => index !== 2);
    await expectFound(
      () => undefined,
      { code: 'anchor', what: /older and newer seals, but not this one/, seq: 24 },
      { seals },
    );
  });

  test('but for one that was lost with the state, before the chain was taken up again', async () => {
    const takeUp = (forgery: Forgery): void => {
      forgery.edit(3, 1, event => ({
        ...event,
        lifecycle: { ...Object(event.lifecycle), takenUpFromArchive: true },
      }));
      forgery.rebuild(3);
    };
    const { result } = await verifyForged(takeUp, {
      seals: await exported((_, index) => index !== 2 && index !== 3),
    });
    expect(result.isIntact).toBe(true);
  });

  test('the seal was another event', async () => {
    const merge = (forgery: Forgery): void => {
      const [first, second] = [forgery.object(2), forgery.object(3)];
      const seal = JSON.parse(first.lines.pop() ?? '');
      const last = JSON.parse(second.lines.pop() ?? '');
      const { records, coverage } = last.seal;
      const twice = { ...records, read: 10, shipped: 10 };
      const events = { lifecycle: 4, statement: 10 };
      const from = seal.seal.coverage[0].from;
      const joined = sealOf(last, {
        events,
        records: twice,
        coverage: [{ ...coverage[0], from, records: twice }],
      });
      first.lines.push(...second.lines, JSON.stringify(joined));
      forgery.objects.pop();
      forgery.rebuild(2);
    };
    expect((await verifyForged(merge)).result.isIntact).toBe(true);
    const finding = {
      code: 'anchor',
      what: /event 24 is a seal in Cloud Logging, but not in the archive/,
      object: 2,
      seq: 24,
    } as const;
    await expectFound(merge, finding, { seals: await anchors() });
  });

  test('order and repetition of entries mean nothing, and other fields of entries neither', async () => {
    const folder = join(real.folder, 'logging');
    const texts = await Promise.all(
      (await readdir(folder)).map(name => readFile(join(folder, name), 'utf8')),
    );
    const entries = texts.flatMap(text => text.split('\n').filter(Boolean)).map(line => JSON.parse(line));
    const path = join(await temporaryFolder(), 'export.json');
    await writeFile(path, JSON.stringify([...entries.toReversed(), ...entries], null, 2));
    const { anchors: seals } = await readSeals([path]);
    const { result } = await verifyForged(() => undefined, { seals });
    expect(result.parts[0]?.seals.anchored).toBe(4);
  });
});
