/* SPDX-License-Identifier: ISC */
/* Looking at the board's state. */
#include "verifier/status.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "core/json.h"
#include "verifier/boot.h"
#include "verifier/journal.h"

enum { INTERRUPTED_MAX = 64 << 10 };

static int look_at_sides(struct status_report *out, const struct device *d, struct err *e)
{
	if (!d->two_sided)
		return state_installed(d, SIDE_A, &out->now, e);
	if (boot_read(d, &out->boot, e) != 0)
		return -1;
	out->running = boot_running(d, &out->boot);
	for (enum side side = SIDE_A; side < SIDES; side++)
		if (state_installed(d, side, &out->images[side], e) != 0)
			return -1;
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

	if (rc <= 0)
		return rc;
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

int status_look(struct status_report *out, const struct device *d, struct err *e)
{
	int waits;

	*out = (struct status_report){.uptime_s = uptime()};
	if (state_busy(d, &out->busy, e) != 0)
		return -1;
	waits = journal_waits(d, e);
	out->interrupted = waits > 0 && !out->busy;
	out->torn = any_torn(d);
	if (waits < 0 || look_at_sides(out, d, e) != 0 || state_confirmed(d, &out->counter, e) != 0)
		return -1;
	return look_at_interrupted(out, d, e);
}

int status_settle(struct status_report *out, const struct device *d, struct err *e)
{
	struct err why = {.verdict = VERDICT_OK};
	int lock = state_lock(d, &why), rc;

	if (lock < 0 && why.verdict != VERDICT_BUSY)
		return err_set(e, why.verdict, "%s", why.message);
	if (lock >= 0) {
		rc = journal_finish(d, NULL, 0, e);
		close(lock);
		if (rc != 0)
			return -1;
	}
	return status_look(out, d, e);
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
	if (d->trust.ring.serial > 0)
		json_put_number(&j, "keyring", d->trust.ring.serial);
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
