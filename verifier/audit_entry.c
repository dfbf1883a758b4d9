/* SPDX-License-Identifier: ISC */
/* One path of the tree: looked at by descriptors, opened only when it is a file, read once. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "verifier/audit_parts.h"

/* Something that is there. */
struct thing {
	const char *path;
	int dir;              /* descriptor of its directory; the worker's */
	const char *base;
	struct stat st;       /* of itself, not of what a link leads to */
	int64_t sign;         /* index of its path among those of the signs, or -1 */
	uint64_t size;        /* of a file that was read */
	unsigned char hash[HASH_SIZE];
	bool read;
	struct look look;
};

static const char *type_word(mode_t mode)
{
	return S_ISREG(mode) ? "a file" : S_ISDIR(mode) ? "a directory" : S_ISLNK(mode) ? "a link" :
		S_ISFIFO(mode) ? "a FIFO" : S_ISSOCK(mode) ? "a socket" : "a device";
}

static mode_t signed_type(enum entry_type type)
{
	return type == ENTRY_FILE ? S_IFREG : type == ENTRY_DIR ? S_IFDIR : S_IFLNK;
}

static bool wants_content(const struct audit *a, const struct thing *t)
{
	return t->sign >= 0 && known_bad_wants_content(a->o->signs, (size_t)t->sign);
}

static void unreadable(struct audit *a, const char *path, int error)
{
	char why[128];

	if (strerror_r(error, why, sizeof why) != 0)
		snprintf(why, sizeof why, "error %d", error);
	audit_report(a, FINDING_UNREADABLE, false, path, "%s", why);
}

/* What errno says of a path that could not be reached: not there (nothing is reached through links), or not to be known. */
static bool is_absence(int error)
{
	return error == ENOENT || error == ENOTDIR || error == ELOOP;
}

/* --- content --- */

/* Opens the file for reading. What it was a moment ago may have been replaced: a FIFO or a device must neither hang us nor notice. */
static int open_thing(struct audit *a, const struct thing *t)
{
	int fd = openat(t->dir, t->base, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0) {
		unreadable(a, t->path, errno);
		return -1;
	}
	if (fstat(fd, &st) != 0) {
		unreadable(a, t->path, errno);
		close(fd);
		return -1;
	}
	if (S_ISREG(st.st_mode) && st.st_ino == t->st.st_ino)
		return fd;
	close(fd);
	audit_report(a, FINDING_UNREADABLE, false, t->path, "it was replaced while it was looked at");
	return -1;
}

/* Reads the file, whole or MAX + 1 bytes of it, and lets the signs see it. False when it could not be read, and that was said. */
static bool read_thing(struct audit_worker *w, struct thing *t, uint64_t max)
{
	bool wanted = wants_content(w->a, t);
	int fd = open_thing(w->a, t), rc;

	if (fd < 0)
		return false;
	audit_attributes(w->a, fd, t->path, w->buf);
	if (wanted)
		look_begin(&t->look, w->a->o->signs, (size_t)t->sign);
	rc = audit_read(w, fd, max + 1, wanted ? &t->look : NULL, &t->size, t->hash);
	if (rc != 0)
		unreadable(w->a, t->path, errno);
	close(fd);
	t->read = rc == 0;
	return t->read;
}

/* The same for a file with several names: the first of them is read, and stands for the rest. */
static bool read_linked(struct audit_worker *w, struct thing *t, uint64_t max)
{
	struct audit *a = w->a;
	bool known = false;

	pthread_mutex_lock(&a->lock); /* while it is read, too: a second thread may have another of its names */
	for (size_t i = 0; !known && i < a->nlinked; i++) {
		known = a->linked[i].ino == t->st.st_ino && a->linked[i].dev == t->st.st_dev;
		if (known)
			memcpy(t->hash, a->linked[i].hash, HASH_SIZE);
	}
	if (known) {
		t->size = (uint64_t)t->st.st_size;
		t->read = true;
	} else if (read_thing(w, t, max) && t->size <= max && a->nlinked < AUDIT_LINKED_MAX) {
		struct audit_linked *l = &a->linked[a->nlinked++];

		*l = (struct audit_linked){.dev = t->st.st_dev, .ino = t->st.st_ino};
		memcpy(l->hash, t->hash, HASH_SIZE);
	}
	pthread_mutex_unlock(&a->lock);
	return t->read;
}

/* Reads what only the signs want read. */
static void read_for_signs(struct audit_worker *w, struct thing *t)
{
	if (!S_ISREG(t->st.st_mode) || t->read || !wants_content(w->a, t))
		return;
	if (t->st.st_size <= AUDIT_CONTENT_MAX && read_thing(w, t, AUDIT_CONTENT_MAX) && t->size <= AUDIT_CONTENT_MAX)
		return;
	if (t->st.st_size > AUDIT_CONTENT_MAX || t->read)
		audit_report(w->a, FINDING_UNREADABLE, false, t->path, "over %d bytes: not looked through for signs", AUDIT_CONTENT_MAX);
	t->read = false;
}

static void judge(struct audit *a, const struct thing *t, bool as_signed)
{
	struct sighting s = {.size = S_ISREG(t->st.st_mode) ? (uint64_t)t->st.st_size : 0};

	if (t->sign < 0)
		return;
	if (t->read) {
		s.size = t->size;
		s.hash = t->hash;
		s.look = wants_content(a, t) ? &t->look : NULL;
	}
	audit_judge(a, (size_t)t->sign, &s, as_signed);
}

/* --- against the manifest --- */

static bool same_mode(struct audit *a, const struct manifest_entry *entry, const struct thing *t)
{
	uint32_t found = t->st.st_mode & 07777;

	/* Set-id bits are given only by an install that runs as root. */
	if (found == entry->mode || (!a->owners && found == (entry->mode & 0777)))
		return true;
	audit_report(a, FINDING_MODE, entry->type == ENTRY_FILE && (found & ~entry->mode & 06000) != 0, t->path,
		     "%04o, signed %04o", found, entry->mode);
	return false;
}

static bool same_owner(struct audit *a, const struct manifest_entry *entry, const struct thing *t)
{
	if (!a->owners || (t->st.st_uid == entry->uid && t->st.st_gid == entry->gid))
		return true;
	audit_report(a, FINDING_OWNER, false, t->path, "%lu:%lu, signed %lu:%lu", (unsigned long)t->st.st_uid,
		     (unsigned long)t->st.st_gid, (unsigned long)entry->uid, (unsigned long)entry->gid);
	return false;
}

static bool same_link(struct audit *a, const struct manifest_entry *entry, const struct thing *t)
{
	char found[LINK_MAX_LEN + 2], was[LINK_MAX_LEN * 4 + 8], is[LINK_MAX_LEN * 4 + 8];
	ssize_t n = readlinkat(t->dir, t->base, found, sizeof found);

	if (n < 0) {
		unreadable(a, t->path, errno);
		return false;
	}
	if ((size_t)n == strlen(entry->target) && memcmp(found, entry->target, (size_t)n) == 0)
		return true;
	audit_report(a, FINDING_LINK, false, t->path, "to \"%s\", signed \"%s\"", err_quote(is, sizeof is, found, (size_t)n),
		     err_quote(was, sizeof was, entry->target, strlen(entry->target)));
	return false;
}

static bool same_content(struct audit_worker *w, const struct manifest_entry *entry, struct thing *t)
{
	bool alone = t->st.st_nlink == 1 || wants_content(w->a, t); /* the look at a file is kept under no other name */

	if ((uint64_t)t->st.st_size != entry->size) {
		audit_report(w->a, FINDING_MODIFIED, false, t->path, "%lld bytes, signed %llu", (long long)t->st.st_size,
			     (unsigned long long)entry->size);
		if (!wants_content(w->a, t))
			audit_attributes_of(w->a, t->dir, t->base, t->path, t->st.st_mode, w->buf);
		read_for_signs(w, t);
		return false;
	}
	if (!(alone ? read_thing(w, t, entry->size) : read_linked(w, t, entry->size)))
		return false;
	if (t->size == entry->size && crypto_equal(t->hash, entry->hash, HASH_SIZE))
		return true;
	audit_report(w->a, FINDING_MODIFIED, false, t->path, "as many bytes as signed, but others");
	return false;
}

static bool compare(struct audit_worker *w, const struct manifest_entry *entry, struct thing *t)
{
	mode_t type = signed_type(entry->type);
	bool same = true;

	if ((t->st.st_mode & S_IFMT) != type) {
		audit_report(w->a, FINDING_TYPE, false, t->path, "%s, signed as %s", type_word(t->st.st_mode), type_word(type));
		read_for_signs(w, t);
		return false;
	}
	if (type == S_IFDIR && t->st.st_dev != w->a->dev)
		return true; /* something is mounted on it, which the walk says */
	if (type != S_IFLNK)
		same = same_mode(w->a, entry, t);
	same = same_owner(w->a, entry, t) && same;
	if (type != S_IFREG)
		audit_attributes_of(w->a, t->dir, t->base, t->path, t->st.st_mode, w->buf);
	if (type == S_IFLNK)
		return same_link(w->a, entry, t) && same;
	return type == S_IFDIR ? same : same_content(w, entry, t) && same;
}

/* Goes to PATH. Returns 0 and fills T, or errno. */
static int reach(struct audit_worker *w, const char *path, struct thing *t)
{
	struct err e;

	t->path = path;
	t->read = false;
	t->sign = w->a->o->signs ? known_bad_find(w->a->o->signs, path) : -1;
	t->dir = beneath_parent(w->tree, path, &t->base, &e);
	return t->dir >= 0 && fstatat(t->dir, t->base, &t->st, AT_SYMLINK_NOFOLLOW) == 0 ? 0 : errno;
}

void audit_entry(struct audit_worker *w, uint32_t i)
{
	struct manifest_entry entry;
	struct stat parent;
	struct thing t;
	bool same = false;
	int error;

	manifest_entry(w->a->o->m, i, &entry);
	error = reach(w, entry.path, &t);
	if (error != 0) {
		if (is_absence(error))
			audit_report(w->a, FINDING_MISSING, false, entry.path, "signed as %s", type_word(signed_type(entry.type)));
		else
			unreadable(w->a, entry.path, error);
		return;
	}
	atomic_fetch_add(&w->a->entries, 1);
	if (fstat(t.dir, &parent) == 0 && parent.st_dev == w->a->dev) {
		same = compare(w, &entry, &t);
	} else {
		audit_report(w->a, FINDING_UNREADABLE, false, t.path, "something is mounted over its directory");
		read_for_signs(w, &t);
	}
	judge(w->a, &t, same);
}

void audit_unsigned_path(struct audit_worker *w, size_t i)
{
	const char *path = known_bad_path(w->a->o->signs, i);
	struct thing t;
	int error;

	if (manifest_find(w->a->o->m, path) >= 0)
		return; /* audit_entry looks at it */
	error = reach(w, path, &t);
	if (error == ENOTDIR || error == ELOOP)
		findings_skip(w->a->findings, path, "a link or a file stands in the way: no sign was looked for here");
	else if (error != 0 && error != ENOENT)
		unreadable(w->a, path, error);
	if (error != 0)
		return;
	read_for_signs(w, &t);
	judge(w->a, &t, false);
}
