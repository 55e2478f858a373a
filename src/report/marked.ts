/** What PostgreSQL's parser says of a statement that a report counts. */

import type { Marked as MarkedBy } from '../relations/marked.js';

export type Marked = Pick<MarkedBy, 'isPlan' | 'withoutWhere' | 'copies'>;

export const UNMARKED: Marked = { isPlan: false, withoutWhere: 'no', copies: null };
