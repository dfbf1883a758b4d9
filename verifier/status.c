/* SPDX-License-Identifier: ISC */
/* Looking at the board's state. */
#include "verifier/status.h"

#include <stdlib.h>
#include <unistd.h>

#include "core/json.h"
#include "verifier/journal.h"

int status_look(struct status_report *out, const struct device *d, struct err *e)
{
	int waits;

	*out = (struct status_report){.busy = false};
	if (state_busy(d, &out->busy, e) != 0)
		return -1;
	waits = journal_waits(d, e);
	out->interrupted = waits > 0 && !out->busy;
	return waits < 0 ? -1 : state_installed(d, &out->now, e);
}

int status_settle(struct status_report *out, const struct device *d, struct err *e)
{
	struct err why = {.verdict = VERDICT_OK};
	int lock = state_lock(d, &why), rc;

	if (lock < 0 && why.verdict != VERDICT_BUSY)
		return err_set(e, why.verdict, "%s", why.message);
	if (lock >= 0) {
		rc = journal_finish(d, e);
		close(lock);
		if (rc != 0)
			return -1;
	}
	return status_look(out, d, e);
}

void status_print_json(FILE *out, const struct device *d, const struct status_report *report)
{
	struct json j;

	json_begin(&j, out);
	json_object(&j, NULL);
	json_string(&j, "verdict", verdict_word(VERDICT_OK));
	json_number(&j, "status", STATUS_DONE);
	json_string(&j, "board", d->board);
	json_number(&j, "revision", d->revision);
	json_string(&j, "product", d->product);
	if (d->trust.ring.serial > 0)
		json_number(&j, "keyring", d->trust.ring.serial);
	json_bool(&j, "installed", report->now.any);
	if (report->now.any) {
		json_string(&j, "version", report->now.version);
		json_number(&j, "counter", report->now.counter);
	}
	json_bool(&j, "busy", report->busy);
	json_bool(&j, "interrupted", report->interrupted);
	json_array(&j, "slots");
	for (size_t i = 0; i < d->nslots; i++) {
		json_object(&j, NULL);
		json_string(&j, "name", d->slots[i].name);
		json_string(&j, "target", d->slots[i].target);
		json_end_object(&j);
	}
	json_end_array(&j);
	json_end_object(&j);
	json_finish(&j);
}
