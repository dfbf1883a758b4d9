/* SPDX-License-Identifier: ISC */
/* The way of an image into the slots. */
#include "verifier/install.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/chunks.h"
#include "core/reader.h"
#include "verifier/boot.h"
#include "verifier/geometry.h"
#include "verifier/hooks.h"
#include "verifier/journal.h"
#include "verifier/known.h"
#include "verifier/staging.h"
#include "verifier/swap.h"
#include "verifier/target.h"

/* Each thread costs a compressed and an expanded chunk, and boards have little memory and few processors. */
enum { INSTALL_THREADS_MAX = 2 };

struct job {
	const struct device *d;
	struct known *known;               /* as it was when the lock was taken */
	struct reader *reader;
	struct journal j;                  /* the image, its side and steps */
	struct target *targets[DEVICE_SLOTS_MAX]; /* of the steps, in their order */
	size_t n;
	bool given_up;                     /* the side that is written is not started any more */
	const char *tree, *old_tree;       /* paths of the target that takes the tree, and of the one in use; or NULL */
	bool decided;                      /* the journal is written */
	enum install_settings settings;
	enum setting_fate fates[DEVICE_SETTINGS_MAX];
};

/* What waits in the staging area must find room there all at once. */
static int check_room(const struct job *j, struct err *e)
{
	uint64_t size = 0;

	for (size_t i = 0; i < j->j.nsteps; i++)
		if (j->j.steps[i].kind == STEP_FLASH)
			size += j->j.steps[i].size;
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
	j->j.side = boot_other(running);
	return 0;
}

/* From here on the side that is written must not be started, nor be gone back to, until the new image is decided. */
static int give_side_up(struct job *j, struct err *e)
{
	enum side side = j->j.side;
	struct boot_state boot;

	if (!j->d->two_sided || j->given_up)
		return 0;
	if (boot_read(j->d, &boot, e) != 0)
		return -1;
	if (boot.side == side && boot_write(j->d, &(struct boot_state){.side = boot_other(side)}, e) != 0)
		return -1;
	if (state_forget(j->d, side, e) != 0)
		return -1;
	j->given_up = true;
	return 0;
}

/* Does the file with that index overwrite what the side has? Else it is staged beside that, and nothing is lost before it is decided. */
static bool overwrites_side(const struct job *j, uint32_t entry)
{
	for (size_t i = 0; i < j->n; i++)
		if (j->j.steps[i].kind == STEP_SIDE && j->j.steps[i].entry == entry)
			return true;
	return false;
}

static int open_targets(struct job *j, struct err *e)
{
	for (; j->n < j->j.nsteps; j->n++) {
		const struct step *s = &j->j.steps[j->n];
		const char *in_use = s->slot->target[target_has_sides(s->slot) ? boot_other(j->j.side) : SIDE_A];

		if (target_open(&j->targets[j->n], j->d, s, j->j.m, e) != 0)
			return -1;
		if (s->kind == STEP_TREE) {
			j->tree = j->targets[j->n]->copy.path;
			j->old_tree = target_path(in_use);
		}
	}
	return 0;
}

/* The side is given up when the first byte that belongs there has been verified, and not before: a bundle that is cut costs nothing. */
static int feed_targets(struct job *j, struct err *e)
{
	struct reader_item item;
	uint32_t entries = 0;
	int rc;

	while ((rc = reader_next(j->reader, &item, e)) == 1) {
		entries += item.what == READER_ENTRY;
		if (item.what != READER_ENTRY && overwrites_side(j, entries - 1) && give_side_up(j, e) != 0)
			return -1;
		for (size_t i = 0; i < j->n; i++)
			if (j->targets[i]->item(j->targets[i], &item, e) != 0)
				return -1;
	}
	return rc;
}

static int finish_targets(struct job *j, struct err *e)
{
	for (size_t i = 0; i < j->n; i++)
		if ((j->j.steps[i].kind == STEP_SIDE && give_side_up(j, e) != 0) || j->targets[i]->finish(j->targets[i], &j->j.steps[i], e) != 0)
			return -1;
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
	return staged_tree(j, staged, sizeof staged, e) == 0 ? settings_carry(j->fates, j->d, j->j.m, j->old_tree, staged, e) : -1;
}

static int hooks_before(const struct job *j, struct err *e)
{
	char tree[DEVICE_TARGET_MAX + SWAP_NAME_MAX];

	if (!j->d->hooks || manifest_head(j->j.m)->nruns == 0)
		return 0;
	if (!j->tree)
		return err_set(e, VERDICT_USAGE, "the image has hooks, and this board has no slot with a tree to run them from");
	return staged_tree(j, tree, sizeof tree, e) == 0 ? hooks_run(j->j.m, RUN_BEFORE, tree, e) : -1;
}

/* From now on what is staged belongs to the journal. */
static void release_targets(struct job *j)
{
	for (size_t i = 0; i < j->n; i++)
		j->targets[i]->released = true;
}

/* Everything is staged and right. Is it still what may be installed? Then decide, and do it. */
static int commit(struct job *j, struct err *e)
{
	const struct manifest_head *head = manifest_head(j->j.m);
	struct span text = manifest_text(j->j.m);
	struct installed *next = &j->j.next;

	*next = (struct installed){.any = true, .counter = head->counter};
	memcpy(next->product, head->product, sizeof next->product);
	memcpy(next->version, head->version, sizeof next->version);
	hash_buffer(next->manifest, text.at, text.len);
	if (reader_complete(j->reader, e) != ACCEPTED || known_confirm_counter(j->known, j->d, head->counter, e) != ACCEPTED ||
	    keyrings_adopt(&j->known->keyrings, j->d, &j->known->trust, j->reader, e) != 0 || give_side_up(j, e) != 0)
		return -1;
	if (journal_write(&j->j, reader_signatures(j->reader), e) != 0) {
		/* It may be there all the same, if only the last sync failed; then what it stands for must stay. */
		if (state_remove(j->d, "journal", NULL) != 0)
			release_targets(j);
		return -1;
	}
	release_targets(j);
	j->decided = true;
	if (journal_carry_out(&j->j, e) != 0) {
		j->decided = journal_waits(j->d);
		return -1;
	}
	return j->d->hooks && j->tree && head->nruns > 0 ? hooks_run(j->j.m, RUN_AFTER, j->tree, e) : 0;
}

static int install_locked(struct job *j, struct source *src, struct err *e)
{
	struct policy policy;

	/* An install that a power cut interrupted comes first. */
	if (journal_finish(&j->known, j->d, JOURNAL_GIVES_WAY, e) != 0)
		return err_prefix(e, "finishing an earlier install");
	if (geometry_check(j->d, e) != 0 || choose_side(j, e) != 0)
		return -1;
	policy = known_policy(j->known, j->d);
	if (reader_open(&j->reader, src, &j->known->trust, &policy, chunks_threads(INSTALL_THREADS_MAX), e) != 0)
		return -1;
	j->j.m = reader_manifest(j->reader);
	if (steps_plan(j->j.steps, &j->j.nsteps, j->d, j->j.side, j->j.m, e) != 0 || check_room(j, e) != 0 || open_targets(j, e) != 0)
		return -1;
	if (feed_targets(j, e) != 0 || finish_targets(j, e) != 0 || carry_settings(j, e) != 0 || hooks_before(j, e) != 0)
		return -1;
	return commit(j, e);
}

static void fill_result(const struct job *j, struct install_result *out)
{
	const struct manifest_head *head = manifest_head(j->j.m);

	memcpy(out->product, head->product, sizeof out->product);
	memcpy(out->version, head->version, sizeof out->version);
	out->counter = head->counter;
	out->slots = (uint32_t)j->n;
	out->trial = j->d->two_sided;
	out->side = j->j.side;
	out->hooks_skipped = j->d->hooks ? 0 : head->nruns;
	memcpy(out->settings, j->fates, sizeof out->settings);
	if (j->decided)
		out->done = ACCEPTED;
}

int install(const struct device *d, struct source *src, enum install_settings settings, struct install_result *out,
	    struct err *e)
{
	struct job j = {.d = d, .settings = settings, .j = {.d = d, .side = SIDE_A, .own = true}};
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
	known_free(&j.known);
	close(lock);
	return rc;
}
