/* SPDX-License-Identifier: ISC */
/* An archive into a tree: what its reader tells is checked like anything that was found. */
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "archive/import.h"
#include "packer/tree.h"
#include "packer/watch.h"

struct taker {
	struct import_sink base;
	struct tree *t;
	struct watch *watch;
	char prefix[PATH_MAX_LEN + 1]; /* what --strip takes off: that of the first entry as deep; "" until then */
};

/* PATH behind the folders that are taken off; "" when it is one of them; NULL when it lies elsewhere. */
static const char *strip(struct taker *k, const char *path)
{
	unsigned left = k->t->rules.strip;
	const char *at = path;
	size_t len;

	if (left == 0)
		return path;
	for (; left && *at; left--) {
		at += strcspn(at, "/");
		at += *at == '/';
	}
	len = (size_t)(at - path);
	while (len && path[len - 1] == '/')
		len--;
	if (left) /* one of the outer folders */
		return !*k->prefix || (strncmp(k->prefix, path, len) == 0 && k->prefix[len] == '/') ? "" : NULL;
	if (!*k->prefix && len < sizeof k->prefix)
		memcpy(k->prefix, path, len); /* zeroed at the start */
	return strlen(k->prefix) == len && strncmp(k->prefix, path, len) == 0 ? at : NULL;
}

static int member(struct import_sink *base, const struct import_member *m, struct err *e)
{
	struct taker *k = (struct taker *)base;
	const char *path = strip(k, m->path), *target = m->kind == IMPORT_HARDLINK ? strip(k, m->target) : m->target;
	struct tree_found found = {
		.type = m->kind == IMPORT_DIR ? ENTRY_DIR : m->kind == IMPORT_LINK ? ENTRY_LINK : ENTRY_FILE,
		.path = path, .target = m->kind == IMPORT_LINK ? target : NULL,
		.hardlink = m->kind == IMPORT_HARDLINK ? target : NULL, .mode = m->mode, .uid = m->uid, .gid = m->gid,
		.size = m->kind == IMPORT_FILE ? m->size : 0, .offset = m->offset,
	};

	if (path && !*path && m->kind == IMPORT_DIR)
		return 0;
	if (!path || !*path || !target)
		return tree_refuse(k->t, m->path, e, "it does not lie in the folder that --strip %u takes off, \"%s\"", k->t->rules.strip, k->prefix);
	return tree_add(k->t, &found, e) < 0 ? -1 : 0;
}

static int refused(struct import_sink *base, const char *path, const char *reason, struct err *e)
{
	return tree_refuse(((struct taker *)base)->t, path, e, "%s", reason);
}

static int warned(struct import_sink *base, const char *path, const char *reason, struct err *e)
{
	return tree_warn(((struct taker *)base)->t, path, e, "%s", reason);
}

static void progress(struct import_sink *base, uint64_t done)
{
	struct watch *watch = ((struct taker *)base)->watch;

	if (watch)
		watch->update(watch, done);
}

/* Hard links have become files: their content counts as often as it will be packed. */
static int check_sum(const struct tree *t, uint64_t limit, const char *name, struct err *e)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < t->n; i++) /* at most 2^18 entries of 2^33 bytes: no overflow */
		sum += t->entries[i].size;
	return sum <= limit ? 0 : err_set(e, VERDICT_TOO_LARGE, "%s expands to over %" PRIu64 " bytes when its hard links are files, far too much "
					  "for its own size: if that is meant, unpack it and pack the folder", name, limit);
}

static struct taker taker_for(struct tree *t, struct watch *watch)
{
	return (struct taker){.base = {.member = member, .refused = refused, .warned = warned, .progress = progress}, .t = t, .watch = watch};
}

int tree_import(struct tree *t, int fd, const char *name, struct watch *watch, struct err *e)
{
	struct taker taker = taker_for(t, watch);
	struct stat st;
	int rc;

	if (fstat(fd, &st) != 0)
		return err_errno(e, "cannot look at %s", name);
	if (watch)
		watch->begin(watch, "reading", (uint64_t)st.st_size);
	rc = import_archive(fd, t->spool, name, &taker.base, e);
	if (watch)
		watch->end(watch);
	/* What has been refused so far is worth telling even when the archive turned out to be damaged. */
	return rc == 0 && tree_finish(t, e) == 0 ? check_sum(t, import_limit((uint64_t)st.st_size), name, e) : -1;
}

int tree_receive(struct tree *t, int in, const char *name, uint64_t limit, struct err *e)
{
	struct taker taker = taker_for(t, NULL);

	return import_receive(in, t->spool, name, &taker.base, e) == 0 && tree_finish(t, e) == 0 ? check_sum(t, limit, name, e) : -1;
}
