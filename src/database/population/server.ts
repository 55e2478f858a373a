/** What keeps a whole server's audit records out of its log: rules that `check` and the daemon share. */

import { alterSystem, alterSystemRestart } from '../../lib/sql/compose.js';
import type { ServerLook } from '../look.js';
import { isPgauditLoaded } from '../read-settings.js';
import { isOn, serverValue } from './effective.js';

type Server = Pick<ServerLook, 'settings'>;

export interface ServerFault {
  readonly setting: string;
  readonly detail: string;
  readonly why: string;
  readonly fix: string;
}

export function notLoaded(server: Server): ServerFault | null {
  if (isPgauditLoaded([...server.settings.values()])) return null;
  const libraries = serverValue(server, 'shared_preload_libraries');
  const isPending = server.settings.get('shared_preload_libraries')?.isPending === true;
  const wanted = [...(libraries ?? '').split(','), 'pgaudit'].map(name => name.trim()).filter(Boolean);
  const keep = libraries === null ? '; keep the present ones' : '';
  return {
    setting: 'pgaudit',
    detail: isPending ? 'pgAudit is configured, but not loaded until a restart' : 'pgAudit is not loaded',
    why: 'nothing at all is audited',
    fix: isPending
      ? 'restart PostgreSQL'
      : `${alterSystemRestart('shared_preload_libraries', ...wanted)}${keep}`,
  };
}

/**
 * pgauditlogtofile is active if both of its settings have values (its source, pgauditlogtofile_is_enabled); roles that
 * may read all settings see them if it is loaded.
 */
export function takenAway(server: Server): ServerFault | null {
  const [folder, file] = ['pgaudit.log_directory', 'pgaudit.log_filename'].map(name =>
    serverValue(server, name),
  );
  if (!folder || !file) return null;
  return {
    setting: 'pgauditlogtofile',
    detail: `takes pgAudit's records out of the server's log, into its own files`,
    why: 'the log has none of them: there is nothing to ship',
    fix: `${alterSystem('pgaudit.log_filename', '')} or remove pgauditlogtofile from shared_preload_libraries, and restart PostgreSQL`,
  };
}

export function collectorOff(server: Server): ServerFault | null {
  const collector = server.settings.get('logging_collector');
  if (collector === undefined || collector.value === null || isOn(collector.value)) return null;
  return {
    setting: 'logging_collector',
    detail: collector.isPending ? 'off until a restart' : 'off',
    why: 'only the collector writes csvlog and jsonlog',
    fix: collector.isPending ? 'restart PostgreSQL' : alterSystemRestart('logging_collector', 'on'),
  };
}

export function noCsvlog(server: Server): ServerFault | null {
  const value = serverValue(server, 'log_destination');
  if (value === null) return null;
  const destinations = value.split(',').map(one => one.trim().toLowerCase());
  if (destinations.includes('csvlog') || destinations.includes('jsonlog')) return null;
  return {
    setting: 'log_destination',
    detail: value || 'nothing',
    why: 'neither csvlog nor jsonlog is written: there is nothing to ship',
    fix: alterSystem('log_destination', [...destinations.filter(Boolean), 'csvlog'].join(',')),
  };
}

/** A boolean; since PostgreSQL 18 also a list of what is logged (manual, log_connections). */
export function logsAuthentication(value: string): boolean {
  const words = value
    .toLowerCase()
    .split(',')
    .map(word => word.trim());
  return isOn(value) || words.includes('all') || words.includes('authentication');
}
