/* SPDX-License-Identifier: ISC */
/* Keeping an image, and going back. */
#include "verifier/trial.h"

#include <inttypes.h>
/* Fills OUT but for the image. */
static int begin(const struct device *d, const struct known *k, struct trial_result *out, struct err *e)
{
	*out = (struct trial_result){.changed = false};
	if (!d->two_sided)
		return err_set(e, VERDICT_USAGE, "this board has one side: what is installed is in use, and stays");
	if (boot_read(d, &out->boot, e) != 0)
		return -1;
	out->counter = k->counter;
	out->running = boot_running(d, &out->boot);
	return 0;
}

int trial_confirm(const struct device *d, struct known *k, struct trial_result *out, struct err *e)
{
	if (begin(d, k, out, e) != 0)
		return -1;
	if (out->running != out->boot.side)
		return err_set(e, VERDICT_USAGE, "side %s runs, and side %s starts next: there is nothing to confirm", boot_letter(out->running),
			       boot_letter(out->boot.side));
	out->image = k->images[out->running];
	/* Kept first, and then the counter: the other way round a power cut could leave the board to fall back to what it may not run. */
	if (out->boot.trial) {
		out->boot = (struct boot_state){.side = out->running};
		out->changed = true;
		if (boot_write(d, &out->boot, e) != 0)
			return -1;
	}
	if (known_confirm(k, d, out->running, e) != 0)
		return -1;
	out->counter = k->counter;
	return 0;
}

/* What the image on SIDE is worth. A counter that its signed manifest does not prove counts as none. Below the confirmed counter only the vendor's
 * keyring, the newest that this board has, can let a board go back: by a floor for the product that is not higher than the image's. */
static int check_counter(const struct device *d, const struct known *k, const struct trial_result *r, enum side side, struct err *e)
{
	const struct keyring *ring = &k->trust.ring;
	uint64_t floor;

	if (!r->image.any || (k->proven[side] && r->image.counter >= r->counter))
		return 0;
	if (!k->proven[side] && (r->counter == 0 || r->boot.trial)) /* what ran before a trial has been confirmed */
		return 0;
	if (!k->proven[side])
		return err_set(e, VERDICT_ROLLBACK, "the counter of the image on side %s is not proven: its manifest is missing, or does not verify. "
			       "Install an image instead", boot_letter(side));
	if (ring->serial > 0 && ring->serial >= k->trust.least_serial && keyring_floor(ring, d->product, &floor) && r->image.counter >= floor)
		return 0;
	return err_set(e, VERDICT_ROLLBACK, "side %s has security counter %" PRIu64 ", this board has confirmed %" PRIu64,
		       boot_letter(side), r->image.counter, r->counter);
}

int trial_rollback(const struct device *d, struct known *k, struct trial_result *out, struct err *e)
{
	struct boot_state next;
	bool calls_off;

	if (begin(d, k, out, e) != 0)
		return -1;
	if (boot_given_up(d, &out->boot)) { /* asked once more: the one before is next already, and no image on trial */
		out->image = k->images[out->boot.side];
		return 0;
	}
	/* The trial of a side that has not been started yet is called off: what runs goes on. */
	calls_off = out->boot.trial && out->running != out->boot.side;
	next = (struct boot_state){.side = calls_off ? out->running : boot_other(out->running), .trial = !out->boot.trial};
	out->image = k->images[next.side];
	/* What runs unconfirmed has come over a side that was there from the factory, perhaps, and has no record. */
	if (!out->image.any && !out->boot.trial)
		return err_set(e, VERDICT_USAGE, "side %s holds no whole image to go back to", boot_letter(next.side));
	if (check_counter(d, k, out, next.side, e) != 0)
		return -1;
	if (boot_note_running(d, out->running, e) != 0 || boot_write(d, &next, e) != 0)
		return -1;
	out->boot = next;
	out->changed = true;
	return 0;
}
