/** Objects of Cloud Storage, and how they are listed and described. */

export interface StoredObject {
  readonly name: string;
  readonly body: Buffer;
  readonly contentType: string;
  readonly crc32c: string;
  readonly metadata: Record<string, string>;
  readonly generation: number;
}

interface Bucket {
  readonly bucket: string;
  readonly objects: ReadonlyMap<string, StoredObject>;
}

/** `objects.list`: by prefix, down to a delimiter, in pages. */
export function listObjects({ bucket, objects }: Bucket, query: URLSearchParams): object {
  const prefix = query.get('prefix') ?? '';
  const most = Number(query.get('maxResults') ?? 1000);
  const after = query.get('pageToken') ?? '';
  const delimiter = query.get('delimiter');
  const cut = (name: string): string => {
    const end = delimiter === null ? -1 : name.indexOf(delimiter, prefix.length);
    return end === -1 ? name : name.slice(0, end + 1);
  };
  const all = [...objects.keys()].filter(name => name.startsWith(prefix)).map(cut);
  const names = [...new Set(all)].filter(name => name > after).sort();
  const page = names.slice(0, most);
  const items = page.flatMap(name => objects.get(name) ?? []).map(object => toResource(object, bucket));
  const prefixes = page.filter(name => !objects.has(name));
  return {
    kind: 'storage#objects',
    items,
    ...(prefixes.length > 0 ? { prefixes } : {}),
    ...(names.length > most ? { nextPageToken: page.at(-1) } : {}),
  };
}

/** An object as the JSON API describes it. */
export function toResource(object: StoredObject, bucket: string): object {
  const { name, contentType, crc32c, metadata, generation, body } = object;
  return {
    kind: 'storage#object',
    bucket,
    name,
    contentType,
    crc32c,
    metadata,
    generation: String(generation),
    size: String(body.length),
  };
}
