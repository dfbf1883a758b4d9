/* SPDX-License-Identifier: ISC */
/* The journal, STATE/journal: the lines of STATE/installed, then, on boards with two sides, `side a|b', then the steps in the order of
 * the device file's slots: `swap INODE PATH', `replace INODE PATH' (what it replaces is not kept), `flash SIZE HASH SLOT TARGET'. */
#include "verifier/journal.h"

#include <inttypes.h>
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

enum { JOURNAL_MAX = 64 << 10, LOST = 1 };

/* A journal that was read. */
struct journal {
	const struct device *d;
	char *body;
	struct installed next;
	enum side side;
	struct span steps;
	const struct journal_step *staged; /* of this process */
	size_t nstaged;
};

static int format_step(char *out, size_t size, const struct journal_step *s)
{
	char hex[HASH_HEX + 1];

	switch (s->kind) {
	case STEP_NONE: break;
	case STEP_SWAP: return snprintf(out, size, "%s %" PRIu64 " %s\n", s->only ? "replace" : "swap", s->inode, s->path);
	case STEP_FLASH:
		text_put_hash(hex, s->hash);
		return snprintf(out, size, "flash %" PRIu64 " %s %s %s\n", s->size, hex, s->slot, s->path);
	}
	return 0;
}

int journal_write(const struct device *d, enum side side, const struct installed *next, struct span manifest,
		  struct span signatures, const struct journal_step *steps, size_t n, struct err *e)
{
	char *body = malloc(JOURNAL_MAX);
	int used, rc = -1;

	if (!body)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	if (state_write(d, "manifest.next", manifest.at, manifest.len, e) != 0 ||
	    state_write(d, "manifest.minisig.next", signatures.at, signatures.len, e) != 0)
		goto out;
	used = installed_format(body, JOURNAL_MAX, next);
	if (d->two_sided)
		used += snprintf(body + used, (size_t)(JOURNAL_MAX - used), "side %s\n", boot_letter(side));
	/* At most 32 slots of at most 512 bytes and some: it fits. */
	for (size_t i = 0; i < n; i++)
		used += format_step(body + used, (size_t)(JOURNAL_MAX - used), &steps[i]);
	rc = state_write(d, "journal", body, (size_t)used, e);
out:
	free(body);
	return rc;
}

static int not_understood(struct err *e)
{
	return err_set(e, VERDICT_SYSTEM, "the journal of an interrupted install is not understood");
}

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

/* The next step. PATH and SLOT hold its strings. Returns 1, 0 at the end, -1. */
static int take_step(struct span *text, struct journal_step *s, char path[static DEVICE_TARGET_MAX],
		     char slot[static TEXT_NAME_MAX + 1], struct err *e)
{
	struct span f[5], where;
	size_t n;

	if (text->len == 0)
		return 0;
	*s = (struct journal_step){.path = path, .slot = slot, .fd = -1};
	n = take_line(text, f);
	if (n == 3 && (span_is(f[0], "swap") || span_is(f[0], "replace")) && text_number(&s->inode, f[1], INT64_MAX) == 0) {
		s->kind = STEP_SWAP;
		s->only = span_is(f[0], "replace");
	} else if (n == 5 && span_is(f[0], "flash") && text_number(&s->size, f[1], INT64_MAX) == 0 && text_hash(s->hash, f[2]) == 0 &&
		   text_is_name(f[3])) {
		s->kind = STEP_FLASH;
		memcpy(slot, f[3].at, f[3].len);
		slot[f[3].len] = '\0';
	} else {
		return not_understood(e);
	}
	where = f[n - 1];
	if (where.len >= DEVICE_TARGET_MAX)
		return not_understood(e);
	memcpy(path, where.at, where.len);
	path[where.len] = '\0';
	return s->kind == STEP_FLASH && copy_fault(path) ? not_understood(e) : 1;
}

/* Reads the journal. Returns 1, 0 when there is none, -1. journal_free is due. */
static int load(struct journal *j, const struct device *d, struct err *e)
{
	size_t len = 0;
	struct span f[5];
	int rc;

	*j = (struct journal){.d = d, .side = SIDE_A, .next = {.any = true}};
	rc = state_read(d, "journal", &j->body, &len, JOURNAL_MAX, e);
	if (rc <= 0)
		return rc;
	j->steps = (struct span){j->body, len};
	if (installed_parse(&j->next, &j->steps) != 0)
		return not_understood(e);
	if (d->two_sided && (take_line(&j->steps, f) != 2 || !span_is(f[0], "side") || boot_side(&j->side, f[1]) != 0))
		return not_understood(e);
	return 1;
}

static bool has_flash_steps(const struct journal *j)
{
	char path[DEVICE_TARGET_MAX], slot[TEXT_NAME_MAX + 1];
	struct span text = j->steps;
	struct journal_step s;

	while (take_step(&text, &s, path, slot, NULL) == 1)
		if (s.kind == STEP_FLASH)
			return true;
	return false;
}

/* The image that this process, or one that a power cut ended, has staged. Returns a descriptor of its own, or -1. */
static int find_staged(const struct journal *j, const struct journal_step *s)
{
	for (size_t i = 0; i < j->nstaged; i++)
		if (j->staged[i].kind == STEP_FLASH && strcmp(j->staged[i].slot, s->slot) == 0)
			return dup(j->staged[i].fd);
	return staging_reopen(j->d, s->slot);
}

static int do_flash(const struct journal *j, const struct journal_step *s, struct err *e)
{
	int fd = find_staged(j, s), rc;

	/* Right before the first byte of flash: it may have been staged long ago. */
	if (fd >= 0 && readback_check(fd, s->hash, "the staged image", NULL) != 0) {
		close(fd);
		fd = -1;
	}
	if (fd < 0)
		return flash_holds(s->size, s->hash, s->path) ? 0 : LOST;
	rc = flash_write(fd, s->size, s->hash, s->path, e);
	close(fd);
	return rc;
}

/* Returns 0, -1, or LOST. */
static int do_steps(const struct journal *j, struct err *e)
{
	char path[DEVICE_TARGET_MAX], slot[TEXT_NAME_MAX + 1];
	struct span text = j->steps;
	struct journal_step s;
	int rc, more;

	while ((more = take_step(&text, &s, path, slot, e)) == 1) {
		rc = s.kind == STEP_FLASH ? do_flash(j, &s, e) : swap_commit(s.path, s.inode, e);
		if (rc == 0 && s.kind == STEP_SWAP && s.only)
			rc = swap_drop_previous(s.path, e);
		if (rc != 0)
			return rc;
	}
	return more;
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
	if (keep_manifest(j, e) != 0 || state_set_installed(j->d, j->side, &j->next, e) != 0 || switch_side(j, e) != 0 ||
	    state_remove(j->d, "interrupted", e) != 0 || state_remove(j->d, "journal", e) != 0)
		return -1;
	return sweep(j->d, e);
}

/* The body of STATE/interrupted: the image that should have come, then a line for each slot that was to be written. */
static int write_interrupted(const struct journal *j, struct err *e)
{
	char path[DEVICE_TARGET_MAX], slot[TEXT_NAME_MAX + 1], *body = malloc(JOURNAL_MAX);
	struct span text = j->steps;
	struct journal_step s;
	int used, rc;

	if (!body)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	used = installed_format(body, JOURNAL_MAX, &j->next);
	while (take_step(&text, &s, path, slot, NULL) == 1)
		if (s.kind == STEP_FLASH)
			used += snprintf(body + used, (size_t)(JOURNAL_MAX - used), "slot %s %s\n", slot,
					 flash_holds(s.size, s.hash, s.path) ? "written" : "unknown");
	rc = state_write(j->d, "interrupted", body, (size_t)used, e);
	free(body);
	return rc;
}

static int give_up(const struct journal *j, struct err *e)
{
	if (write_interrupted(j, e) != 0 || state_remove(j->d, "journal", e) != 0)
		return -1;
	return sweep(j->d, e);
}

int journal_finish(const struct device *d, const struct journal_step *steps, size_t n, struct err *e)
{
	struct journal j;
	int rc = load(&j, d, e);
	bool flash;

	j.staged = steps;
	j.nstaged = n;
	if (rc == 0)
		rc = sweep(d, e);
	else if (rc == 1) {
		flash = has_flash_steps(&j);
		rc = flash ? boot_recovery(d, true, e) : 0;
		if (rc == 0)
			rc = do_steps(&j, e);
		if (rc == LOST) {
			rc = give_up(&j, e);
			if (rc == 0 && steps) /* of this very install, which must not pass for done */
				rc = err_set(e, VERDICT_SYSTEM, "what was staged cannot be read any more, and was not written to its slot");
		}
		else if (rc == 0 && flash)
			rc = boot_recovery(d, false, e) == 0 ? record(&j, e) : -1;
		else if (rc == 0)
			rc = record(&j, e);
	}
	free(j.body);
	return rc;
}

int journal_give_up(const struct device *d, struct err *e)
{
	struct err why = {.verdict = VERDICT_OK};
	struct journal j;
	int rc = load(&j, d, &why);

	if (rc == 1 && !has_flash_steps(&j))
		rc = -1; /* names can be exchanged again and again: not given up */
	else if (rc != 0)
		rc = give_up(&j, e);
	free(j.body);
	return rc;
}

int journal_waits(const struct device *d, struct err *e)
{
	char *body = NULL;
	size_t len = 0;
	int rc = state_read(d, "journal", &body, &len, JOURNAL_MAX, e);

	free(body);
	return rc;
}
