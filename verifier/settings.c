/* SPDX-License-Identifier: ISC */
/* From the old tree into the new one, by descriptors on both sides. */
#define _GNU_SOURCE /* syncfs */
#include "verifier/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/beneath.h"
#include "core/io.h"
#include "core/json.h"
#include "core/readback.h"

struct carrier {
	const struct manifest *m;
	struct beneath *old, *new;
	bool owners;                 /* as root: files keep theirs */
};

const char *setting_fate_text(enum setting_fate fate)
{
	switch (fate) {
	case SETTING_NOT_ASKED: return "not asked for";
	case SETTING_KEPT: return "kept";
	case SETTING_MISSING: return "passed over: the old tree has none";
	case SETTING_NO_FILE: return "passed over: no regular file, or reached through a link";
	case SETTING_TOO_LARGE: return "passed over: over 1 MiB";
	case SETTING_NOT_ALLOWED: return "passed over: the new image has a program, link or directory of its own there";
	}
	return "unknown";
}

void settings_print_json(struct json *j, const struct device *d, const enum setting_fate fates[static DEVICE_SETTINGS_MAX])
{
	json_open_array(j, "settings");
	for (size_t i = 0; i < d->nsettings; i++) {
		json_open_object(j, NULL);
		json_put_string(j, "path", d->settings[i]);
		json_put_bool(j, "kept", fates[i] == SETTING_KEPT);
		json_put_string(j, "text", setting_fate_text(fates[i]));
		json_close_object(j);
	}
	json_close_array(j);
}

/* --- what the new image allows --- */

static bool has_a_line(const struct manifest *m, const char *path)
{
	struct manifest_write w;
	struct manifest_run r;

	for (uint32_t i = 0; i < manifest_head(m)->nwrites; i++) {
		manifest_write(m, i, &w);
		if (strcmp(w.path, path) == 0)
			return true;
	}
	for (uint32_t i = 0; i < manifest_head(m)->nruns; i++) {
		manifest_run(m, i, &r);
		if (strcmp(r.path, path) == 0)
			return true;
	}
	return false;
}

static bool is_allowed(const struct manifest *m, const char *path)
{
	char above[PATH_MAX_LEN + 1];
	struct manifest_entry entry;
	int64_t i;

	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		memcpy(above, path, (size_t)(slash - path));
		above[slash - path] = '\0';
		i = manifest_find(m, above);
		if (i >= 0 && manifest_entry_type(m, (uint32_t)i) != ENTRY_DIR)
			return false;
	}
	i = manifest_find(m, path);
	if (i < 0)
		return true;
	manifest_entry(m, (uint32_t)i, &entry);
	return entry.type == ENTRY_FILE && !(entry.mode & 0111) && !has_a_line(m, path);
}

/* --- one file --- */

/* Opens the old one, if it is one. Returns 0 with *FD, or with -1 there and why in *FATE; or -1. */
static int open_old(const struct carrier *c, const char *path, int *fd, struct stat *st, enum setting_fate *fate, struct err *e)
{
	struct err why = {.verdict = VERDICT_SYSTEM};
	int there = beneath_stat(c->old, path, st, &why); /* before it is opened: opening a device may do something */

	*fd = -1;
	if (there < 0 && why.verdict != VERDICT_UNSAFE_PATH)
		return err_set(e, why.verdict, "%s", why.message);
	*fate = there == 0 ? SETTING_MISSING : there < 0 || !S_ISREG(st->st_mode) ? SETTING_NO_FILE : SETTING_KEPT;
	if (*fate != SETTING_KEPT)
		return 0;
	*fd = beneath_open_at(c->old, path, O_RDONLY, e);
	if (*fd < 0)
		return -1;
	if (fstat(*fd, st) != 0) {
		close(*fd);
		return err_errno(e, "cannot look at %s", path);
	}
	if (!S_ISREG(st->st_mode) || st->st_size > SETTING_MAX) {
		*fate = S_ISREG(st->st_mode) ? SETTING_TOO_LARGE : SETTING_NO_FILE;
		close(*fd);
		*fd = -1;
	}
	return 0;
}

static int give(const struct carrier *c, int fd, const struct stat *st, mode_t mode)
{
	return (c->owners && fchown(fd, st->st_uid, st->st_gid) != 0) || fchmod(fd, mode) != 0 ? -1 : 0;
}

/* A directory that the new tree lacks, as the old one has it. */
static int make_directory(const struct carrier *c, const char *path, struct err *e)
{
	struct stat st;
	int there = beneath_stat(c->new, path, &st, e), fd, rc;

	if (there != 0)
		return there < 0 ? -1 : 0;
	there = beneath_stat(c->old, path, &st, e);
	if (there <= 0)
		return there < 0 ? -1 : err_set(e, VERDICT_SYSTEM, "the old tree changes while its settings are carried over");
	if (beneath_mkdir(c->new, path, e) != 0)
		return -1;
	fd = beneath_open_at(c->new, path, O_RDONLY | O_DIRECTORY, e);
	if (fd < 0)
		return -1;
	rc = give(c, fd, &st, (st.st_mode & SETTING_DIR_MODES) | 0700) == 0 ? 0 : err_errno(e, "cannot set owner and mode of %s", path);
	close(fd);
	return rc;
}

static int make_way(const struct carrier *c, const char *path, struct err *e)
{
	char above[PATH_MAX_LEN + 1];

	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		memcpy(above, path, (size_t)(slash - path));
		above[slash - path] = '\0';
		if (make_directory(c, above, e) != 0)
			return -1;
	}
	return 0;
}

/* Opens the new one, in place of the vendor's default if there is one. */
static int create_new(const struct carrier *c, const char *path, struct err *e)
{
	const char *base;
	int dir;

	if (make_way(c, path, e) != 0)
		return -1;
	dir = beneath_parent(c->new, path, &base, e);
	if (dir < 0)
		return -1;
	if (unlinkat(dir, base, 0) != 0 && errno != ENOENT)
		return err_errno(e, "cannot replace the default of %s", path);
	return beneath_create(c->new, path, e);
}

/* SIZE bytes at most: as the file was when it was looked at, whoever is writing to it. HASH is of what was copied. */
static int copy(int from, int to, uint64_t size, const char *path, unsigned char hash[static HASH_SIZE], struct err *e)
{
	unsigned char buf[16 << 10];
	struct hash state;
	ssize_t n = 1;

	hash_init(&state, HASH_SIZE);
	while (size > 0 && n > 0) {
		n = io_read_full(from, buf, size < sizeof buf ? (size_t)size : sizeof buf);
		if (n < 0)
			return err_errno(e, "cannot read the setting %s", path);
		if (io_write_all(to, buf, (size_t)n) != 0)
			return err_errno(e, "cannot write the setting %s", path);
		hash_update(&state, buf, (size_t)n);
		size -= (uint64_t)n;
	}
	hash_final(&state, hash, HASH_SIZE);
	return 0;
}

static int carry(const struct carrier *c, const char *path, enum setting_fate *fate, unsigned char hash[static HASH_SIZE],
		 struct err *e)
{
	int from, to = -1, rc = -1;
	struct stat st;

	if (!is_allowed(c->m, path)) {
		*fate = SETTING_NOT_ALLOWED;
		return 0;
	}
	if (open_old(c, path, &from, &st, fate, e) != 0)
		return -1;
	if (from < 0)
		return 0;
	to = create_new(c, path, e);
	if (to < 0 || copy(from, to, (uint64_t)st.st_size, path, hash, e) != 0)
		goto out;
	rc = give(c, to, &st, st.st_mode & SETTING_MODES) == 0 ? 0 : err_errno(e, "cannot set owner and mode of %s", path);
out:
	if (to >= 0 && close(to) != 0 && rc == 0)
		rc = err_errno(e, "cannot close %s", path);
	close(from);
	return rc;
}

/* --- all of them --- */

static int read_back(const struct carrier *c, const char *path, const unsigned char hash[static HASH_SIZE], struct err *e)
{
	int fd = beneath_open_at(c->new, path, O_RDONLY, e), rc;

	if (fd < 0)
		return -1;
	rc = readback_check(fd, hash, path, e);
	close(fd);
	return rc;
}

static int carry_all(const struct carrier *c, enum setting_fate *fates, const struct device *d, int root, struct err *e)
{
	unsigned char hashes[DEVICE_SETTINGS_MAX][HASH_SIZE];

	for (size_t i = 0; i < d->nsettings; i++)
		if (carry(c, d->settings[i], &fates[i], hashes[i], e) != 0)
			return -1;
	if (syncfs(root) != 0)
		return err_errno(e, "cannot sync the settings");
	for (size_t i = 0; i < d->nsettings; i++)
		if (fates[i] == SETTING_KEPT && read_back(c, d->settings[i], hashes[i], e) != 0)
			return -1;
	return 0;
}

/* Opens the tree at PATH: its descriptor; or -1, *MISSING when there is none. */
static int open_tree(const char *path, bool *missing, struct err *e)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	*missing = fd < 0 && errno == ENOENT;
	if (fd < 0)
		err_errno(e, "cannot open the tree %s for its settings", path);
	return fd;
}

int settings_carry(enum setting_fate fates[static DEVICE_SETTINGS_MAX], const struct device *d, const struct manifest *m,
		   const char *from, const char *to, struct err *e)
{
	struct carrier c = {.m = m, .owners = geteuid() == 0};
	struct err why = {.verdict = VERDICT_SYSTEM};
	bool missing;
	int old, new = -1, rc = -1;

	old = open_tree(from, &missing, &why);
	if (missing) {
		for (size_t i = 0; i < d->nsettings; i++)
			fates[i] = SETTING_MISSING;
		return 0;
	}
	if (old < 0)
		return err_set(e, why.verdict, "%s", why.message);
	new = open_tree(to, &missing, e);
	if (new >= 0 && beneath_open(&c.old, old, e) == 0 && beneath_open(&c.new, new, e) == 0)
		rc = carry_all(&c, fates, d, new, e);
	beneath_close(&c.new);
	beneath_close(&c.old);
	if (new >= 0)
		close(new);
	close(old);
	return rc;
}
