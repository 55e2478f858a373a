/** The two tables that the other side keeps: login roles by their bytes, and sessions by their two numbers. */

import { areSame } from './bytes';
import { MOST_USERS, NAMES, NAMES_END, SESSION_SIZE, SESSIONS, SLOTS, SPARE, USERS } from './memory';

let users: u32 = 0;
let names: usize = NAMES;

export function clearUsers(): void {
  users = 0;
  names = NAMES;
  memory.fill(USERS, 0, MOST_USERS << 4);
}

function hashOf(at: usize, length: u32): u32 {
  let hash: u32 = 0x811c9dc5 ^ length;
  for (let i: u32 = 0; i < length; i++) hash = (hash ^ load<u8>(at + i)) * 0x01000193;
  return hash | 1;
}

// @ts-ignore: decorators are AssemblyScript's
@inline
function userAt(i: u32): usize {
  return USERS + <usize>((i & (MOST_USERS - 1)) << 4);
}

/** The slot of a role; it is free if the role is not there. */
export function userSlot(at: usize, length: u32): usize {
  const hash = hashOf(at, length);
  let i = hash;
  let slot = userAt(i);
  for (let known = load<u32>(slot); known != 0; known = load<u32>(slot)) {
    if (known == hash && load<u32>(slot, 8) == length && areSame(load<u32>(slot, 4), at, length)) break;
    slot = userAt(++i);
  }
  return slot;
}

/** Sets what becomes of a role, whose column is at this address as it is in the log. If there are too many roles, the table starts again. */
export function setUser(at: usize, length: u32, verdict: u32): void {
  if (users >= MOST_USERS / 2 || names + length > NAMES_END) clearUsers();
  if (length > 256) return;
  const slot = userSlot(at, length);
  if (load<u32>(slot) == 0) {
    memory.copy(names, at, length);
    store<u32>(slot, hashOf(at, length));
    store<u32>(slot, <u32>names, 4);
    store<u32>(slot, length, 8);
    names += length;
    users++;
  }
  store<u32>(slot, verdict, 12);
}


let live: u32 = 0;
let used: u32 = 0;
const FREE: u64 = 0;
const REMOVED: u64 = 1;

export function clearSessions(): void {
  live = 0;
  used = 0;
  memory.fill(SESSIONS, 0, SLOTS * SESSION_SIZE);
}

// @ts-ignore: decorators are AssemblyScript's
@inline
export function slotOf(base: usize, key: u64): usize {
  let i = <u32>((key * 0x9e3779b97f4a7c15) >> 51);
  let slot = base + <usize>(i * SESSION_SIZE);
  for (let known = load<u64>(slot); known != key && known != FREE; known = load<u64>(slot)) {
    i = (i + 1) & (SLOTS - 1);
    slot = base + <usize>(i * SESSION_SIZE);
  }
  return slot;
}

/** The address of a session, which is begun if it is not there. */
export function session(start: u32, pid: u32): usize {
  const key = ((<u64>start) << 32) | pid;
  let slot = slotOf(SESSIONS, key);
  if (load<u64>(slot) == key) return slot;
  if (used >= (SLOTS >> 2) * 3) {
    rebuild();
    slot = slotOf(SESSIONS, key);
  }
  memory.fill(slot, 0, SESSION_SIZE);
  store<u64>(slot, key);
  live++;
  used++;
  return slot;
}

/** A session is not remembered any more. */
export function forget(start: u32, pid: u32): void {
  const key = ((<u64>start) << 32) | pid;
  const slot = slotOf(SESSIONS, key);
  if (load<u64>(slot) != key) return;
  store<u64>(slot, REMOVED);
  live--;
}

/** Without those that were removed. If nearly all are live, the table starts again: each is learnt again. */
function rebuild(): void {
  if (live >= SLOTS >> 1) return clearSessions();
  memory.copy(SPARE, SESSIONS, SLOTS * SESSION_SIZE);
  memory.fill(SESSIONS, 0, SLOTS * SESSION_SIZE);
  for (let i: u32 = 0; i < SLOTS; i++) {
    const from = SPARE + <usize>(i * SESSION_SIZE);
    const key = load<u64>(from);
    if (key <= REMOVED) continue;
    memory.copy(slotOf(SESSIONS, key), from, SESSION_SIZE);
  }
  used = live;
}
