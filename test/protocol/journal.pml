/*
 * The journal's protocol, for Spin: every order of steps, kills, power cuts and a lost state is tried.
 *
 * The log holds records 1 to RECORDS. The daemon journals them, with seals between them, and two sinks deliver the
 * journal: logging takes lines, the archive takes sealed segments. A line of the journal is known by its place in the
 * chain (seq). Each comment "code:" names what a step stands for.
 *
 * What is on disk exists twice here: as a process sees it (the page cache, which survives a kill), and as it is after a
 * power cut (names ending in D). A sync copies the first to the second. At a power cut each name and each line that is
 * not synced is the old one, the new one, or a torn one, each by itself.
 *
 * Left out: several servers, the memory file beside the checkpoint, calls that fail (test/scenario/crash-points.test.ts
 * has them), a journal that is full, and an archive that cannot be read when the state is lost (a new chain begins).
 *
 * Checked (test/SPEC.md): I1 complete and exactly once, I4 durable before any sink sees it, I5 sinks independent,
 * I6 a redelivery is the same, I9 nothing is left over. Each of these macros plants a fault, to show that it can fail:
 * NO_FSYNC, NO_FOLDER_SYNC, NO_STATE_SYNC, NO_START_SYNC, NO_TAKE_UP_SYNC, PUBLISH_EARLY, RELEASE_AFTER_ONE and
 * KEEP_DELIVERED. With ONLY_CONSEQUENCES a fault must show in the world outside, or in a start that is refused, and not
 * only in what I4 demands of the disk.
 *
 * To see the steps to a violation, in an empty folder, with -D as the test gives them:
 *   spin -a -D... journal.pml && gcc -DSAFETY -o pan pan.c && ./pan && spin -t -p -g -D... journal.pml
 */

#ifndef RECORDS
#define RECORDS 2
#endif
#ifndef KILLS
#define KILLS 1
#endif
#ifndef CUTS
#define CUTS 1
#endif
#ifndef LOSSES
#define LOSSES 1
#endif
/* Lines of one commit. */
#ifndef BATCH
#define BATCH 2
#endif

/* Each record may be in a segment of its own, with a seal behind it. Seqs begin with 1. */
#define ROOM (2 * RECORDS + 1)
#define SEAL (RECORDS + 1)
#define TORN 255
/* A record that is read again makes another line: receivedAt, the hash before it and the events around it differ. */
#define line(what, life) ((what) * 16 + (life))
#define what(line) ((line) / 16)
#define isWhole(line) ((line) != 0 && (line) != TORN)
#define has(set, n) ((((set) >> (n)) & 1) == 1)

#define LOGGING 0
#define ARCHIVE 1
#define NOBODY 2

/* The state folder and its folder `journal`. Sets are bits by seq. */
byte lines[ROOM], linesD[ROOM];
short segments, segmentsD;                      /* files that begin with this seq */
byte nextSeq, read, nextSeqD, readD;            /* checkpoint.json; nextSeq 0: there is none */
short seals, sealsD;
byte base;                                      /* the first seq of this state folder: 1, or behind the take-up */
byte cursor[2], cursorD[2];                     /* cursor-*.json; 0: there is none */

/* The world outside. */
byte shown[ROOM];                               /* lines that logging has got, as it got them first */
short shownRecords;                             /* by insertId, which is the record's own */
byte archive[ROOM], archivedD;                  /* lines in objects; objects up to this seq survive a power cut */
byte blocked = NOBODY;                          /* this sink never gets anything through */
byte kills = KILLS, cuts = CUTS, losses = LOSSES;

/* The process. */
mtype = { starting, takenUp, idle, writing, written, created, synced, renamed };
mtype phase = starting;
byte life = 1;
byte pNext, pRead;                              /* as published: readers see lines before pNext */
short pSeals;
byte cNext, cRead, at;                          /* the commit under way, and the line that is written next */
short cSeals;
byte released;                                  /* segments up to this seq are deleted */
mtype = { resting, sent, stored, marked, releasing };
mtype step[2] = resting;
byte delivered[2], given[2];                    /* the last seq that is delivered, that is under way */

byte i, f, last, count;                         /* used within one step only, and 0 between steps */
bool isNew;                                     /* the commit under way has made a file */

#define isUp (phase != starting && phase != takenUp)
#define forget() i = 0; f = 0; last = 0; count = 0

/* f = where the segment that holds `seq` begins. */
inline findFirst(seq, sealed) {
  f = seq;
  do
  :: f > base && !has(sealed, f - 1) -> f--
  :: else -> break
  od
}

/* last = the seal of the segment that begins at `seq`; 0 if it is not sealed. */
inline findSeal(seq, sealed) {
  last = seq;
  do
  :: last < pNext && !has(sealed, last) -> last++
  :: else -> break
  od;
  if
  :: last >= pNext -> last = 0
  :: else
  fi
}

/* The process is gone, and what it knew with it. */
inline die() {
  phase = starting; life++;
  pNext = 0; pRead = 0; pSeals = 0; cNext = 0; cRead = 0; cSeals = 0; at = 0; isNew = false; released = 0;
  step[0] = resting; step[1] = resting; delivered[0] = 0; delivered[1] = 0; given[0] = 0; given[1] = 0;
  forget()
}

inline syncStateFolder() {
#ifndef NO_STATE_SYNC
  nextSeqD = nextSeq; readD = read; sealsD = seals; cursorD[0] = cursor[0]; cursorD[1] = cursor[1]
#else
  skip
#endif
}

inline syncLines() {
#ifndef NO_FSYNC
  i = 1;
  do
  :: i < ROOM -> linesD[i] = lines[i]; i++
  :: else -> break
  od
#else
  skip
#endif
}

/* code: recover.ts beginState, archive/newest.ts findChainEnd. The newest object's seal says where the chain ended. */
inline takeUp() {
#ifndef NO_TAKE_UP_SYNC
  /* code: assemble/journal.ts durableStore: what is read here must survive a power cut. */
  i = ROOM - 1;
  do
  :: i > 0 && archive[i] == 0 -> i--
  :: else -> break
  od;
  archivedD = i;
#endif
  last = ROOM - 1;
  do
  :: last > 0 && archive[last] == 0 -> last--
  :: else -> break
  od;
  base = last + 1; nextSeq = base; read = 0; seals = 0;
  /* What the archive has is not read again: logging never gets what it lacked of that when the state was lost. */
  i = 1;
  do
  :: i <= last ->
     if
     :: what(archive[i]) != SEAL -> read = what(archive[i]); shownRecords = shownRecords | (1 << read)
     :: else
     fi;
     i++
  :: else -> break
  od
}

/* code: recover.ts openJournal. Each assert is a StateError there, at which the daemon does not start. */
inline recover() {
  pNext = nextSeq; pRead = read; pSeals = seals;
  assert(cursor[0] < nextSeq && cursor[1] < nextSeq);       /* code: readDelivered */
  last = (cursor[0] < cursor[1] -> cursor[0] : cursor[1]);
  /* code: checkSealed, checkOpen: whatever a sink still needs is there, whole. */
  i = nextSeq - 1;
  do
  :: i >= base && (i > last || !has(seals, i)) ->
     /* The segment that ends with i, or the open one. */
     findFirst(i, seals);
     assert(has(segments, f));
     do
     :: i >= f -> assert(isWhole(lines[i])); i--
     :: else -> break
     od
  :: else -> break
  od;
  /* code: removeUnneeded. Segments up to i are delivered; those that the checkpoint does not name were never committed. */
  f = 1;
  do
  :: f < ROOM ->
     if
#ifndef KEEP_DELIVERED
     :: has(segments, f) && f <= i -> segments = segments & ~(1 << f)
#endif
     :: has(segments, f) && (f >= nextSeq || (f > i && f > base && !has(seals, f - 1))) -> segments = segments & ~(1 << f)
     :: else
     fi;
     f++
  :: else -> break
  od;
  released = i;
  /* code: reader.ts open. Without a cursor everything that is here goes out again. */
  delivered[0] = (cursor[0] == 0 -> base - 1 : cursor[0]);
  delivered[1] = (cursor[1] == 0 -> base - 1 : cursor[1]);
  phase = idle;
  forget()
}

/* What a sink is about to get was synced, with the names that lead to it (I4). */
inline assertDurable(seq) {
  assert(isWhole(lines[seq]));
#ifndef ONLY_CONSEQUENCES
  findFirst(seq, pSeals);
  assert(linesD[seq] == lines[seq] && has(segmentsD, f) && seq < nextSeqD)
#endif
}

/* To Cloud Logging, which shows an insertId once, or to a file that is synced. */
inline sendLines() {
  last = delivered[LOGGING] + 1;
  do
  :: last <= given[LOGGING] ->
     assertDurable(last);
     assert(shown[last] == 0 || shown[last] == lines[last]);     /* I6 */
     shown[last] = lines[last];
     if
     :: what(lines[last]) != SEAL -> shownRecords = shownRecords | (1 << what(lines[last]))
     :: else
     fi;
     last++
  :: else -> break
  od;
  forget()
}

/* code: deliver/local.ts, deliver/cloud-storage.ts: an object is there whole or not at all, and never written over. */
inline putObject() {
  last = delivered[ARCHIVE] + 1;
  do
  :: last <= given[ARCHIVE] ->
     assertDurable(last);
     assert(archive[last] == 0 || archive[last] == lines[last]); /* I1, I6 */
     archive[last] = lines[last];
     last++
  :: else -> break
  od;
  forget()
}

init {
  if
  :: blocked = NOBODY
  :: blocked = LOGGING
  :: blocked = ARCHIVE
  fi;
  do
  /* ---- The start ---- */

  :: phase == starting -> d_step {
       /* code: recover.ts openJournal, disk.makeFolder: what a killed process has renamed becomes durable first. */
#ifndef NO_START_SYNC
       syncStateFolder();
#endif
       if
       :: nextSeq == 0 -> takeUp(); phase = takenUp
       :: else -> recover()
       fi;
       forget() }
  /* code: checkpoint.write of the state that was taken up, or has just begun. */
  :: phase == takenUp -> d_step { syncStateFolder(); recover() }

  /* ---- The journal: one commit after the other ---- */

  /* code: pipeline.ts, state.ts Plan: up to BATCH lines, records in their order and seals of what is open. */
  :: atomic { phase == idle && (pRead < RECORDS || (pNext > base && !has(pSeals, pNext - 1))) ->
       cNext = pNext; cRead = pRead; cSeals = pSeals;
       do
       :: cRead < RECORDS && cNext - pNext < BATCH -> cRead++; cNext++
       :: cNext > base && !has(cSeals, cNext - 1) && cNext - pNext < BATCH -> cSeals = cSeals | (1 << cNext); cNext++
       :: cNext > pNext -> break
       od;
       at = pNext; phase = writing }
  /* code: disk.writeAt: what stood behind is cut off; at byte 0 a file is made, or emptied. */
  :: phase == writing -> d_step {
       findFirst(at, cSeals);
       if
       :: f == at -> segments = segments | (1 << at); isNew = true
       :: else
       fi;
       i = at;
       do
       :: i < ROOM -> lines[i] = 0;
          if
          :: f == at -> linesD[i] = 0
          :: else
          fi;
          i++
       :: else -> break
       od;
       count = 0; i = at;
       do
       :: i < cNext -> count = count + (has(cSeals, i) -> 0 : 1); i++
       :: else -> break
       od;
       lines[at] = (has(cSeals, at) -> line(SEAL, life) : line(cRead - count + 1, life));
       at++;
       if
       :: at == cNext || has(cSeals, at - 1) -> phase = written
       :: else
       fi;
       forget() }
  /* code: disk.writeAt, datasync. */
  :: phase == written -> d_step {
       syncLines();
       phase = (isNew -> created : (at == cNext -> synced : writing));
       forget() }
  /* code: disk.writeAt, syncFolder of the folder `journal`: the new segment's name, and removals. */
  :: phase == created -> d_step {
#ifndef NO_FOLDER_SYNC
       segmentsD = segments;
#endif
       isNew = false;
       phase = (at == cNext -> synced : writing) }
#ifdef PUBLISH_EARLY
  :: phase == synced && pNext < cNext -> d_step { pNext = cNext; pSeals = cSeals }
#endif
  /* code: checkpoint.ts write, disk.replace: written and synced under another name, then renamed. */
  :: phase == synced -> d_step { nextSeq = cNext; read = cRead; seals = cSeals; phase = renamed }
  /* code: disk.replace, syncFolder; journal.ts #publish, from where on readers see the lines. */
  :: phase == renamed -> d_step {
       syncStateFolder();
       pNext = cNext; pRead = cRead; pSeals = cSeals; cNext = 0; cRead = 0; cSeals = 0; at = 0; phase = idle }

  /* ---- The sinks: sent, stored, cursor renamed, cursor synced, released ---- */

  /* code: reader.ts #readLines, deliver.ts: one line, or all that are there. */
  :: isUp && blocked != LOGGING && step[LOGGING] == resting && delivered[LOGGING] + 1 < pNext -> d_step {
       given[LOGGING] = delivered[LOGGING] + 1; sendLines(); step[LOGGING] = stored }
  :: isUp && blocked != LOGGING && step[LOGGING] == resting && delivered[LOGGING] + 2 < pNext -> d_step {
       given[LOGGING] = pNext - 1; sendLines(); step[LOGGING] = stored }
  /* code: reader.ts #findSealed, deliver.ts. */
  :: isUp && blocked != ARCHIVE && step[ARCHIVE] == resting && (pSeals >> (delivered[ARCHIVE] + 1)) != 0 -> d_step {
       findSeal(delivered[ARCHIVE] + 1, pSeals);
       given[ARCHIVE] = last; putObject(); step[ARCHIVE] = sent }
  /* code: deliver/attempts.ts: the answer is lost, and the same is sent again. */
  :: step[LOGGING] == stored -> d_step { sendLines() }
  :: step[ARCHIVE] == stored -> d_step { putObject() }
  /* code: disk.create, syncFolder; nothing is to be done in Cloud Storage. */
  :: step[ARCHIVE] == sent -> d_step { archivedD = given[ARCHIVE]; step[ARCHIVE] = stored }

  /* code: cursor.ts writeCursor, disk.replace. */
  :: step[LOGGING] == stored -> d_step { cursor[LOGGING] = given[LOGGING]; step[LOGGING] = marked }
  :: step[ARCHIVE] == stored -> d_step { cursor[ARCHIVE] = given[ARCHIVE]; step[ARCHIVE] = marked }
  :: step[LOGGING] == marked -> d_step {
       syncStateFolder(); delivered[LOGGING] = given[LOGGING]; given[LOGGING] = 0; step[LOGGING] = releasing }
  :: step[ARCHIVE] == marked -> d_step {
       syncStateFolder(); delivered[ARCHIVE] = given[ARCHIVE]; given[ARCHIVE] = 0; step[ARCHIVE] = releasing }
  /* code: journal.ts releaseDelivered. A removal is not synced, and may come undone. */
  :: step[LOGGING] == releasing || step[ARCHIVE] == releasing -> d_step {
       findSeal(released + 1, pSeals);
#ifdef RELEASE_AFTER_ONE
       count = (delivered[0] > delivered[1] -> delivered[0] : delivered[1]);
#else
       count = (delivered[0] < delivered[1] -> delivered[0] : delivered[1]);
#endif
       if
       :: last > 0 && last <= count ->
          segments = segments & ~(1 << (released + 1));
          i = released + 1;
          do
          :: i <= last -> lines[i] = 0; i++
          :: else -> break
          od;
          released = last
       :: else ->
          if
          :: step[LOGGING] == releasing -> step[LOGGING] = resting
          :: else
          fi;
          if
          :: step[ARCHIVE] == releasing -> step[ARCHIVE] = resting
          :: else
          fi
       fi;
       forget() }

  /* ---- Faults ---- */

  :: kills > 0 -> d_step { kills--; die() }
  :: atomic { cuts > 0 -> cuts--;
       if
       :: segments = segmentsD
       :: segments != segmentsD -> segmentsD = segments
       :: segments != segmentsD -> segments = segments & segmentsD; segmentsD = segments
       :: segments != segmentsD -> segments = segments | segmentsD; segmentsD = segments
       fi;
       i = 1;
       do
       :: i < ROOM && lines[i] == linesD[i] -> i++
       :: i < ROOM && lines[i] != linesD[i] ->
          if
          :: lines[i] = linesD[i]
          :: linesD[i] = lines[i]
          :: lines[i] = TORN; linesD[i] = TORN
          fi;
          i++
       :: i == ROOM -> break
       od;
       if
       :: nextSeq = nextSeqD; read = readD; seals = sealsD
       :: nextSeq != nextSeqD -> nextSeqD = nextSeq; readD = read; sealsD = seals
       fi;
       if
       :: cursor[0] = cursorD[0]
       :: cursor[0] != cursorD[0] -> cursorD[0] = cursor[0]
       fi;
       if
       :: cursor[1] = cursorD[1]
       :: cursor[1] != cursorD[1] -> cursorD[1] = cursor[1]
       fi;
       /* At most one object is not synced. */
       last = archivedD + 1;
       if
       :: last < ROOM && archive[last] != 0 ->
          if
          :: true ->
             do
             :: last < ROOM -> archive[last] = 0; last++
             :: else -> break
             od
          :: true ->
             do
             :: last < ROOM && archive[last] != 0 -> archivedD = last; last++
             :: else -> break
             od
          fi
       :: else
       fi;
       die() }
  /* The state folder is lost with the process. What is not archived is read again, under other seqs. */
  :: losses > 0 && nextSeq > 0 -> d_step { losses--; die();
       segments = 0; segmentsD = 0; nextSeq = 0; read = 0; seals = 0; nextSeqD = 0; readD = 0; sealsD = 0; base = 0;
       cursor[0] = 0; cursor[1] = 0; cursorD[0] = 0; cursorD[1] = 0;
       i = 1;
       do
       :: i < ROOM -> lines[i] = 0; linesD[i] = 0; shown[i] = 0; i++
       :: else -> break
       od;
       forget() }
  /* All faults stop: from here on everything must come to its end. */
  :: kills + cuts + losses > 0 -> d_step { kills = 0; cuts = 0; losses = 0 }

  /* ---- The end: nothing is left to be done ---- */

  :: else -> break
  od;
  assert(kills + cuts + losses == 0 && phase == idle && pRead == RECORDS);
  d_step {
    i = 1;
    do
    :: i <= RECORDS ->
       /* I5: a sink gets everything whatever becomes of the other. */
       assert(blocked == LOGGING || has(shownRecords, i));
       /* I1: exactly once. */
       count = 0; f = 1;
       do
       :: f < ROOM -> count = count + (what(archive[f]) == i -> 1 : 0); f++
       :: else -> break
       od;
       assert(count == (blocked == ARCHIVE -> count : 1) && count <= 1);
       i++
    :: else -> break
    od;
    /* I9: what every sink has is not kept. */
    assert(blocked != NOBODY || segments == 0)
  }
}
