/* SPDX-License-Identifier: ISC */
/* The way of an image into the slots. */
#include "verifier/install.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/chunks.h"
#include "core/io.h"
#include "core/policy.h"
#include "core/reader.h"
#include "verifier/boot.h"
#include "verifier/geometry.h"
#include "verifier/hooks.h"
#include "verifier/journal.h"
#include "verifier/keyrings.h"
#include "verifier/staging.h"
#include "verifier/swap.h"
#include "verifier/target.h"

/* Each thread costs a compressed and an expanded chunk, and boards have little memory and few processors. */
enum { INSTALL_THREADS_MAX = 2 };

struct job {
	const struct device *d;
	struct trust trust;                /* with what was learned until the lock was taken */
	struct reader *reader;
	const struct manifest *m;          /* the reader's */
	struct target *targets[DEVICE_SLOTS_MAX];
	struct journal_step steps[DEVICE_SLOTS_MAX];
	size_t n;
	enum side side;                    /* that is written; SIDE_A where there is only one */
	const char *tree, *old_tree;       /* paths of the target that takes the tree, and of the one in use; or NULL */
	bool decided;                      /* the journal is written */
	enum install_settings settings;
	enum setting_fate fates[DEVICE_SETTINGS_MAX];
};

static int check_policy(const struct job *j, struct err *e)
{
	struct policy policy = {.board = j->d->board, .revision = j->d->revision, .product = j->d->product};

	if (state_confirmed(j->d, &policy.counter, e) != 0)
		return -1;
	return policy_check(&policy, j->m, e);
}

static const struct device_slot *find_slot(const struct device *d, const char *name)
{
	for (size_t i = 0; i < d->nslots; i++)
		if (strcmp(d->slots[i].name, name) == 0)
			return &d->slots[i];
	return NULL;
}

/* Every slot that the image names must be there, before anything is written. */
static int check_slots(const struct job *j, struct err *e)
{
	struct manifest_write w;

	for (uint32_t i = 0; i < manifest_head(j->m)->nwrites; i++) {
		const struct device_slot *slot;

		manifest_write(j->m, i, &w);
		slot = find_slot(j->d, w.slot);
		if (!slot)
			return err_set(e, VERDICT_WRONG_BOARD, "the image writes slot %s, which this board does not have", w.slot);
		if (target_takes_tree(slot->target[SIDE_A]))
			return err_set(e, VERDICT_WRONG_BOARD, "the image writes one file to slot %s, which takes a tree", w.slot);
	}
	return 0;
}

/* What waits in the staging area must find room there all at once. */
static int check_room(const struct job *j, struct err *e)
{
	struct manifest_entry entry;
	struct manifest_write w;
	uint64_t size = 0;

	for (uint32_t i = 0; i < manifest_head(j->m)->nwrites; i++) {
		const struct device_slot *slot;

		manifest_write(j->m, i, &w);
		slot = find_slot(j->d, w.slot);
		manifest_entry(j->m, (uint32_t)manifest_find(j->m, w.path), &entry); /* the parser has seen it there */
		if (!target_has_sides(slot) && !target_path(slot->target[SIDE_A]))
			size += entry.size;
	}
	return staging_room(j->d, size, e);
}

/* The side that nothing runs from. An image that runs on trial, or has been given up and still runs, has only that to fall back to. */
static int choose_side(struct job *j, struct err *e)
{
	struct boot_state boot;
	enum side running;

	if (!j->d->two_sided)
		return 0;
	if (boot_read(j->d, &boot, e) != 0)
		return -1;
	running = boot_running(j->d, &boot);
	if (boot.trial && running == boot.side)
		return err_set(e, VERDICT_BUSY, "the image that runs is on trial: it has to be confirmed or rolled back first");
	if (boot_given_up(j->d, &boot))
		return err_set(e, VERDICT_BUSY, "the image that runs has been given up: the board has to start side %s first",
			       boot_letter(boot.side));
	j->side = boot_other(running);
	return 0;
}

/* From here on the side that is written must not be started, nor be gone back to, until the new image is decided. */
static int give_side_up(const struct job *j, struct err *e)
{
	struct boot_state boot;

	if (!j->d->two_sided)
		return 0;
	if (boot_read(j->d, &boot, e) != 0)
		return -1;
	if (boot.side == j->side && boot_write(j->d, &(struct boot_state){.side = boot_other(j->side)}, e) != 0)
		return -1;
	return state_forget(j->d, j->side, e);
}

/* Does the first byte of the image overwrite what the side has? Else it is staged beside that, and nothing is lost before it is decided. */
static bool overwrites_side(const struct job *j)
{
	for (size_t i = 0; i < j->d->nslots; i++)
		if (target_has_sides(&j->d->slots[i]) && !target_path(j->d->slots[i].target[j->side]))
			return true;
	return false;
}

static int open_target(struct job *j, const struct device_slot *slot, const char *wanted, struct err *e)
{
	const char *text = slot->target[target_has_sides(slot) ? boot_other(j->side) : SIDE_A];

	if (target_open(&j->targets[j->n], j->d, slot, j->side, j->m, wanted, e) != 0)
		return -1;
	if (target_takes_tree(text)) {
		j->tree = j->targets[j->n]->copy.path;
		j->old_tree = target_path(text);
	}
	j->n++;
	return 0;
}

/* The manifest's `write' lines name raw slots; a slot for trees takes every image's tree. In the order of the device file, in which
 * the boot chain stands last. */
static int open_targets(struct job *j, struct err *e)
{
	struct manifest_write w;

	for (size_t k = 0; k < j->d->nslots; k++) {
		const struct device_slot *slot = &j->d->slots[k];

		if (target_takes_tree(slot->target[SIDE_A])) {
			if (open_target(j, slot, NULL, e) != 0)
				return -1;
			continue;
		}
		for (uint32_t i = 0; i < manifest_head(j->m)->nwrites; i++) {
			manifest_write(j->m, i, &w);
			if (strcmp(w.slot, slot->name) == 0 && open_target(j, slot, w.path, e) != 0)
				return -1;
		}
	}
	return j->n > 0 ? 0 : err_set(e, VERDICT_WRONG_BOARD, "nothing in the image is for a slot of this board");
}

static int feed_targets(struct job *j, struct err *e)
{
	struct reader_item item;
	int rc;

	while ((rc = reader_next(j->reader, &item, e)) == 1)
		for (size_t i = 0; i < j->n; i++)
			if (j->targets[i]->item(j->targets[i], &item, e) != 0)
				return -1;
	return rc;
}

static int finish_targets(struct job *j, struct err *e)
{
	for (size_t i = 0; i < j->n; i++) {
		if (j->targets[i]->finish(j->targets[i], &j->steps[i], e) != 0)
			return -1;
		j->steps[i].only = j->d->two_sided; /* the image before is on the other side */
	}
	return 0;
}

/* Where the staged tree is, until it is swapped in. */
static int staged_tree(const struct job *j, char *out, size_t size, struct err *e)
{
	const char *slash = strrchr(j->tree, '/');
	char name[SWAP_NAME_MAX];

	if (swap_staged_name(name, slash + 1, e) != 0)
		return -1;
	snprintf(out, size, "%.*s/%s", (int)(slash - j->tree), j->tree, name);
	return 0;
}

static int carry_settings(struct job *j, struct err *e)
{
	char staged[DEVICE_TARGET_MAX + SWAP_NAME_MAX];

	if (j->settings == INSTALL_CLEAR || j->d->nsettings == 0 || !j->tree)
		return 0;
	return staged_tree(j, staged, sizeof staged, e) == 0 ? settings_carry(j->fates, j->d, j->m, j->old_tree, staged, e) : -1;
}

static int hooks_before(const struct job *j, struct err *e)
{
	char tree[DEVICE_TARGET_MAX + SWAP_NAME_MAX];

	if (!j->d->hooks || manifest_head(j->m)->nruns == 0)
		return 0;
	if (!j->tree)
		return err_set(e, VERDICT_USAGE, "the image has hooks, and this board has no slot with a tree to run them from");
	return staged_tree(j, tree, sizeof tree, e) == 0 ? hooks_run(j->m, RUN_BEFORE, tree, e) : -1;
}

/* From now on what is staged belongs to the journal. */
static void release_targets(struct job *j)
{
	for (size_t i = 0; i < j->n; i++)
		j->targets[i]->released = true;
}

/* Everything is staged and right: decide, and do it. */
static int commit(struct job *j, struct err *e)
{
	const struct manifest_head *head = manifest_head(j->m);
	struct span text = manifest_text(j->m);
	struct installed next = {.any = true, .counter = head->counter};

	memcpy(next.product, head->product, sizeof next.product);
	memcpy(next.version, head->version, sizeof next.version);
	hash_buffer(next.manifest, text.at, text.len);
	if (keyrings_adopt(j->d, &j->trust, j->reader, e) != 0 || give_side_up(j, e) != 0)
		return -1;
	if (journal_write(j->d, j->side, &next, text, reader_signatures(j->reader), j->steps, j->n, e) != 0) {
		/* It may be there all the same, if only the last sync failed; then what it names must stay. */
		if (state_remove(j->d, "journal", NULL) != 0)
			release_targets(j);
		return -1;
	}
	release_targets(j);
	j->decided = true;
	if (journal_finish(j->d, j->steps, j->n, e) != 0) {
		j->decided = journal_waits(j->d, NULL) > 0;
		return -1;
	}
	return j->d->hooks && j->tree && head->nruns > 0 ? hooks_run(j->m, RUN_AFTER, j->tree, e) : 0;
}

static int install_locked(struct job *j, struct source *src, struct err *e)
{
	/* An install that a power cut interrupted comes first. */
	if (journal_finish(j->d, NULL, 0, e) != 0 && journal_give_up(j->d, NULL) != 0)
		return err_prefix(e, "finishing an earlier install");
	if (geometry_check(j->d, e) != 0 || choose_side(j, e) != 0)
		return -1;
	j->trust = j->d->trust;
	if (keyrings_load(j->d, &j->trust, e) != 0)
		return -1;
	if (reader_open(&j->reader, src, &j->trust, chunks_threads(INSTALL_THREADS_MAX), e) != 0)
		return -1;
	j->m = reader_manifest(j->reader);
	if (check_policy(j, e) != 0 || check_slots(j, e) != 0 || check_room(j, e) != 0 || open_targets(j, e) != 0)
		return -1;
	if (overwrites_side(j) && give_side_up(j, e) != 0)
		return -1;
	if (feed_targets(j, e) != 0 || finish_targets(j, e) != 0 || carry_settings(j, e) != 0 || hooks_before(j, e) != 0)
		return -1;
	return commit(j, e);
}

static void fill_result(const struct job *j, struct install_result *out)
{
	const struct manifest_head *head = manifest_head(j->m);

	memcpy(out->product, head->product, sizeof out->product);
	memcpy(out->version, head->version, sizeof out->version);
	out->counter = head->counter;
	out->slots = (uint32_t)j->n;
	out->trial = j->d->two_sided;
	out->side = j->side;
	out->hooks_skipped = j->d->hooks ? 0 : head->nruns;
	memcpy(out->settings, j->fates, sizeof out->settings);
}

int install(const struct device *d, struct source *src, enum install_settings settings, struct install_result *out,
	    struct err *e)
{
	struct job j = {.d = d, .settings = settings};
	int lock = state_lock(d, e), rc;

	if (lock < 0)
		return -1;
	rc = install_locked(&j, src, e);
	out->decided = j.decided;
	if (rc == 0)
		fill_result(&j, out);
	for (size_t i = 0; i < j.n; i++)
		target_free(&j.targets[i]);
	reader_free(&j.reader);
	close(lock);
	return rc;
}
