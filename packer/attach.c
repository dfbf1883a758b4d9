/* SPDX-License-Identifier: ISC */
/* Attachments of a bundle. */
#include "packer/attach.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/io.h"
#include "core/ustar.h"
#include "packer/secret.h"

enum { HASH_BUFFER = 64 << 10, NAME_LEN_MAX = 100 };

static int hash_file(struct attachment *a, const char *file, struct err *e)
{
	unsigned char *buf = malloc(HASH_BUFFER);
	const char *kind = NULL;
	struct hash hash;
	ssize_t n;

	if (!buf)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	hash_init(&hash, HASH_SIZE);
	while ((n = io_read_full(a->fd, buf, HASH_BUFFER)) > 0) {
		if (a->size == 0 && n < HASH_BUFFER)
			kind = secret_kind(buf, (size_t)n);
		hash_update(&hash, buf, (size_t)n);
		a->size += (uint64_t)n;
	}
	hash_final(&hash, a->hash, HASH_SIZE);
	free(buf);
	if (kind)
		return err_set(e, VERDICT_UNSAFE_PATH, "the attachment %s is %s, and would go to every board: leave it out", file, kind);
	if (n < 0)
		return err_errno(e, "cannot read %s", file);
	return a->size <= USTAR_SIZE_MAX ? 0 : err_set(e, VERDICT_TOO_LARGE, "%s is over the format's 8 GiB", file);
}

static int open_one(struct attachment *a, const char *file, const struct secret_own *own, struct err *e)
{
	const char *what, *slash = strrchr(file, '/'), *name = slash ? slash + 1 : file;
	struct stat st;

	a->fd = open(file, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (a->fd < 0)
		return err_errno(e, "cannot open %s", file);
	if (fstat(a->fd, &st) != 0 || !S_ISREG(st.st_mode))
		return err_set(e, VERDICT_USAGE, "the attachment %s is not a regular file", file);
	what = secret_own_find(own, st.st_dev, st.st_ino);
	if (what)
		return err_set(e, VERDICT_UNSAFE_PATH, "the attachment %s is %s: leave it out", file, what);
	if (path_fault(name, strlen(name), false) != PATH_FINE || strlen(name) > NAME_LEN_MAX || manifest_reserved_name(name))
		return err_set(e, VERDICT_USAGE, "the attachment %s has a name that a bundle cannot hold", file);
	a->name = strdup(name);
	return a->name ? hash_file(a, file, e) : err_set(e, VERDICT_SYSTEM, "out of memory");
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct attachment *)a)->name, ((const struct attachment *)b)->name);
}

int attach_open(struct attachments *out, const char *const *files, size_t n, const struct secret_own *own, struct err *e)
{
	struct attachments a = {.at = calloc(n + 1, sizeof *a.at)};

	if (!a.at)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	while (a.n < n) {
		int rc = open_one(&a.at[a.n], files[a.n], own, e);

		a.n++;
		if (rc != 0)
			goto failed;
	}
	if (n > 1)
		qsort(a.at, n, sizeof *a.at, compare);
	for (size_t i = 1; i < n; i++) {
		if (compare(&a.at[i - 1], &a.at[i]) == 0) {
			err_set(e, VERDICT_USAGE, "two attachments are named %s", a.at[i].name);
			goto failed;
		}
	}
	*out = a;
	return 0;
failed:
	attach_close(&a);
	return -1;
}

static int rewind_and_hash(struct attachment *a, const char *name, struct err *e)
{
	a->name = strdup(name);
	if (!a->name)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	return lseek(a->fd, 0, SEEK_SET) == 0 ? hash_file(a, name, e) : err_errno(e, "cannot read %s again", name);
}

int attach_made(struct attachments *a, const char *name, int fd, struct err *e)
{
	struct attachment one = {.fd = fd}, *more = realloc(a->at, (a->n + 1) * sizeof *more);

	if (more)
		a->at = more;
	else
		err_set(e, VERDICT_SYSTEM, "out of memory");
	for (size_t i = 0; more && i < a->n; i++) {
		if (strcmp(a->at[i].name, name) == 0) {
			err_set(e, VERDICT_USAGE, "an attachment is named %s already", name);
			more = NULL;
		}
	}
	if (!more || rewind_and_hash(&one, name, e) != 0) {
		close(fd);
		free(one.name);
		return -1;
	}
	a->at[a->n++] = one;
	qsort(a->at, a->n, sizeof *a->at, compare);
	return 0;
}

void attach_close(struct attachments *a)
{
	for (size_t i = 0; i < a->n; i++) {
		if (a->at[i].fd >= 0)
			close(a->at[i].fd);
		free(a->at[i].name);
	}
	free(a->at);
	*a = (struct attachments){.at = NULL};
}
