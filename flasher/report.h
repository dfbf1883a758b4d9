/* SPDX-License-Identifier: ISC */
/* What people look at: the state of a rollout as a plain record, and the forms it is shown in. Whoever knows the rollout
 * (the ledger) fills the record; the renderers know nothing but it. */
#ifndef FLASHER_REPORT_H
#define FLASHER_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/err.h"
#include "flasher/states.h"

/* Strings are any bytes: boards, too, have a hand in them. No string is NULL; "" is not known. They stay the caller's. */
struct report_device {
	const char *mac, *address, *board;
	const char *site, *rack;
	const char *version_before, *version;
	unsigned wave;              /* from 1 */
	enum session_state state;
	enum session_state was;     /* how it had ended before a retry that it has not answered yet; SESSION_WAITING: no such retry */
	enum session_class class;   /* of the failure */
	const char *message;        /* why, for a person */
	unsigned attempts;
	uint64_t began_ms, ended_ms; /* since 1970; 0: not yet */
};

struct report_wave {
	const char *name;           /* "canary", or "" */
	const char *state;          /* "waiting", "running", "gate", "done", "halted" */
	size_t total;               /* boards in it */
};

/* Something that happened to the whole run: begun, a wave done, a halt, a gate opened, resumed. */
struct report_event {
	uint64_t at_ms;             /* since 1970 */
	const char *kind;           /* one word: "begun", "wave", "halt", "gate", "resume", "done" */
	const char *text;
};

struct report {
	const char *plan;           /* its hash or name */
	const char *product, *version;
	const char *image;          /* BLAKE2b-256 of the bundle, hexadecimal */
	uint64_t image_size;        /* bytes */
	const char *state;          /* of the run: "running", "draining", "halted", "stopped", "done", "dry-run" */
	const char *why;            /* of a halt or stop; "" for none */
	uint64_t began_ms, now_ms;  /* since 1970; NOW_MS: when this was read */
	uint64_t rate;              /* bytes a second, just now; 0 when nothing is under way */
	const struct report_device *devices;
	size_t ndevices;
	const struct report_wave *waves; /* wave N is waves[N - 1] */
	size_t nwaves;
	const struct report_event *events; /* by time */
	size_t nevents;
};

/* How many devices are in each state; of WAVE only unless that is 0. */
void report_count(const struct report *r, unsigned wave, size_t count[static SESSION_STATES]);

/* Seconds until all have ended, from how long boards took that have, soaks and waves included; UINT64_MAX, which is shown as "unknown", until a board
 * has ended that was sent the image. */
uint64_t report_left_s(const struct report *r);

/* Each writes one whole document. Returns 0, or -1 (system: out of memory); the caller checks the stream.
 * HTML: one file, nothing is loaded by it. JUnit: a test case a device; skipped and unfinished ones are `skipped'. */
MUST_CHECK int report_html(FILE *out, const struct report *r, struct err *e);
MUST_CHECK int report_json(FILE *out, const struct report *r, struct err *e);
MUST_CHECK int report_csv(FILE *out, const struct report *r, struct err *e);
MUST_CHECK int report_junit(FILE *out, const struct report *r, struct err *e);

/* Metrics in Prometheus' text format, for the node exporter's textfile collector. */
MUST_CHECK int report_metrics(FILE *out, const struct report *r, struct err *e);

/* Whether D wants a recovery card: also while it is retried, until it answers. */
bool report_needs_card(const struct report_device *d);

/* The same to FILE, which is replaced by rename: a collector never reads half of it. Returns 0 or -1 (system). */
MUST_CHECK int report_metrics_file(const char *file, const struct report *r, struct err *e);

/* --- live, on a terminal or in a log --- */

/* A table on a terminal that is drawn over and over in place; elsewhere a line when a state of the run or of a wave
 * changes, one for each state that boards of a wave enter first, and at most one a minute besides. */
struct live {
	FILE *out;
	bool terminal, colour;
	unsigned columns, rows;     /* of the terminal */
	unsigned drawn;             /* lines of the last table */
	uint64_t said_ms;           /* of the last line */
	char said[160];             /* the part of it that makes a new one due */
	uint32_t seen;              /* states of boards in lines since that part changed, a bit each */
};

/* OUT: standard error as a rule. Colour unless NO_COLOR is set (no-color.org) or OUT is no terminal. */
void live_begin(struct live *l, FILE *out);
void live_draw(struct live *l, const struct report *r);
/* The last table stays; the cursor goes below it. */
void live_end(struct live *l);

#endif
