/** Names of archive objects: within a folder, they sort in writing order. */

/** The daemon whose objects these are. */
export interface ArchivePlace {
  /** Folder in the bucket; may be empty. */
  readonly prefix: string;
  readonly instance: string;
  readonly node: string;
}

export interface ObjectName {
  /** UTC day on which the segment was opened. */
  readonly date: string;
  readonly chain: string;
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** The first 16 hex digits of the SHA-256 of the NDJSON. */
  readonly hash: string;
}

/** A seq as it is written in the names of segments and objects. */
export function paddedSeq(seq: number): string {
  return String(seq).padStart(16, '0');
}

/** `<prefix>/instance=<i>/node=<n>/`: the folder of one daemon, with all its days. */
export function folderOf({ prefix, instance, node }: ArchivePlace): string {
  return [prefix, `instance=${instance}`, `node=${node}`, ''].slice(prefix === '' ? 1 : 0).join('/');
}

/** `<prefix>/instance=<i>/node=<n>/date=<day>/<chain>-<first>-<last>-<hash>.ndjson.gz` */
export function formatObjectName(place: ArchivePlace, name: ObjectName): string {
  const { date, chain, firstSeq, lastSeq, hash } = name;
  const range = `${paddedSeq(firstSeq)}-${paddedSeq(lastSeq)}`;
  return `${folderOf(place)}date=${date}/${chain}-${range}-${hash}.ndjson.gz`;
}

/** `<prefix>/instance=<i>/node=<n>/<chain>-<seq>`: what a witness has of a seal begins so. */
export function witnessName(place: ArchivePlace, { chain, seq }: { chain: string; seq: number }): string {
  return `${folderOf(place)}${chain}-${seq}`;
}

/** A time stamp has the name of the object whose seal it is over, and this. */
export const STAMP_SUFFIX = '.tsr';

const NAME =
  /(?:^|\/)date=(\d{4}-\d\d-\d\d)\/(\d{8}T\d{6}Z-[0-9a-f]{4})-(\d{16})-(\d{16})-([0-9a-f]{16})\.ndjson\.gz$/;

/** `null` if it is not an object's name. */
export function parseObjectName(text: string): ObjectName | null {
  const [, date, chain, firstSeq, lastSeq, hash] = NAME.exec(text) ?? [];
  if (date === undefined || chain === undefined || hash === undefined) return null;
  return { date, chain, firstSeq: Number(firstSeq), lastSeq: Number(lastSeq), hash };
}
