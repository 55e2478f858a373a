/** The options of `verify` and `report` that name what an archive is compared with: apart, since any command's start loads them. */

import { type Command, Option } from 'commander';
import { repeatable } from '../../lib/repeatable.js';

export function addEvidenceOptions(command: Command): Command {
  const options = [
    repeatable(
      '--public-key <file[@[chain/]seq]>',
      'key (PEM) that seals must be signed with, from a seq on',
    ),
    repeatable(
      '--tsa-ca <file>',
      'certificates (PEM) of the authority, or its root, that time stamps must be of',
    ),
    repeatable('--seals <file>', 'seals exported from Cloud Logging, to compare with'),
    new Option('--witness <url>', 'what archive.witness names: seals that the archive must have'),
    repeatable('--against <path>', 'original log file, folder of log files or quoted glob, to compare with'),
  ];
  for (const option of options) command.addOption(option);
  return command;
}
