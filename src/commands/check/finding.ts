import type { ServerFault } from '../../database/population/server.js';

/** One row of what `check` prints. */
export interface Finding {
  readonly what: string;
  readonly status: 'ok' | 'warning' | 'failure';
  readonly detail: string;
  /** What happens if nobody acts. */
  readonly why?: string;
  /** What to do about it: SQL, YAML or a command if there is one. */
  readonly fix?: string;
}

export function ok(what: string, detail: string): Finding {
  return { what, status: 'ok', detail };
}

export function warning(what: string, detail: string, why: string, fix: string): Finding {
  return { what, status: 'warning', detail, why, fix };
}

export function failure(what: string, detail: string, why: string, fix: string): Finding {
  return { what, status: 'failure', detail, why, fix };
}

export function ofServer({ setting, detail, why, fix }: ServerFault): Finding {
  return failure(setting, detail, why, fix);
}
