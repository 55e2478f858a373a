/** Servers that are found by their log files: `/var/log/pods/{namespace}_{pod}_{uid}/postgres/*.log`. */

import { z } from 'zod';

/** `{pod}`: a part of a path that names a server, or tells one of its lives from another. */
const PLACEHOLDER = /\{([a-z][A-Za-z0-9]*)\}/g;
/** As all instances: names are used in object paths and event ids. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

export const discoverSchema = z
  .strictObject({
    files: z
      .string({ error: 'must be a path with placeholders' })
      .regex(/^\/.*\{[a-z][A-Za-z0-9]*\}/, 'must be an absolute path with placeholders, such as {pod}')
      .regex(/^[^[\]?]*$/, 'must have no other wildcard than *'),
    instance: z
      .string({ error: 'must be a name with placeholders' })
      .regex(/\{[a-z][A-Za-z0-9]*\}/, 'must have a placeholder, or all servers would have one name'),
    most: z.int({ error: 'must be a whole number' }).min(1).max(1000).default(64),
  })
  .superRefine(({ files, instance }, context) => {
    const known = namesIn(files);
    for (const name of namesIn(instance))
      if (!known.includes(name))
        context.addIssue({ code: 'custom', path: ['instance'], message: `{${name}} is not in files` });
    if (new Set(known).size < known.length)
      context.addIssue({ code: 'custom', path: ['files'], message: 'must have each placeholder once' });
  });
export type Discover = z.output<typeof discoverSchema>;

function namesIn(template: string): string[] {
  return [...template.matchAll(PLACEHOLDER)].map(([, name = '']) => name);
}

/** The glob that finds the files of all servers. */
export function globOf({ files }: Discover): string {
  return files.replaceAll(PLACEHOLDER, '*');
}

export interface Discovered {
  readonly instance: string;
  /** The glob of this server's files, whatever its other placeholders are. */
  readonly files: string;
  /** By the names of placeholders. */
  readonly values: ReadonlyMap<string, string>;
}

/** The server that a file belongs to; `null` if its name cannot be a server's. */
export function serverOf({ files, instance }: Discover, path: string): Discovered | null {
  const values = valuesIn(files, path);
  if (values === null) return null;
  const name = filled(instance, values, '');
  if (!NAME.test(name)) return null;
  const used = new Map([...values].filter(([key]) => namesIn(instance).includes(key)));
  return { instance: name, files: filled(files, used, '*'), values };
}

/** A template with these values; other placeholders become `rest`. */
export function filled(template: string, values: ReadonlyMap<string, string>, rest: string): string {
  return template.replaceAll(PLACEHOLDER, (_, name: string) => values.get(name) ?? rest);
}

function valuesIn(template: string, path: string): ReadonlyMap<string, string> | null {
  const names = namesIn(template);
  const parts = template.split(PLACEHOLDER).map((part, at) => (at % 2 === 1 ? '([^/]+?)' : literal(part)));
  const [, ...values] = new RegExp(`^${parts.join('')}$`).exec(path) ?? [];
  return values.length === 0 ? null : new Map(names.map((name, at) => [name, values[at] ?? '']));
}

function literal(text: string): string {
  return text.split('*').map(RegExp.escape).join('[^/]*');
}
