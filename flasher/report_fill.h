/* SPDX-License-Identifier: ISC */
/* Makes the plain report record of a plan and of what the ledger, or a rollout under way, knows of its devices. */
#ifndef FLASHER_REPORT_FILL_H
#define FLASHER_REPORT_FILL_H

#include "flasher/ledger.h"
#include "flasher/report.h"

/* A report and the memory behind it. */
struct report_filled {
	struct report report;
	struct report_device *devices;
	struct report_wave waves[PLAN_WAVES_MAX];
	struct report_event *events;
	struct ledger_note *notes;
	char hash[HASH_HEX + 1], plan[HASH_HEX + 1];
	char why[SESSION_TEXT_MAX];
};

/* Makes F of PLAN and DEVICES, which must outlive it. Returns 0, or -1 when memory is out; report_filled_free is due in
 * either case. */
MUST_CHECK int report_fill(struct report_filled *f, const struct plan *plan, const struct ledger_device *devices, struct err *e);

/* Brings it up to date after DEVICES changed. STATE and WHY are as of struct report; WAVE is the one that is open. */
void report_refresh(struct report_filled *f, const struct plan *plan, const struct ledger_device *devices, const char *state,
		    const char *why, unsigned wave, uint64_t now_ms);

/* Takes the ledger's notes in: events, and when it began. */
MUST_CHECK int report_take_notes(struct report_filled *f, struct ledger *l, struct err *e);

void report_filled_free(struct report_filled *f);

/* All of it from a ledger that is opened to be read. PLAN and DEVICES are filled, and freed by the caller. */
MUST_CHECK int report_load(struct report_filled *f, struct ledger *l, struct plan *plan, struct ledger_device **devices, uint64_t now_ms,
		struct err *e);

/* Three more forms: a few lines for a terminal; CSV of the boards that want a recovery card; what waits for a person (halts, gates, cards,
 * unknown boards), the oldest first, each with the next command: as lines, or as JSON, an object a line. */
MUST_CHECK int report_text(FILE *out, const struct report *r, struct err *e);
MUST_CHECK int report_cards(FILE *out, const struct report *r, struct err *e);
MUST_CHECK int report_person(FILE *out, const struct report *r, struct err *e);
MUST_CHECK int report_person_json(FILE *out, const struct report *r, struct err *e);

#endif
