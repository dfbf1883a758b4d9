/* SPDX-License-Identifier: ISC */
/* Keeping an image, and going back. */
#include "verifier/trial.h"

#include <inttypes.h>
#include <stdlib.h>

#include "verifier/keyrings.h"

/* Fills OUT but for the image. */
static int look(const struct device *d, struct trial_result *out, struct err *e)
{
	*out = (struct trial_result){.changed = false};
	if (!d->two_sided)
		return err_set(e, VERDICT_USAGE, "this board has one side: what is installed is in use, and stays");
	if (boot_read(d, &out->boot, e) != 0 || state_confirmed(d, &out->counter, e) != 0)
		return -1;
	out->running = boot_running(d, &out->boot);
	return 0;
}

int trial_confirm(const struct device *d, struct trial_result *out, struct err *e)
{
	if (look(d, out, e) != 0)
		return -1;
	if (out->running != out->boot.side)
		return err_set(e, VERDICT_USAGE, "side %s runs, and side %s starts next: there is nothing to confirm", boot_letter(out->running),
			       boot_letter(out->boot.side));
	if (state_installed(d, out->running, &out->image, e) != 0)
		return -1;
	/* Kept first, and then the counter: the other way round a power cut could leave the board to fall back to what it may not run. */
	if (out->boot.trial) {
		out->boot = (struct boot_state){.side = out->running};
		out->changed = true;
		if (boot_write(d, &out->boot, e) != 0)
			return -1;
	}
	if (!out->image.any || out->image.counter <= out->counter)
		return 0;
	out->counter = out->image.counter;
	return state_confirm(d, out->counter, e);
}

/* Below the confirmed counter only the vendor's keyring, the newest that this board has, can let anybody go: by a floor for the product
 * that is no higher than COUNTER. Returns 1, 0, or -1. */
static int floor_allows(const struct device *d, uint64_t counter, struct err *e)
{
	struct trust *t = malloc(sizeof *t); /* too large for the stack */
	uint64_t floor;
	int rc;

	if (!t)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	*t = d->trust;
	rc = keyrings_load(d, t, e);
	if (rc == 0)
		rc = t->ring.serial > 0 && keyring_floor(&t->ring, d->product, &floor) && counter >= floor;
	free(t);
	return rc;
}

static int check_counter(const struct device *d, const struct trial_result *r, enum side side, struct err *e)
{
	int rc = 1;

	if (r->image.any && r->image.counter < r->counter)
		rc = floor_allows(d, r->image.counter, e);
	if (rc == 0)
		return err_set(e, VERDICT_ROLLBACK, "side %s has security counter %" PRIu64 ", this board has confirmed %" PRIu64,
			       boot_letter(side), r->image.counter, r->counter);
	return rc < 0 ? -1 : 0;
}

int trial_rollback(const struct device *d, struct trial_result *out, struct err *e)
{
	struct boot_state next;
	bool calls_off;

	if (look(d, out, e) != 0)
		return -1;
	if (boot_given_up(d, &out->boot)) /* asked once more: the one before is next already, and no image on trial */
		return state_installed(d, out->boot.side, &out->image, e);
	/* The trial of a side that has not been started yet is called off: what runs goes on. */
	calls_off = out->boot.trial && out->running != out->boot.side;
	next = (struct boot_state){.side = calls_off ? out->running : boot_other(out->running), .trial = !out->boot.trial};
	if (state_installed(d, next.side, &out->image, e) != 0)
		return -1;
	/* What runs unconfirmed has come over a side that was there from the factory, perhaps, and has no record. */
	if (!out->image.any && !out->boot.trial)
		return err_set(e, VERDICT_USAGE, "side %s holds no whole image to go back to", boot_letter(next.side));
	if (check_counter(d, out, next.side, e) != 0)
		return -1;
	if (boot_note_running(d, out->running, e) != 0 || boot_write(d, &next, e) != 0)
		return -1;
	out->boot = next;
	out->changed = true;
	return 0;
}
