/** Every step that makes something durable fails once, kills the process, or is the last before a power cut. */

import { describe, test } from 'vitest';
import { choices } from '../support/choices.js';
import { failure } from '../support/faulty-fs.js';
import { range } from '../support/log.js';
import { CODES, liveForEach, liveWhole } from '../support/whole-life.js';

const points = range(1, await liveWhole({}));

describe('whichever step it is, everything is in the archive once', () => {
  test('it fails three times, and is retried', () =>
    liveForEach(points, at => ({
      onCall: count => {
        if (count >= at && count < at + 3) throw failure(CODES[at % CODES.length] ?? 'EIO');
      },
    })));

  test('kill -9 before it', () =>
    liveForEach(points, at => ({ onCall: (count, _call, fs) => count === at && fs.kill() })));

  test('power loss before it, with a part of what is not synced gone', () =>
    liveForEach(points, at => ({
      onCall: (count, _call, fs) => count === at && fs.kill(true),
      choose: choices(at),
    })));
});
