/** What a search says when it is done: how much of what was found is shown, and what was looked at. */

/** Of the partitions that were read: UTC days. */
export class Looked {
  readonly #days = new Set<string>();
  #lines = 0;
  #undecided = 0;

  add(day: string, lines: number): void {
    this.#days.add(day);
    this.#lines += lines;
  }

  /** Nobody can say whether a change is what was asked for. */
  leaveUndecided(): void {
    this.#undecided += 1;
  }

  get undecided(): number {
    return this.#undecided;
  }

  undecidedText(): string {
    const what = counted(this.#undecided, 'change');
    return `${what} cannot be parsed, or the text was not logged: whether there is a WHERE is not known`;
  }

  /** `31 days of the archive were looked at (2026-10-01 to 2026-10-31), with 220,000 events` */
  text(): string {
    const days = [...this.#days].sort();
    if (days.length === 0) return 'no day of the archive was looked at';
    const [first, last] = [days[0], days.at(-1)];
    const which = first === last ? first : `${first} to ${last}`;
    return `${counted(days.length, 'day')} of the archive ${days.length === 1 ? 'was' : 'were'} looked at (${which}), with ${counted(this.#lines, 'event')}`;
  }
}

export function counted(count: number, what: string): string {
  return `${count.toLocaleString('en-US')} ${what}${count === 1 ? '' : 's'}`;
}
