/* SPDX-License-Identifier: ISC */
/* Looking at the board's state. */
#include "verifier/status.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/json.h"
#include "verifier/boot.h"
#include "verifier/journal.h"

enum { INTERRUPTED_MAX = 64 << 10 };

static int look_at_sides(struct status_report *out, const struct device *d, struct err *e)
{
	memcpy(out->images, out->known->images, sizeof out->images);
	if (!d->two_sided) {
		out->now = out->images[SIDE_A];
		return 0;
	}
	if (boot_read(d, &out->boot, e) != 0)
		return -1;
	out->running = boot_running(d, &out->boot);
	out->now = out->images[out->running];
	return 0;
}

/* What journal_give_up left, if anything. */
static int look_at_interrupted(struct status_report *out, const struct device *d, struct err *e)
{
	char *body = NULL;
	size_t len = 0;
	struct span text;
	int rc = state_read(d, "interrupted", &body, &len, INTERRUPTED_MAX, e);

	if (rc == 0)
		return 0;
	if (rc < 0)
		len = 0; /* damaged: something was interrupted, and it is not known what */
	text = (struct span){body, len};
	if (installed_parse(&out->half_written, &text) != 0)
		out->half_written = (struct installed){.version = "unknown"};
	out->half_written.any = true;
	out->interrupted = true;
	free(body);
	return 0;
}

static bool any_torn(const struct device *d)
{
	char name[STATE_NAME_MAX];
	bool torn = state_is_torn(d, "confirmed") || state_is_torn(d, "boot") || state_is_torn(d, "running");

	for (enum side side = SIDE_A; side < SIDES; side++) {
		state_side_name(name, d, "installed", side);
		torn = torn || state_is_torn(d, name);
	}
	return torn;
}

/* Linux counts its monotonic clock from the boot on; the clock on the wall may well say 1970. */
static uint64_t uptime(void)
{
	struct timespec t = {0, 0};

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec;
}

/* K: what journal_finish has loaded; NULL: nothing was finished. It is OUT's from now on. */
static int look(struct status_report *out, const struct device *d, struct known *k, struct err *e)
{
	*out = (struct status_report){.uptime_s = uptime(), .known = k};
	if (!out->known)
		out->known = known_new(d, e);
	if (!out->known || state_busy(d, &out->busy, e) != 0)
		return -1;
	out->interrupted = journal_waits(d) && !out->busy;
	out->torn = any_torn(d);
	out->counter = out->known->counter;
	if (look_at_sides(out, d, e) != 0)
		return -1;
	return look_at_interrupted(out, d, e);
}

int status_look(struct status_report *out, const struct device *d, struct err *e)
{
	return look(out, d, NULL, e);
}

int status_settle(struct status_report *out, const struct device *d, struct err *e)
{
	struct err why = {.verdict = VERDICT_SYSTEM};
	struct known *k = NULL;
	int lock = state_lock(d, &why), rc = 0;

	*out = (struct status_report){.known = NULL};
	if (lock < 0 && why.verdict != VERDICT_BUSY)
		return err_set(e, why.verdict, "%s", why.message);
	if (lock >= 0) {
		rc = journal_finish(&k, d, JOURNAL_STAYS, e);
		close(lock);
	}
	if (rc == 0)
		return look(out, d, k, e);
	known_free(&k);
	return -1;
}

void status_free(struct status_report *r)
{
	known_free(&r->known);
}

static void print_sides(struct json *j, const struct status_report *r)
{
	json_put_string(j, "running", boot_letter(r->running));
	json_put_string(j, "side", boot_letter(r->boot.side));
	json_put_bool(j, "trial", r->boot.trial);
	json_put_number(j, "tries", r->boot.tries);
	json_open_array(j, "sides");
	for (enum side side = SIDE_A; side < SIDES; side++) {
		json_open_object(j, NULL);
		json_put_string(j, "side", boot_letter(side));
		json_put_bool(j, "installed", r->images[side].any);
		if (r->images[side].any) {
			json_put_string(j, "version", r->images[side].version);
			json_put_number(j, "counter", r->images[side].counter);
		}
		json_close_object(j);
	}
	json_close_array(j);
}

static void print_slot(struct json *j, const struct device_slot *slot)
{
	json_open_object(j, NULL);
	json_put_string(j, "name", slot->name);
	json_put_string(j, "target", slot->target[SIDE_A]);
	if (slot->target[SIDE_B][0])
		json_put_string(j, "target_b", slot->target[SIDE_B]);
	json_close_object(j);
}

void status_print_json(FILE *out, const struct device *d, const struct status_report *report)
{
	struct json j;

	json_begin(&j, out);
	json_open_object(&j, NULL);
	json_put_string(&j, "verdict", verdict_word(VERDICT_OK));
	json_put_number(&j, "status", STATUS_DONE);
	json_put_string(&j, "board", d->board);
	json_put_number(&j, "revision", d->revision);
	json_put_string(&j, "product", d->product);
	if (report->known->trust.ring.serial > 0)
		json_put_number(&j, "keyring", report->known->trust.ring.serial);
	json_put_bool(&j, "installed", report->now.any);
	if (report->now.any) {
		json_put_string(&j, "version", report->now.version);
		json_put_number(&j, "counter", report->now.counter);
	}
	json_put_bool(&j, "busy", report->busy);
	json_put_bool(&j, "interrupted", report->interrupted);
	if (report->half_written.any)
		json_put_string(&j, "half_written", report->half_written.version);
	json_put_number(&j, "confirmed", report->counter);
	json_put_bool(&j, "torn", report->torn);
	json_open_array(&j, "faults");
	for (size_t i = 0; i < report->known->nfaults; i++)
		json_put_string(&j, NULL, report->known->faults[i]);
	json_close_array(&j);
	json_put_number(&j, "uptime", report->uptime_s);
	if (d->two_sided)
		print_sides(&j, report);
	json_open_array(&j, "slots");
	for (size_t i = 0; i < d->nslots; i++)
		print_slot(&j, &d->slots[i]);
	json_close_array(&j);
	json_close_object(&j);
	json_finish(&j);
}
