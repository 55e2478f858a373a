/** Rules as a configuration makes them, and what they raise of a test's own events. */

import { detect } from '../../src/config/detect.js';
import { rulesOf } from '../../src/daemon/detect/settings.js';
import { seenBy } from '../../src/daemon/detect/sight.js';
import { type Alert, Detector } from '../../src/detect/detector.js';
import { DetectState } from '../../src/detect/state.js';
import type { NewEvent } from '../../src/event/event.js';
import { RULES } from '../../src/event/names.js';
import type { MarkParser } from '../../src/relations/relations.js';
import type { Settings } from './shipper.js';

/** Built-in rules that are not named are off. */
export function detectorOf(rules: Settings, more: Settings = {}, state = new DetectState()): Detector {
  const off = Object.fromEntries(RULES.map(name => [name, 'off']));
  return new Detector(rulesOf(detect.parse({ rules: { ...off, ...rules }, ...more })), state);
}

/** What each event raises, in order. */
export async function raisedBy(
  detector: Detector,
  events: readonly NewEvent[],
  parser: MarkParser,
): Promise<Alert[]> {
  const alerts: Alert[] = [];
  for (const [index, event] of events.entries()) {
    const sight = await seenBy(event, parser);
    if (sight !== null) alerts.push(...detector.take(sight, event.id ?? `place ${index}`));
  }
  return alerts;
}
