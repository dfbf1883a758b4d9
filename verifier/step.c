/* SPDX-License-Identifier: ISC */
/* Steps, and whether one was taken. */
#include "verifier/step.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/readback.h"
#include "verifier/audit.h"
#include "verifier/target.h"

static const struct device_slot *find_slot(const struct device *d, const char *name)
{
	for (size_t i = 0; i < d->nslots; i++)
		if (strcmp(d->slots[i].name, name) == 0)
			return &d->slots[i];
	return NULL;
}

/* Every slot that the image names must be there, before anything is written. */
static int check_slots(const struct device *d, const struct manifest *m, struct err *e)
{
	struct manifest_write w;

	for (uint32_t i = 0; i < manifest_head(m)->nwrites; i++) {
		const struct device_slot *slot;

		manifest_write(m, i, &w);
		slot = find_slot(d, w.slot);
		if (!slot)
			return err_set(e, VERDICT_WRONG_BOARD, "the image writes slot %s, which this board does not have", w.slot);
		if (target_takes_tree(slot->target[SIDE_A]))
			return err_set(e, VERDICT_WRONG_BOARD, "the image writes one file to slot %s, which takes a tree", w.slot);
	}
	return 0;
}

/* The file for S's slot. Returns false when the image has none. */
static bool find_file(struct step *s, const struct manifest *m)
{
	struct manifest_entry entry;
	struct manifest_write w;

	for (uint32_t i = 0; i < manifest_head(m)->nwrites; i++) {
		manifest_write(m, i, &w);
		if (strcmp(w.slot, s->slot->name) != 0)
			continue;
		s->entry = (uint32_t)manifest_find(m, w.path); /* the parser has seen it there */
		manifest_entry(m, s->entry, &entry);
		s->size = entry.size;
		memcpy(s->hash, entry.hash, HASH_SIZE);
		return true;
	}
	return false;
}

int steps_plan(struct step steps[static DEVICE_SLOTS_MAX], size_t *n, const struct device *d, enum side side, const struct manifest *m,
	       struct err *e)
{
	*n = 0;
	if (check_slots(d, m, e) != 0)
		return -1;
	for (size_t i = 0; i < d->nslots; i++) {
		bool sides = target_has_sides(&d->slots[i]);
		struct step s = {.slot = &d->slots[i], .target = d->slots[i].target[sides ? side : SIDE_A], .fd = -1};

		if (target_takes_tree(s.target))
			s.kind = STEP_TREE;
		else if (!find_file(&s, m))
			continue;
		else if (target_path(s.target))
			s.kind = STEP_FILE;
		else
			s.kind = sides ? STEP_SIDE : STEP_FLASH;
		steps[(*n)++] = s;
	}
	return *n > 0 ? 0 : err_set(e, VERDICT_WRONG_BOARD, "nothing in the image is for a slot of this board");
}

static int is_file(const struct step *s, int dir, const char *name, const char *path)
{
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	int same;

	if (fd < 0)
		return 0;
	same = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_size == s->size && readback_check(fd, s->hash, path, NULL) == 0;
	close(fd);
	return same;
}

static int is_tree(const struct device *d, const struct manifest *m, int dir, const char *name, const char *path, struct err *e)
{
	struct audit_options options = {.root = path, .m = m, .nsettings = d->nsettings, .threads = 1};
	struct audit_result result;
	struct stat st;
	int rc;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISDIR(st.st_mode))
		return 0;
	for (size_t i = 0; i < d->nsettings; i++)
		options.settings[i] = d->settings[i];
	rc = audit_run(&result, &options, e);
	findings_free(&result.findings);
	return rc != 0 ? -1 : result.verdict == AUDIT_CLEAN;
}

int step_is_done_by(const struct step *s, const struct device *d, const struct manifest *m, int dir, const char *name, const char *path,
		    struct err *e)
{
	return s->kind == STEP_TREE ? is_tree(d, m, dir, name, path, e) : is_file(s, dir, name, path);
}
