/* SPDX-License-Identifier: ISC */
/* The ledger of a rollout: what is known of each board, on disk before anything is done to it. One file, the only one that
 * SQLite is called for (WAL; synchronous=FULL, so that a commit that returned is on the disk). Anybody may read it while
 * a run is under way; only one run may write it.
 *
 * A run calls ledger_put() for all that it is about to do, then ledger_commit(), then does it: many boards share a commit. */
#ifndef FLASHER_LEDGER_H
#define FLASHER_LEDGER_H

#include "flasher/plan.h"

struct ledger;

enum {
	LEDGER_SCHEMA = 2,         /* PRAGMA user_version */
	LEDGER_VALUE_MAX = 8192,   /* bytes of a setting */
};

/* What the ledger knows of a device. Order: as in the plan. */
struct ledger_device {
	struct session session;
	char address[ADDRESS_MAX + 1];
	uint64_t began_ms, ended_ms; /* since 1970; 0: not yet */
	uint64_t sent_ms;            /* likewise: when its last upload began */
	bool counted;                /* its end counts for halts: it came after the last one was lifted */
};

/* Something that happened to the whole run. */
struct ledger_note {
	uint64_t at_ms;
	char kind[16];
	char text[SESSION_TEXT_MAX];
};

/* Makes the ledger FILE of PLAN, whose text is LEN bytes at TEXT, mode 0600. Fails when FILE is there. FILE "" is one in
 * memory. Returns 0 or -1 (system; busy when another run has it). */
MUST_CHECK int ledger_create(struct ledger **out, const char *file, const char *text, size_t len, const struct plan *plan, struct err *e);

/* Opens it; checks that it is a ledger and has this schema, and nothing besides. WRITE: to go on with its run, for which it must be private
 * (io_check_private), with all that SQLite keeps beside it. Else it is read only, whoever it belongs to, and nothing is left beside it.
 * Returns 0 or -1 (usage: it is none; busy: another run has it). */
MUST_CHECK int ledger_open(struct ledger **out, const char *file, bool write, struct err *e);

/* True for the very file that this user's `apply' made. A copy, or what somebody else made, is not asked for keys, credentials or files. */
bool ledger_at_home(struct ledger *l);

/* Whether a run was at work on it when it was opened to be read. */
bool ledger_in_use(const struct ledger *l);

/* The plan's text, freed by the caller. Returns 0 or -1; malformed when its hash is not the one that was noted. */
MUST_CHECK int ledger_plan(struct ledger *l, char **text, size_t *len, struct err *e);

/* All devices, N of them as in the plan. */
MUST_CHECK int ledger_load(struct ledger *l, const struct plan *plan, struct ledger_device *devices, struct err *e);

/* Settings of the run ("bundle", "pubkey.0", ...): set; read into OUT ("" when there is none). */
MUST_CHECK int ledger_set(struct ledger *l, const char *key, const char *value, struct err *e);
MUST_CHECK int ledger_get(struct ledger *l, const char *key, char out[static LEDGER_VALUE_MAX + 1], struct err *e);

/* Takes down device INDEX as it now is, and the states it went through. Lasts once committed. */
MUST_CHECK int ledger_put(struct ledger *l, uint32_t index, const struct ledger_device *d, const enum session_state *edges,
	       unsigned nedges, uint64_t at_ms, struct err *e);
MUST_CHECK int ledger_put_note(struct ledger *l, uint64_t at_ms, const char *kind, const char *text, struct err *e);
MUST_CHECK int ledger_commit(struct ledger *l, struct err *e);

/* All notes by time; freed by the caller. */
MUST_CHECK int ledger_notes(struct ledger *l, struct ledger_note **out, size_t *n, struct err *e);

/* States that device INDEX went through, "uploading accepted ...", for tests and people: calls EACH in order. */
MUST_CHECK int ledger_history(struct ledger *l, uint32_t index,
		   void (*each)(void *owner, uint64_t at_ms, const char *state, const char *class, const char *text),
		   void *owner, struct err *e);

/* SQLite's own look at the file. Returns 0 when it is whole. */
MUST_CHECK int ledger_check(struct ledger *l, struct err *e);

/* What is not committed is lost. Safe on NULL. */
void ledger_close(struct ledger **l);

#endif
