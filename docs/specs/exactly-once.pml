/*
 * From raw to unique to a ticket, with crashes and with instances that believe for too long that a partition is theirs.
 *
 * Taken for granted is what Kafka and PostgreSQL promise: a transaction is there as a whole or not at all, a transactional
 * producer whose epoch is no longer the latest one commits nothing, a primary key is there once. Everything between these
 * steps can be interleaved with what the others do, or be the last thing that an instance does before it crashes.
 *
 * One partition: partitions share nothing. Its records are two updates, and a copy of the first one that comes last.
 *
 * Each macro below plants one mistake; `npm run model` shows that each is found, and how:
 *   NO_FENCE             a commit does not need the latest epoch
 *   RESTORE_FIRST        memory and offset are read before the older producer is fenced
 *   OFFSET_APART         the offset is committed after the transaction, not in it
 *   REPEAT_UNKNOWN       a commit without an answer is repeated with what is in memory, by a producer of its own
 *   NO_PRIMARY_KEY       ticketing looks for the ledger's row, and writes one if there was none
 *   OFFSET_BEFORE_STORE  ticketing commits its offset before the database has the outcome
 */

#define RAW 3
#define KEYS 2

/* Instances that believe that the partition is theirs. Both twice in one search are more states than a machine holds. */
#ifndef DEDUPES
#define DEDUPES 2
#endif
#ifndef TICKETINGS
#define TICKETINGS 1
#endif
#ifndef CRASHES
#define CRASHES 1 /* of each instance; its last life goes on to the end */
#endif

#define KEY_OF(offset) (offset % KEYS)

/* ---- What the brokers have ---- */
byte epoch = 0;              /* of the partition's transactional id */
byte rawOffset = 0;          /* of the group dedupe */
bool seen[KEYS];             /* the changelog */
byte unique[KEYS];           /* keys, in order */
byte uniqueLength = 0;
byte duplicates = 0;
byte passed[KEYS];           /* not in any broker: how often each key is in unique */
byte uniqueOffset = 0;       /* of the group ticketing */

/* ---- What the database has ---- */
byte ledger[KEYS];           /* rows; a primary key allows one */

byte dedupesLeft = DEDUPES;
byte ticketingsLeft = TICKETINGS;

inline publish(k, isFirst) {
  if
  :: isFirst ->
    passed[k]++;
    assert(passed[k] == 1);                          /* no update passes twice, at any moment */
    unique[uniqueLength] = k;
    uniqueLength++;
    seen[k] = true
  :: else -> duplicates++
  fi
}

proctype Dedupe() {
  byte crashes = CRASHES;
  byte mine, at, k;
  bool memory[KEYS];
  bool isFirst;

assigned:
  isFirst = false;
#ifdef RESTORE_FIRST
  at = rawOffset;
  d_step { k = 0; do :: k < KEYS -> memory[k] = seen[k]; k++ :: else -> break od; k = 0 };
  atomic { epoch++; mine = epoch };
#else
  atomic { epoch++; mine = epoch };
  at = rawOffset;
  d_step { k = 0; do :: k < KEYS -> memory[k] = seen[k]; k++ :: else -> break od; k = 0 };
#endif

  do
  :: at == RAW -> break
  :: at < RAW ->
    /* decided by what is in memory, and maybe written long after that */
    k = KEY_OF(at);
    isFirst = !memory[k];
    atomic {
#ifndef NO_FENCE
      /* Looked at by the broker, in the step that commits. */
      if :: epoch != mine -> goto fenced :: else fi;
#endif
      publish(k, isFirst);
#ifndef OFFSET_APART
      rawOffset = at + 1
#endif
    };
    if
    :: skip
    :: crashes > 0 -> crashes--; goto assigned       /* before the answer, or without one: the outcome is unknown */
#ifdef REPEAT_UNKNOWN
    :: crashes > 0 -> crashes--; atomic { epoch++; mine = epoch }; goto next
#endif
    fi;
#ifdef OFFSET_APART
    rawOffset = at + 1;
#endif
    memory[k] = true;
    at++;
next: skip
  :: crashes > 0 -> crashes--; goto assigned         /* between two; with a decision in hand it is the same to all others */
  od;
  goto over;

fenced:
  /* Somebody else has the partition; it may come back. */
  if
  :: crashes > 0 -> crashes--; goto assigned
  :: goto over
  fi;

over:
  dedupesLeft--
}

proctype Ticketing() {
  byte crashes = CRASHES;
  byte at, k;
#ifdef NO_PRIMARY_KEY
  bool isThere;
#endif

assigned:
  k = 0;
  at = uniqueOffset;
  do
  :: at < uniqueLength ->
    k = unique[at];
#ifdef OFFSET_BEFORE_STORE
    uniqueOffset = at + 1;
    if :: skip :: crashes > 0 -> crashes--; goto assigned fi;
#endif
#ifdef NO_PRIMARY_KEY
    isThere = ledger[k] > 0;
    if :: isThere :: else -> ledger[k]++ fi;
#else
    /* One database transaction: outcome, events and parking with the row, or nothing. */
    atomic { if :: ledger[k] > 0 :: else -> ledger[k]++ fi };
#endif
    if :: skip :: crashes > 0 -> crashes--; goto assigned fi;
#ifndef OFFSET_BEFORE_STORE
    uniqueOffset = at + 1;                           /* an instance that is late may move it back */
#endif
    at++
  :: at >= uniqueLength && dedupesLeft == 0 -> break
  :: crashes > 0 -> crashes--; goto assigned
  od;
  ticketingsLeft--
}

/* When everything has come to rest, every update has one outcome, and the books balance. */
active proctype Audit() {
  byte k = 0;
  (dedupesLeft == 0 && ticketingsLeft == 0);
  do
  :: k < KEYS -> assert(ledger[k] == 1); k++
  :: else -> break
  od;
  assert(rawOffset == RAW);
  assert(RAW == uniqueLength + duplicates)
}

init {
  byte n;
  atomic {
    n = 0; do :: n < DEDUPES -> run Dedupe(); n++ :: else -> break od;
    n = 0; do :: n < TICKETINGS -> run Ticketing(); n++ :: else -> break od
  }
}
