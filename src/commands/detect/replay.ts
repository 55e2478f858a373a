/** Goes through the events of an archive as a daemon with these rules would have. */

import { openObjects } from '../../archive/search/read.js';
import { ahead } from '../../archive/store/ahead.js';
import type { ArchiveLocation } from '../../archive/store/location.js';
import { linesOf } from '../../archive/store/object-lines.js';
import { patientStore } from '../../archive/store/patient.js';
import { damageOf } from '../../archive/store/unreadable.js';
import { type ArchivePart, type Days, existingParts } from '../../archive/store/walk.js';
import { watchedIn } from '../../daemon/detect/read.js';
import { seenBy } from '../../daemon/detect/sight.js';
import { type Alert, Detector } from '../../detect/detector.js';
import type { RuleSet } from '../../detect/rules.js';
import type { Sight } from '../../detect/sight.js';
import { DetectState } from '../../detect/state.js';
import type { MarkParser } from '../../relations/relations.js';
import type { Stretch } from '../search/moments.js';

export interface Raised {
  readonly sight: Sight;
  readonly alert: Alert;
}

export interface ReplayWatch {
  /** An object, or a line of it, cannot be read. */
  damaged(path: string, what: string): void;
  /** An event of the stretch. */
  looked(): void;
}

/** Objects that are opened before they are needed, and texts that are with the parser at once. */
const OBJECTS_AHEAD = 4;
const PARSED_AHEAD = 64;

const DAY = 24 * 60 * 60_000;
/** Nobody is absent for longer than the archive may be old. */
const MOST_BEFORE = 400;

/**
 * What the rules would have raised of the stretch. The days before it are read, too, so that it is known who is new; and
 * one day after it, for what came late. Throws a ShipperError if there is no archive.
 */
export async function* replay(
  { store, prefix, only }: ArchiveLocation,
  rules: RuleSet,
  stretch: Stretch,
  parser: MarkParser,
  watch: ReplayWatch,
): AsyncGenerator<Raised> {
  const patient = patientStore(store);
  const days = daysOf(stretch, rules.absence);
  for (const part of await existingParts(patient, prefix, only)) {
    const detector = new Detector(rules, new DetectState());
    const events = eventsOf(patient, part, days, watch);
    const seen = ahead(events, PARSED_AHEAD, async event => ({
      id: event.id,
      sight: await seenBy(event, parser),
    }));
    for await (const { id, sight } of seen) {
      if (sight === null) continue;
      const isAsked = sight.time >= stretch.start && sight.time < stretch.end;
      if (isAsked) watch.looked();
      for (const alert of detector.take(sight, id)) if (isAsked) yield { sight, alert };
    }
  }
}

/** The last day (UTC) of which objects are read: what was read from the log later is left out. `null`: there is none. */
export function lastDayOf({ end }: Stretch): string | null {
  return dayOf(end + DAY);
}

function daysOf(stretch: Stretch, absence: number): Days {
  const before = Math.min(absence / DAY + 1, MOST_BEFORE);
  return { since: dayOf(stretch.start - before * DAY), until: lastDayOf(stretch) };
}

function dayOf(time: number): string | null {
  return Number.isFinite(time) ? new Date(time).toISOString().slice(0, 10) : null;
}

async function* eventsOf(
  store: ReturnType<typeof patientStore>,
  part: ArchivePart,
  days: Days,
  watch: ReplayWatch,
) {
  const onForeign = (path: string): void => watch.damaged(path, 'is not an object of this program');
  for await (const { object, pieces } of openObjects(store, part, {
    days,
    ahead: OBJECTS_AHEAD,
    onForeign,
  })) {
    try {
      for await (const piece of pieces)
        for (const line of linesOf(piece)) {
          const event = await watchedIn(line);
          if (event === null) watch.damaged(object.path, 'has a line that is not an event');
          else yield event;
        }
    } catch (error) {
      const damage = damageOf(error);
      if (damage === null) throw error;
      watch.damaged(object.path, damage);
    }
  }
}
