/** Local time, as the report uses it. */

export * from '../lib/zone.js';
