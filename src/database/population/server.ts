/** What keeps a whole server's audit trail out of csvlog: rules that `check` and the daemon share. */

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
  const keep = libraries === null ? '; keep those that are there' : '';
  return {
    setting: 'pgaudit',
    detail: isPending ? 'pgAudit is configured, and loaded only by a restart' : 'pgAudit is not loaded',
    why: 'nothing at all is audited',
    fix: isPending
      ? 'restart PostgreSQL'
      : `${alterSystemRestart('shared_preload_libraries', ...wanted)}${keep}`,
  };
}

/**
 * pgauditlogtofile is at work where both of its settings hold something (its source, pgauditlogtofile_is_enabled); they
 * are listed where it is loaded, to roles that may read all settings.
 */
export function takenAway(server: Server): ServerFault | null {
  const [folder, file] = ['pgaudit.log_directory', 'pgaudit.log_filename'].map(name =>
    serverValue(server, name),
  );
  if (!folder || !file) return null;
  return {
    setting: 'pgauditlogtofile',
    detail: `takes pgAudit's records out of the server's log, into files of its own`,
    why: 'nothing of them is in csvlog: there is nothing to ship',
    fix: `${alterSystem('pgaudit.log_filename', '')} or take pgauditlogtofile out of shared_preload_libraries, and restart PostgreSQL`,
  };
}

export function collectorOff(server: Server): ServerFault | null {
  const collector = server.settings.get('logging_collector');
  if (collector === undefined || collector.value === null || isOn(collector.value)) return null;
  return {
    setting: 'logging_collector',
    detail: collector.isPending ? 'off, and on only after a restart' : 'off',
    why: 'csvlog is written by the collector alone',
    fix: collector.isPending ? 'restart PostgreSQL' : alterSystemRestart('logging_collector', 'on'),
  };
}

export function noCsvlog(server: Server): ServerFault | null {
  const value = serverValue(server, 'log_destination');
  if (value === null) return null;
  const destinations = value.split(',').map(one => one.trim().toLowerCase());
  if (destinations.includes('csvlog')) return null;
  return {
    setting: 'log_destination',
    detail: value || 'nothing',
    why: 'no csvlog is written: there is nothing to ship',
    fix: alterSystem('log_destination', [...destinations.filter(Boolean), 'csvlog'].join(',')),
  };
}
