/** Tries sequences of steps that nobody would think of (fast-check's commands), each in a world of its own. */

import fc from 'fast-check';
import { choices } from '../support/choices.js';
import { World } from './world.js';

interface Nothing {
  readonly nothing?: never;
}

class Step implements fc.AsyncCommand<Nothing, World> {
  readonly #name: string;
  readonly #run: (world: World) => Promise<void> | void;

  constructor(name: string, run: (world: World) => Promise<void> | void) {
    this.#name = name;
    this.#run = run;
  }

  check(): boolean {
    return true;
  }

  async run(_model: Nothing, world: World): Promise<void> {
    await this.#run(world);
  }

  toString(): string {
    return this.#name;
  }
}

/** A step with its arguments. */
function step<T extends unknown[]>(
  name: string,
  given: { [K in keyof T]: fc.Arbitrary<T[K]> },
  run: (world: World, ...values: T) => Promise<void> | void,
): fc.Arbitrary<Step> {
  return fc
    .tuple<T>(...given)
    .map(values => new Step(`${name}(${values.join(', ')})`, world => run(world, ...values)));
}

const which = fc.nat(2);
const part = fc.double({ min: 0, max: 0.99, noNaN: true });
const calls = fc.integer({ min: 1, max: 60 });
const sink = fc.constantFrom('archive' as const, 'logging' as const);

const steps = [
  step('write', [fc.integer({ min: 1, max: 6 }), which], (world, count, who) => world.write(count, who)),
  step('write', [fc.integer({ min: 1, max: 6 }), which], (world, count, who) => world.write(count, who)),
  step('writeHalf', [which, part], (world, who, cut) => world.writeHalf(who, cut)),
  step('tear', [which, part, fc.constantFrom('glued', 'newline', 'nul', 'file')], (world, who, cut, how) =>
    world.tear(who, cut, how),
  ),
  step('cutLog', [fc.integer({ min: 1, max: 1500 }), fc.boolean()], (world, bytes, isNul) =>
    world.cutLog(bytes, isNul),
  ),
  step('restartServer', [], world => world.restartServer()),
  step(
    'rotate',
    [fc.constantFrom('new', 'new', 'rename', 'rename-out', 'copytruncate', 'truncate', 'reuse')],
    (world, how) => world.rotate(how),
  ),
  step('removeOldest', [], world => world.removeOldest()),
  step('alias', [fc.constantFrom('copy', 'link', 'symlink')], (world, how) => world.alias(how)),
  step('start', [], world => world.start()),
  step('start', [], world => world.start()),
  step('start', [], world => world.start()),
  step('settle', [], world => world.settle()),
  step('settle', [], world => world.settle()),
  step('settle', [], world => world.settle()),
  step('stop', [], world => world.stop()),
  step('kill', [fc.boolean()], (world, isPowerLost) => world.kill(isPowerLost)),
  step('killSoon', [calls], (world, after) => world.killSoon(after)),
  step(
    'failSoon',
    [calls, fc.integer({ min: 1, max: 5 }), fc.constantFrom('ENOSPC', 'EIO')],
    (world, ...given) => world.failSoon(...given),
  ),
  step('setDown', [sink, fc.boolean()], (world, which, isDown) => world.setDown(which, isDown)),
  step('dropState', [], world => world.dropState()),
  step('pass', [fc.integer({ min: 100, max: 90_000 })], (world, ms) => world.pass(ms)),
];

/** Returns the number of runs. Fails with the shortest failing sequence, and the seed that reproduces it. */
export async function explore(parameters: fc.Parameters<unknown>): Promise<number> {
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.commands(steps, { maxCommands: 30, size: '+1' }),
      fc.nat(),
      async (commands, seed) => {
        const world = await World.create(choices(seed));
        try {
          await fc.asyncModelRun(() => ({ model: {}, real: world }), commands);
          await world.check();
          runs += 1;
        } finally {
          await world.remove();
        }
      },
    ),
    parameters,
  );
  return runs;
}
