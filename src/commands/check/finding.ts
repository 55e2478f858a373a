/** One row of what `check` prints. */
export interface Finding {
  readonly what: string;
  readonly status: 'ok' | 'warning' | 'failure';
  readonly detail: string;
  /** What to do about it. */
  readonly mend?: string;
}

export function ok(what: string, detail: string): Finding {
  return { what, status: 'ok', detail };
}

export function warning(what: string, detail: string, mend: string): Finding {
  return { what, status: 'warning', detail, mend };
}

export function failure(what: string, detail: string, mend: string): Finding {
  return { what, status: 'failure', detail, mend };
}
