/** `npm test` tries the same examples each time; `npm run soak` tries others. */

import fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env.SOAK_SEED ?? 20_261_129) });
