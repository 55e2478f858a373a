/** The two tables: login roles by their bytes, and sessions by their two numbers. */

import { areSame } from './bytes';
import {
  FREE,
  MOST_PLACES,
  MOST_SESSIONS,
  MOST_USERS,
  NAMES,
  NAMES_END,
  PLACES,
  SESSION_SIZE,
  SESSIONS,
  USERS,
} from './memory';

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

/** How many sessions there is room for. */
export let free: u32 = 0;

export function clearSessions(): void {
  memory.fill(PLACES, 0, MOST_PLACES << 2);
  memory.fill(SESSIONS, 0, MOST_SESSIONS * SESSION_SIZE);
  for (free = 0; free < MOST_SESSIONS; free++)
    store<u32>(FREE + (<usize>free << 2), <u32>SESSIONS + free * SESSION_SIZE);
}

// @ts-ignore: decorators are AssemblyScript's
@inline
function placeOf(key: u64): u32 {
  return <u32>((key * 0x9e3779b97f4a7c15) >> 51);
}

// @ts-ignore: decorators are AssemblyScript's
@inline
function addressOf(place: u32): usize {
  return PLACES + (<usize>place << 2);
}

/** The place of a session, or the one in which it would be. */
// @ts-ignore: decorators are AssemblyScript's
@inline
function find(key: u64): u32 {
  let place = placeOf(key);
  for (let at = load<u32>(addressOf(place)); at != 0 && load<u64>(at) != key; at = load<u32>(addressOf(place)))
    place = (place + 1) & (MOST_PLACES - 1);
  return place;
}

/** The address of a session; 0 if it is not there. */
export function known(key: u64): usize {
  return load<u32>(addressOf(find(key)));
}

/** The address that the next session gets, of which all is 0 now; there must be room. */
// @ts-ignore: decorators are AssemblyScript's
@inline
export function spare(): usize {
  return load<u32>(FREE + (<usize>(free - 1) << 2));
}

/** Puts a session that is not there at the spare address. */
export function begin(key: u64): void {
  const slot = spare();
  free--;
  store<u64>(slot, key);
  store<u32>(addressOf(find(key)), <u32>slot);
}

// @ts-ignore: decorators are AssemblyScript's
@inline
function keyFrom(start: u32, pid: u32): u64 {
  return ((<u64>start) << 32) | pid;
}

/** The address of a session, which is begun if it is not there; 0 if there is no room. */
export function session(start: u32, pid: u32): usize {
  const key = keyFrom(start, pid);
  const slot = known(key);
  if (slot != 0 || free == 0) return slot;
  begin(key);
  return known(key);
}

/** A session is not remembered any more. Returns its address; 0 if it was not there. */
export function forget(start: u32, pid: u32): usize {
  const place = find(keyFrom(start, pid));
  const slot = <usize>load<u32>(addressOf(place));
  if (slot == 0) return 0;
  memory.fill(slot, 0, SESSION_SIZE);
  store<u32>(FREE + (<usize>free << 2), <u32>slot);
  free++;
  close(place);
  return slot;
}

/** Empties a place: what is found only by passing it comes nearer. */
function close(place: u32): void {
  let gap = place;
  for (let next = (gap + 1) & (MOST_PLACES - 1); ; next = (next + 1) & (MOST_PLACES - 1)) {
    const at = load<u32>(addressOf(next));
    if (at == 0) break;
    const own = placeOf(load<u64>(at));
    if (((next - own) & (MOST_PLACES - 1)) < ((next - gap) & (MOST_PLACES - 1))) continue;
    store<u32>(addressOf(gap), at);
    gap = next;
  }
  store<u32>(addressOf(gap), 0);
}
