/** Events that report something about the audit trail itself. */

import { ALERT_SEVERITIES } from '../event/names.js';
import { Weightiest } from './bounded.js';
import { nameLike, type Person, personOf, type ReportedEvent, start } from './event.js';
import { Heavy } from './heavy.js';

const MOST_LISTED = 40;
const LONGEST_EXCERPT = 500;

export type Sign = 'suspect' | 'unaudited' | 'gap' | 'config' | 'lifecycle' | 'alert';

export interface Reported<K extends Sign> {
  readonly id: string;
  readonly at: number;
  readonly instance: string;
  readonly user: string | null;
  readonly person: Person | null;
  readonly source: ReportedEvent['source'];
  readonly what: NonNullable<ReportedEvent[K]>;
}

const CLASS_WEIGHTS: Readonly<Record<string, number>> = { ROLE: 2, DDL: 1 };

export class Signs {
  readonly suspects = new Weightiest<Reported<'suspect'>>(MOST_LISTED);
  readonly unaudited = new Weightiest<Reported<'unaudited'>>(MOST_LISTED);
  readonly gaps = new Weightiest<Reported<'gap'>>(MOST_LISTED);
  readonly settings = new Weightiest<Reported<'config'>>(MOST_LISTED);
  readonly alerts = new Weightiest<Reported<'alert'>>(MOST_LISTED);
  readonly starts = new Weightiest<Reported<'lifecycle'>>(MOST_LISTED);
  readonly gapReasons = new Heavy<{ readonly reason: string; events: number }>(100);

  /** Returns how many secrets were redacted in it. */
  add(event: ReportedEvent, at: number, hash: string): number {
    const { instance, source, actor, gap } = event;
    const user = actor?.user ?? gap?.user ?? null;
    const person = actor === undefined ? null : personOf(actor);
    const common = { id: nameLike(event.id), at, instance, source, user, person };
    if (event.kind === 'suspect' && event.suspect !== undefined) {
      const { suspect } = event;
      const make = () => ({
        ...common,
        what: { ...suspect, message: start(suspect.message, LONGEST_EXCERPT) },
      });
      this.suspects.add(0, hash, make);
      return suspect.redacted ?? 0;
    }
    if (event.kind === 'unaudited' && event.unaudited !== undefined) {
      const { unaudited } = event;
      const statement = start(unaudited.statement, LONGEST_EXCERPT);
      const weight = CLASS_WEIGHTS[unaudited.class] ?? 0;
      this.unaudited.add(weight, hash, () => ({ ...common, what: { ...unaudited, statement } }));
      return unaudited.redacted ?? 0;
    }
    this.#ofTrail(event, common, hash);
    return 0;
  }

  #ofTrail({ kind, gap, config, lifecycle, alert }: ReportedEvent, common: Common, hash: string): void {
    if (kind === 'alert' && alert !== undefined) {
      this.alerts.add(ALERT_SEVERITIES.indexOf(alert.severity), hash, () => ({ ...common, what: alert }));
    } else if (kind === 'gap' && gap !== undefined) {
      this.gapReasons.at(gap.reason, () => ({ reason: gap.reason, events: 0 })).events += 1;
      this.gaps.add(lengthOf(gap, common.source), hash, () => ({ ...common, what: gap }));
    } else if (kind === 'config' && config !== undefined) {
      const { unaudited, changes } = config;
      this.settings.add(1000 * (unaudited?.count ?? 0) + changes.length, hash, () => ({
        ...common,
        what: config,
      }));
    } else if (kind === 'lifecycle' && lifecycle !== undefined) {
      const { newChain, takenUpFromArchive } = lifecycle;
      const weight = newChain === true || takenUpFromArchive === true ? 1 : 0;
      this.starts.add(weight, hash, () => ({ ...common, what: lifecycle }));
    }
  }
}

type Common = Omit<Reported<Sign>, 'what'>;

/** Of the time that is missing in milliseconds, which outweighs bytes. */
function lengthOf(
  { after, before }: NonNullable<ReportedEvent['gap']>,
  source: ReportedEvent['source'],
): number {
  const time = after == null || before == null ? 0 : Date.parse(before) - Date.parse(after);
  return 1e6 * Math.max(0, time) + (source?.length ?? 0);
}
