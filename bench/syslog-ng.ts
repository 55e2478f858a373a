/**
 * syslog-ng with the nearest that it has to this work: csv-parser, a filter and JSON to a file. It neither checks who
 * wrote a record nor hashes or syncs anything. Debian has it in `syslog-ng-core`; without it there is no figure.
 */

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const PROGRAM = '/usr/sbin/syslog-ng';
const COLUMNS =
  'TIME USER DATABASE PID CLIENT SESSION LINE TAG START VXID TXID LEVEL STATE MESSAGE DETAIL HINT IQ IQP CONTEXT QUERY QP LOCATION APP BACKEND LEADER QUERYID'
    .split(' ')
    .map(name => `"${name}"`)
    .join(', ');

const configOf = (output: string, keepsAll: boolean): string => `@version: 3.38
options { stats-freq(0); };
source s { stdin(flags(no-parse) log-msg-size(67108864)); };
parser p { csv-parser(columns(${COLUMNS}) dialect(escape-double-char) delimiters(",") quote-pairs('""')); };
filter f { match("^AUDIT: " value("MESSAGE"))${keepsAll ? '' : ' and not match("^app_" value("USER"))'}; };
destination d { file("${output}" template("$(format-json --scope nv-pairs)\\n")); };
log { source(s); parser(p); filter(f); destination(d); };
`;

/** The script's arguments: the log, the configuration, and a folder for what syslog-ng keeps. */
const RUN = `cat "$0" | ${PROGRAM} -F --no-caps -f "$1" -p "$2/pid" -c "$2/control" -R "$2/persist" 2>/dev/null; times`;

/** Seconds of CPU, those of `cat` included; `null` if syslog-ng is not installed. */
export async function syslogNg(file: string, keepsAll: boolean): Promise<number | null> {
  if (!existsSync(PROGRAM)) return null;
  const folder = await mkdtemp(join(tmpdir(), 'pgaudit-shipper-bench-'));
  try {
    const config = join(folder, 'syslog-ng.conf');
    await writeFile(config, configOf(join(folder, 'out.json'), keepsAll));
    const { stdout } = await promisify(execFile)('bash', ['-c', RUN, file, config, folder]);
    // The last line: user and system time of all children, as `0m1.234s 0m0.567s`.
    const times = [...(stdout.trim().split('\n').at(-1) ?? '').matchAll(/(\d+)m([\d.]+)s/g)];
    return times.reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds), 0);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
