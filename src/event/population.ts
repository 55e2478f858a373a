/** The event that says who could log in to a server, and what pgAudit logs of them (kind `population`). */

/** Who is not audited as `filter.classes` asks for, of all persons. */
export interface UnauditedRoles {
  readonly count: number;
  /** The first 100 of them, in their order. */
  readonly names: readonly string[];
}

/** Persons with the same audit state: in each database that they may connect to. */
export interface PopulationGroup {
  readonly roles: readonly string[];
  readonly databases: readonly {
    readonly databases: readonly string[];
    /** `pgaudit.log` as it counts there; `null` where pgAudit is not loaded. */
    readonly log: string | null;
    /** Whether all of `filter.classes` reaches the log, as far as can be seen. */
    readonly isAudited: boolean;
    /** What is wrong, by the rules of `check`; some of it is logged and lacks only a part, such as the parameters. */
    readonly faults: readonly string[];
  }[];
}

/** Who could log in to a server, and what pgAudit logs of them: daily, and at a start where it is not as before. */
export interface PopulationContent {
  readonly kind: 'population';
  readonly population: {
    /** From 0; a large population is told in several events. */
    readonly part: { readonly index: number; readonly total: number };
    /** PostgreSQL's version, and pgAudit's; `null` where it is not loaded. */
    readonly server: { readonly version: string; readonly pgaudit: string | null };
    readonly databases: number;
    readonly persons: number;
    readonly services: number;
    readonly others: number;
    readonly groups: readonly PopulationGroup[];
    readonly unaudited: UnauditedRoles;
    /** Persons and others who may turn auditing off, or forge what it says, and by what. */
    readonly mayTurnOff: readonly { readonly role: string; readonly by: readonly string[] }[];
  };
}
