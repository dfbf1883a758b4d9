/* SPDX-License-Identifier: ISC */
/* STATE/journal: a line `journal 2', the lines of STATE/installed, and, on boards with two sides, `side a|b'. Version 0.1 wrote no first line,
 * and a line for each step behind the others, with paths; they are passed over. */
#include "verifier/journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/readback.h"
#include "verifier/boot.h"
#include "verifier/flash.h"
#include "verifier/staging.h"
#include "verifier/swap.h"
#include "verifier/target.h"

#define FIRST_LINE "journal 2\n"
enum { JOURNAL_MAX = 64 << 10, LOST = 1 };

int journal_write(const struct journal *j, struct span signatures, struct err *e)
{
	struct span manifest = manifest_text(j->m);
	char body[2048];
	int n = snprintf(body, sizeof body, FIRST_LINE);

	if (state_write(j->d, "manifest.next", manifest.at, manifest.len, e) != 0 ||
	    state_write(j->d, "manifest.minisig.next", signatures.at, signatures.len, e) != 0)
		return -1;
	n += installed_format(body + n, sizeof body - (size_t)n, &j->next);
	if (j->d->two_sided)
		n += snprintf(body + n, sizeof body - (size_t)n, "side %s\n", boot_letter(j->side));
	return state_write(j->d, "journal", body, (size_t)n, e);
}

/* --- doing it --- */

struct seeking {
	const struct journal *j;
	const struct step *s;
};

static int is_new(void *ctx, int dir, const char *name, const char *path, struct err *e)
{
	const struct seeking *seeking = ctx;

	return step_is_done_by(seeking->s, seeking->j->d, seeking->j->m, dir, name, path, e);
}

static int find(enum swap_found *found, const struct journal *j, const struct step *s, struct err *e)
{
	struct seeking seeking = {j, s};

	return swap_find(found, target_path(s->target), is_new, &seeking, e);
}

/* What is staged beside the step's path takes its place. */
static int do_swap(const struct journal *j, const struct step *s, struct err *e)
{
	const char *path = target_path(s->target);
	enum swap_found found = SWAP_STAGED;

	if (!j->own && find(&found, j, s, e) != 0)
		return -1;
	if (found == SWAP_NOWHERE)
		return LOST;
	if (swap_commit(path, found, e) != 0)
		return -1;
	return j->d->two_sided ? swap_drop_previous(path, e) : 0; /* the image before is on the other side */
}

static int do_flash(const struct journal *j, const struct step *s, struct err *e)
{
	int fd = s->fd >= 0 ? dup(s->fd) : staging_reopen(j->d, s->slot->name), rc;

	/* Right before the first byte of flash: it may have been staged long ago. */
	if (fd >= 0 && readback_check(fd, s->hash, "the staged image", NULL) != 0) {
		close(fd);
		fd = -1;
	}
	if (fd < 0)
		return flash_holds(s->size, s->hash, s->target) ? 0 : LOST;
	rc = flash_write(fd, s->size, s->hash, s->target, e);
	close(fd);
	return rc;
}

/* Returns 0, -1, or LOST. */
static int do_steps(const struct journal *j, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < j->nsteps; i++) {
		switch (j->steps[i].kind) {
		case STEP_SIDE: break;
		case STEP_TREE:
		case STEP_FILE: rc = do_swap(j, &j->steps[i], e); break;
		case STEP_FLASH: rc = do_flash(j, &j->steps[i], e); break;
		}
	}
	return rc;
}

static bool has_flash_steps(const struct journal *j)
{
	for (size_t i = 0; i < j->nsteps; i++)
		if (j->steps[i].kind == STEP_FLASH)
			return true;
	return false;
}

/* Removes what is staged anywhere. */
static int sweep(const struct device *d, struct err *e)
{
	for (size_t i = 0; i < d->nslots; i++)
		for (int side = SIDE_A; side < SIDES; side++) {
			const char *path = target_path(d->slots[i].target[side]);

			if (path && swap_sweep(path, e) != 0)
				return -1;
		}
	if (state_remove(d, "manifest.next", e) != 0 || state_remove(d, "manifest.minisig.next", e) != 0 || staging_sweep(d, e) != 0)
		return -1;
	return state_sweep(d, e);
}

static int keep_manifest(const struct journal *j, struct err *e)
{
	char manifest[STATE_NAME_MAX], signatures[STATE_NAME_MAX];

	state_side_name(manifest, j->d, "manifest", j->side);
	state_side_name(signatures, j->d, "manifest.minisig", j->side);
	if (state_rename(j->d, "manifest.next", manifest, e) != 0)
		return -1;
	return state_rename(j->d, "manifest.minisig.next", signatures, e);
}

/* The other side starts next, on trial. One that has been started already, before a power cut, keeps its count. */
static int switch_side(const struct journal *j, struct err *e)
{
	struct boot_state now;

	if (!j->d->two_sided)
		return 0;
	if (boot_read(j->d, &now, e) != 0)
		return -1;
	if (now.trial && now.side == j->side)
		return 0;
	return boot_write(j->d, &(struct boot_state){.side = j->side, .trial = true}, e);
}

/* Everything is where it belongs: into the records. */
static int record(const struct journal *j, struct err *e)
{
	/* A board with one side has confirmed what it has installed. */
	if (keep_manifest(j, e) != 0 || (!j->d->two_sided && known_keep_proof(j->d, j->side, e) != 0) ||
	    state_set_installed(j->d, j->side, &j->next, e) != 0 || switch_side(j, e) != 0 ||
	    state_remove(j->d, "interrupted", e) != 0 || state_remove(j->d, "journal", e) != 0)
		return -1;
	return sweep(j->d, e);
}

static bool is_written(const struct journal *j, const struct step *s)
{
	enum swap_found found;

	if (s->kind == STEP_FLASH)
		return flash_holds(s->size, s->hash, s->target);
	return s->kind != STEP_SIDE && find(&found, j, s, NULL) == 0 && found == SWAP_IN_PLACE;
}

/* Has anything been touched that is in use? */
static bool is_half_done(const struct journal *j)
{
	for (size_t i = 0; i < j->nsteps; i++)
		if (j->steps[i].kind == STEP_FLASH || (!j->d->two_sided && is_written(j, &j->steps[i])))
			return true;
	return false;
}

/* The body of STATE/interrupted: the image that should have come, then a line for each slot that was to be written. */
static int write_interrupted(const struct journal *j, struct err *e)
{
	char *body = malloc(JOURNAL_MAX);
	int used, rc;

	if (!body)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	used = installed_format(body, JOURNAL_MAX, &j->next);
	/* At most 32 slots with names of at most 64 bytes: it fits. */
	for (size_t i = 0; i < j->nsteps; i++)
		used += snprintf(body + used, (size_t)(JOURNAL_MAX - used), "slot %s %s\n", j->steps[i].slot->name,
				 is_written(j, &j->steps[i]) ? "written" : "unknown");
	rc = state_write(j->d, "interrupted", body, (size_t)used, e);
	free(body);
	return rc;
}

static int give_up(const struct journal *j, struct err *e)
{
	if ((is_half_done(j) && write_interrupted(j, e) != 0) || state_remove(j->d, "journal", e) != 0)
		return -1;
	return sweep(j->d, e);
}

/* Returns 0, -1, or LOST: given up. */
static int carry_out(struct journal *j, struct err *e)
{
	bool flash = has_flash_steps(j);
	int rc = flash ? boot_recovery(j->d, true, e) : 0;

	if (rc == 0)
		rc = do_steps(j, e);
	if (rc == LOST)
		return give_up(j, e) == 0 ? LOST : -1;
	if (rc == 0 && flash)
		rc = boot_recovery(j->d, false, e);
	return rc == 0 ? record(j, e) : -1;
}

int journal_carry_out(struct journal *j, struct err *e)
{
	int rc = carry_out(j, e);

	return rc == LOST ? err_set(e, VERDICT_SYSTEM, "what was staged cannot be read any more, and was not written to its slot. Install again") : rc;
}

/* --- finishing it after a power cut --- */

/* Takes a line off *TEXT, in fields. Returns their number, 0 for anything else. */
static size_t take_line(struct span *text, struct span f[static 5])
{
	const char *end = memchr(text->at, '\n', text->len);
	size_t n = end ? text_fields((struct span){text->at, (size_t)(end - text->at)}, f, 5) : 0;

	if (n > 0) {
		text->len -= (size_t)(end + 1 - text->at);
		text->at = end + 1;
	}
	return n;
}

/* Only version 0.1's journal has anything behind the side. */
static int pass_over_steps(struct span *text)
{
	struct span f[5];

	while (text->len > 0) {
		size_t n = take_line(text, f);

		if (n == 0 || !(span_is(f[0], "swap") || span_is(f[0], "replace") || span_is(f[0], "flash")))
			return -1;
	}
	return 0;
}

/* Returns 0 or -1. */
static int parse(struct journal *j, struct span text)
{
	const size_t first = sizeof FIRST_LINE - 1;
	bool ours = text.len >= first && memcmp(text.at, FIRST_LINE, first) == 0;
	struct span f[5];

	if (ours) {
		text.at += first;
		text.len -= first;
	}
	if (installed_parse(&j->next, &text) != 0)
		return -1;
	j->next.any = true;
	if (j->d->two_sided && (take_line(&text, f) != 2 || !span_is(f[0], "side") || boot_side(&j->side, f[1]) != 0))
		return -1;
	return ours ? text.len == 0 ? 0 : -1 : pass_over_steps(&text);
}

/* Reads NAME, or, where a power cut has come after it got its name for good, that one. */
static int read_either(char **out, size_t *len, const struct journal *j, const char *next, const char *base, size_t max, struct err *e)
{
	char name[STATE_NAME_MAX];
	int rc = state_salvage(j->d, next, out, len, max, e);

	if (rc == STATE_MISSING) {
		state_side_name(name, j->d, base, j->side);
		rc = state_salvage(j->d, name, out, len, max, e);
	}
	if (rc < 0)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	if (rc == 0)
		return 0;
	return err_set(e, rc == STATE_MISSING ? VERDICT_UNSIGNED : VERDICT_FILE_HASH, "its %s is %s", base,
		       rc == STATE_MISSING ? "missing" : "damaged");
}

/* The signed manifest beside J must be of the image that J names, and one that this board accepts. *M is the caller's to free. */
static int authenticate(struct journal *j, struct manifest **m, const struct known *k, struct err *e)
{
	struct policy policy = known_policy(k, j->d);
	char *text = NULL, *sigs = NULL;
	unsigned char hash[HASH_SIZE];
	size_t len = 0, sigs_len = 0;
	struct signers signers;
	int rc = -1;

	if (read_either(&text, &len, j, "manifest.next", "manifest", MANIFEST_MAX, e) != 0 ||
	    read_either(&sigs, &sigs_len, j, "manifest.minisig.next", "manifest.minisig", READER_SIGNATURES_MAX, e) != 0) {
		free(text);
		goto out;
	}
	hash_buffer(hash, text, len);
	if (!crypto_equal(hash, j->next.manifest, HASH_SIZE)) {
		free(text);
		err_set(e, VERDICT_FILE_HASH, "the manifest beside it is of another image");
		goto out;
	}
	if (trust_authenticate(m, &signers, &k->trust, text, len, (struct span){sigs, sigs_len}, TRUST_INSTALL, e) != ACCEPTED ||
	    policy_check(&policy, *m, e) != ACCEPTED ||
	    trust_confirm(&k->trust, *m, (struct span){sigs, sigs_len}, &signers, TRUST_INSTALL, e) != ACCEPTED ||
	    policy_confirm(&policy, *m, e) != ACCEPTED)
		goto out;
	/* What is recorded is what was signed. */
	memcpy(j->next.product, manifest_head(*m)->product, sizeof j->next.product);
	memcpy(j->next.version, manifest_head(*m)->version, sizeof j->next.version);
	j->next.counter = manifest_head(*m)->counter;
	j->m = *m;
	rc = steps_plan(j->steps, &j->nsteps, j->d, j->side, *m, e);
out:
	free(sigs);
	return rc;
}

/* Finishes the journal BODY, or gives it up: GIVEN_UP then says why, else it is "". Returns 0 or -1. */
static int finish(struct journal *j, const struct known *k, struct span body, enum journal_failure failure,
		  char given_up[static KNOWN_FAULT_MAX], struct err *why, struct err *e)
{
	struct manifest *m = NULL;
	int rc = -1;

	given_up[0] = '\0';
	if (body.at && parse(j, body) != 0)
		err_set(why, VERDICT_FILE_HASH, "it is not understood");
	else if (body.at)
		rc = authenticate(j, &m, k, why);
	if (rc == 0) {
		rc = carry_out(j, e);
		/* Names can be exchanged again and again, but flash that cannot be written must not keep the next image out. */
		if (rc < 0 && failure == JOURNAL_GIVES_WAY && has_flash_steps(j) && give_up(j, NULL) == 0)
			rc = LOST;
		if (rc == LOST)
			snprintf(given_up, KNOWN_FAULT_MAX, "the install of %s was interrupted, and what it had staged is gone, altered, or cannot be "
				 "written. Install an image", j->next.version);
	} else if (why->verdict == VERDICT_SYSTEM) {
		rc = err_set(e, VERDICT_SYSTEM, "%s", why->message);
	} else {
		rc = give_up(j, e);
		snprintf(given_up, KNOWN_FAULT_MAX, "%.100s/journal of an interrupted install was not believed (%s: %.100s), and is removed. Install an image",
			 j->d->state, verdict_word(why->verdict), why->message);
	}
	manifest_free(&m);
	return rc < 0 ? -1 : 0;
}

int journal_finish(struct known **k, const struct device *d, enum journal_failure failure, struct err *e)
{
	struct err why = {.verdict = VERDICT_SYSTEM};
	struct journal *j = calloc(1, sizeof *j);
	char given_up[KNOWN_FAULT_MAX], *body = NULL;
	size_t len = 0;
	int rc = j ? state_salvage(d, "journal", &body, &len, JOURNAL_MAX, &why) : -1;

	*k = known_new(d, e);
	if (rc < 0)
		err_set(e, VERDICT_SYSTEM, "out of memory");
	else if (*k && rc == STATE_MISSING)
		rc = sweep(d, e);
	else if (*k) {
		*j = (struct journal){.d = d, .side = SIDE_A};
		if (rc != 0)
			err_set(&why, VERDICT_FILE_HASH, "it is damaged");
		rc = finish(j, *k, (struct span){rc == 0 ? body : NULL, len}, failure, given_up, &why, e);
		known_free(k);
		*k = rc == 0 ? known_new(d, e) : NULL;
		if (*k && given_up[0])
			known_fault(*k, "%s", given_up);
	}
	free(body);
	free(j);
	return *k && rc == 0 ? 0 : -1;
}

bool journal_waits(const struct device *d)
{
	char *body = NULL;
	size_t len = 0;
	int rc = state_salvage(d, "journal", &body, &len, JOURNAL_MAX, NULL);

	free(body);
	return rc != STATE_MISSING;
}
