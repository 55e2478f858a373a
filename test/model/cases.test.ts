/** Failures that exploring the model found, kept as cases. */

import { describe, expect, test } from 'vitest';
import type { Stages } from '../../src/daemon/pipeline.js';
import { choices } from '../support/choices.js';
import { range } from '../support/log.js';
import { World } from './world.js';

/** Runs the steps, and checks the archive at the end. */
async function lived(
  steps: (world: World) => Promise<void>,
  seed = 0,
  onStages?: (stages: Stages) => void,
): Promise<void> {
  const world = await World.create(choices(seed), onStages);
  try {
    await steps(world);
    await world.check();
  } finally {
    await world.remove();
  }
}

test('a log that is truncated and grows until it is as long as before', () =>
  lived(async world => {
    await world.start();
    await world.write(3, 0);
    await world.tear(0, 0, 'nul');
    await world.settle();
    await world.cutLog(980, false);
  }));

test('a log that lost its last newline, whose session continued in the next file before it was read again', () =>
  lived(async world => {
    await world.write(1, 0);
    await world.start();
    await world.settle();
    await world.stop();
    await world.cutLog(1, false);
    await world.rotate('new');
    await world.start();
  }));

describe('a power cut after a folder or a file could not be synced at first', () => {
  test('of the archive', async () => {
    for (const calls of range(28, 42)) {
      await lived(async world => {
        await world.start();
        world.failSoon(calls, 2, 'ENOSPC');
        await world.stop();
        await world.start();
        world.killSoon(1);
        await world.settle();
        await world.write(1, 0);
      }, calls);
    }
  });

  test('of the log entries', async () => {
    for (const calls of range(14, 40)) {
      await lived(async world => {
        await world.write(1, 0);
        await world.start();
        world.failSoon(calls, 1, 'ENOSPC');
        await world.settle();
        await world.kill(true);
        await world.removeOldest();
      }, calls);
    }
  });
});

test('a log that was truncated and grew, then was copied and truncated before a look', () =>
  lived(async world => {
    await world.write(2, 0);
    await world.start();
    await world.settle();
    await world.cutLog(246, false);
    await world.rotate('copytruncate');
  }));

test('a log that is truncated after a power cut, while log entries could not be delivered', () =>
  lived(async world => {
    await world.write(3, 1);
    await world.start();
    world.setDown('logging', true);
    await world.settle();
    await world.pass(39_765);
    await world.write(6, 2);
    await world.pass(75_822);
    await world.settle();
    world.setDown('logging', false);
    await world.kill(true);
    await world.start();
    await world.cutLog(934, true);
    await world.write(3, 1);
  }));

test('a chain that is taken up from an object which a killed process has stored, before a power cut', async () => {
  for (const calls of range(40, 60)) {
    await lived(async world => {
      await world.start();
      world.killSoon(calls);
      await world.stop();
      await world.dropState();
      await world.start();
      await world.kill(true);
      await world.settle();
    }, calls);
  }
});

test('a chain is taken up, and nothing twice, if the archive can be read but not written', () =>
  lived(async world => {
    await world.write(3, 0);
    await world.start();
    await world.settle();
    await world.stop();
    world.setDown('archive', true);
    await world.dropState();
    await world.start();
    await world.settle();
    await world.write(2, 1);
  }));

test.each(['new', 'copytruncate'] as const)(
  'a log that begins with half a record, at the moment at which the one before ended: %s',
  how =>
    lived(async world => {
      await world.write(1, 0);
      await world.rotate(how);
      await world.writeHalf(0, 0);
      await world.start();
      await world.settle();
    }),
);

test('a log that begins with half a record, and then a copy of the one before', () =>
  lived(async world => {
    await world.write(1, 0);
    await world.rotate('new');
    await world.writeHalf(0, 0);
    await world.alias('copy');
    await world.start();
    await world.settle();
  }));

test('a loss that nothing can show: the server restarts before a look', () =>
  lived(async world => {
    await world.write(1, 0);
    await world.start();
    await world.settle();
    await world.write(1, 0);
    await world.rotate('new');
    await world.removeOldest();
    await world.restartServer();
  }));

test('the model detects a loss', async () => {
  const lost = lived(async world => {
    await world.start();
    await world.write(2, 0);
    await world.hideLog();
  });
  await expect(lost).rejects.toThrow('records 1, 2, 3, 4, 5 are missing');
});

describe('once all faults have stopped, everything is delivered in a bounded time', () => {
  const outage = async (world: World): Promise<void> => {
    await world.start();
    await world.settle();
    for (const sink of ['logging', 'archive'] as const) world.setDown(sink, true);
    await world.write(3, 0);
    await world.settle();
    await world.pass(600_000);
  };

  test('after an outage of both sinks', () => lived(outage));

  test('the model detects a sink that never wakes after one', async () => {
    let hadOutage = false;
    const asleep = ({ sinks }: Stages): void => {
      const { reader } = sinks.logging;
      const nextLines = reader.nextLines.bind(reader);
      reader.nextLines = async (limits, signal) => {
        while (hadOutage && !signal.aborted) await reader.wait(1_000_000, signal);
        return await nextLines(limits, signal);
      };
    };
    const slept = lived(
      async world => {
        await world.start();
        await world.settle();
        hadOutage = true;
        await outage(world);
      },
      0,
      asleep,
    );
    await expect(slept).rejects.toThrow(/events wait for logging/);
  });
});
