/**
 * The real file system below one folder, which fails, stops or loses data on request. It knows what has been synced:
 * after a power cut, anything else may exist, in part or not at all.
 */

import * as nodeFs from 'node:fs/promises';
import { dirname } from 'node:path';
import type { FileSystem } from '../../src/lib/disk.js';

/** One file's content, under any name. */
interface Inode {
  /** `null` for a folder. */
  synced: Buffer | null;
}

export type Choose = (choices: number) => number;

export class FaultyFs implements FileSystem {
  /** Every call that changes something calls this first with its name and path; it may throw. */
  onCall: (call: string, path: string) => void = () => undefined;
  onDeath: () => void = () => undefined;
  /** Syncs that a planted fault skips, by their path and the name of the call before. */
  isLeftOut: (path: string, before: string) => boolean = () => false;
  readonly #root: string;
  isDead = false;
  /** It died of a power cut. */
  isPowerLost = false;
  #before = '';
  /** The names now, and the names that would survive a power cut. */
  #names = new Map<string, Inode>();
  #syncedNames = new Map<string, Inode>();

  constructor(root: string) {
    this.#root = root;
  }

  /** From now on nothing changes any more: the process is dead. */
  kill(isPowerLost = false): void {
    this.isDead = true;
    this.isPowerLost = isPowerLost;
    this.onDeath();
  }

  /** A new process. */
  revive(): void {
    this.isDead = false;
  }

  /** Somebody else removed the folder's content. */
  forget(path: string): void {
    for (const names of [this.#names, this.#syncedNames])
      for (const name of names.keys()) if (name.startsWith(path)) names.delete(name);
  }

  /** Each unsynced name exists or not; each unsynced content is the old one, the new one, or a part. */
  async losePower(choose: Choose): Promise<void> {
    const paths = new Set([...this.#names.keys(), ...this.#syncedNames.keys()]);
    const current = new Map<Inode, Buffer>();
    for (const [path, inode] of this.#names) {
      if (inode.synced !== null) current.set(inode, await nodeFs.readFile(path));
    }
    const kept = new Map<string, Inode>();
    for (const path of [...paths].sort()) {
      const [synced, now] = [this.#syncedNames.get(path), this.#names.get(path)];
      const inode = synced === now || choose(2) === 0 ? synced : now;
      const isReachable = dirname(path) === this.#root || kept.has(dirname(path));
      if (inode !== undefined && isReachable) kept.set(path, inode);
    }
    for (const path of [...paths].sort().reverse()) {
      if (!kept.has(path)) await nodeFs.rm(path, { recursive: true, force: true });
    }
    const contents = new Map<Inode, Buffer>();
    for (const [path, inode] of kept) {
      if (inode.synced === null) {
        await nodeFs.mkdir(path, { recursive: true });
        continue;
      }
      const now = current.get(inode) ?? inode.synced;
      // What was synced and not overwritten stays.
      const same = commonLength(inode.synced, now);
      const part = now.subarray(0, same + choose(now.length - same + 1));
      const content = contents.get(inode) ?? [inode.synced, now, part][choose(3)] ?? part;
      contents.set(inode, content);
      inode.synced = content;
      await nodeFs.writeFile(path, content);
    }
    this.#names = kept;
    this.#syncedNames = new Map(kept);
  }

  open = async (path: string, flags: string, mode?: number): Promise<nodeFs.FileHandle> => {
    const isNew = flags === 'w' && !this.#names.has(path);
    if (flags !== 'r') this.#call('open', path);
    const file = await nodeFs.open(path, flags, mode);
    if (isNew) this.#names.set(path, { synced: Buffer.alloc(0) });
    return new Proxy(file, {
      get: (target, property) => {
        const value: unknown = Reflect.get(target, property);
        if (typeof value !== 'function') return value;
        if (property === 'sync' || property === 'datasync') return () => this.#sync(target, path, property);
        return (...given: unknown[]): unknown => {
          if (property !== 'close') this.#call(String(property), path);
          return Reflect.apply(value, target, given);
        };
      },
    });
  };

  rename = async (from: string, to: string): Promise<void> => {
    this.#call('rename', to);
    await nodeFs.rename(from, to);
    const inode = this.#names.get(from);
    this.#names.delete(from);
    if (inode !== undefined) this.#names.set(to, inode);
  };

  link = async (from: string, to: string): Promise<void> => {
    this.#call('link', to);
    await nodeFs.link(from, to);
    const inode = this.#names.get(from);
    if (inode !== undefined) this.#names.set(to, inode);
  };

  rm = async (path: string, options: { force: boolean }): Promise<void> => {
    this.#call('rm', path);
    await nodeFs.rm(path, options);
    this.#names.delete(path);
  };

  mkdir = async (path: string, options: { recursive: true; mode: number }): Promise<string | undefined> => {
    this.#call('mkdir', path);
    const first = await nodeFs.mkdir(path, options);
    for (let made = path; made.length > this.#root.length && !this.#names.has(made); made = dirname(made))
      this.#names.set(made, { synced: null });
    return first;
  };

  async #sync(file: nodeFs.FileHandle, path: string, call: 'sync' | 'datasync'): Promise<void> {
    const before = this.#before;
    this.#call(call, path);
    if (this.isLeftOut(path, before)) return;
    const inode = this.#names.get(path);
    if (inode === undefined || inode.synced === null) {
      this.#syncFolder(path);
      return;
    }
    await file.sync();
    inode.synced = await nodeFs.readFile(path);
  }

  #syncFolder(folder: string): void {
    for (const name of [...this.#syncedNames.keys()])
      if (dirname(name) === folder) this.#syncedNames.delete(name);
    for (const [name, inode] of this.#names) if (dirname(name) === folder) this.#syncedNames.set(name, inode);
  }

  #call(call: string, path: string): void {
    if (this.isDead) throw failure('EIO');
    this.onCall(call, path);
    this.#before = call;
    if (this.isDead) throw failure('EIO');
  }
}

function commonLength(a: Buffer, b: Buffer): number {
  let length = 0;
  while (length < Math.min(a.length, b.length) && a[length] === b[length]) length++;
  return length;
}

export function failure(code: string): Error {
  return Object.assign(new Error(code), { code });
}
