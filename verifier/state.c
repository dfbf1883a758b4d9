/* SPDX-License-Identifier: ISC */
/* The state directory. */
#include "verifier/state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/io.h"

#define SUM_LINE "blake2b "
#define OLD_SUFFIX ".old"
enum { LOCK_TRIES = 20, LOCK_PAUSE_NS = 10 * 1000 * 1000 };
enum { SUM_LENGTH = sizeof SUM_LINE - 1 + HASH_HEX + 1, STATE_PATH_MAX = DEVICE_TARGET_MAX + 64, INSTALLED_MAX = 1024,
       JOURNALLED_MAX = 64 << 10 };

static void state_path(char out[static STATE_PATH_MAX], const struct device *d, const char *name)
{
	snprintf(out, STATE_PATH_MAX, "%s/%s", d->state, name);
}

/* Who only looks holds the lock for a moment, and must not turn an install away. Returns 0, or -1 with errno set. */
static int lock_soon(int fd)
{
	const struct timespec pause = {.tv_nsec = LOCK_PAUSE_NS};

	for (int i = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; i++) {
		if (errno != EWOULDBLOCK || i == LOCK_TRIES)
			return -1;
		nanosleep(&pause, NULL);
	}
	return 0;
}

int state_lock(const struct device *d, struct err *e)
{
	char path[STATE_PATH_MAX];
	int fd;

	state_path(path, d, "lock");
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_errno(e, "cannot open %s", path);
	if (lock_soon(fd) != 0) {
		int error = errno;

		close(fd);
		if (error == EWOULDBLOCK)
			return err_set(e, VERDICT_BUSY, "another install is under way on this board");
		errno = error;
		return err_errno(e, "cannot lock %s", path);
	}
	return fd;
}

int state_lock_shared(const struct device *d, struct err *e)
{
	char path[STATE_PATH_MAX];
	struct stat st;
	int dir = open(d->state, O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd;

	if (dir < 0)
		return err_errno(e, "cannot open the state directory %s", d->state);
	fd = openat(dir, "lock", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT)
		return dir;
	state_path(path, d, "lock");
	if (fd < 0)
		err_errno(e, "cannot open %s", path);
	else if (flock(fd, LOCK_SH | LOCK_NB) != 0)
		err_set(e, VERDICT_BUSY, "an install is under way on this board");
	else if (fstatat(dir, "journal", &st, AT_SYMLINK_NOFOLLOW) == 0)
		err_set(e, VERDICT_BUSY, "an install was interrupted: `firmverify status' finishes it");
	else {
		close(dir);
		return fd;
	}
	if (fd >= 0)
		close(fd);
	close(dir);
	return -1;
}

int state_busy(const struct device *d, bool *busy, struct err *e)
{
	char path[STATE_PATH_MAX];
	int fd, rc = 0;

	*busy = false;
	state_path(path, d, "lock");
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno == ENOENT ? 0 : err_errno(e, "cannot open %s", path);
	if (flock(fd, LOCK_SH | LOCK_NB) != 0) {
		*busy = errno == EWOULDBLOCK;
		rc = *busy ? 0 : err_errno(e, "cannot look at %s", path);
	}
	close(fd);
	return rc;
}

/* The last line of a state file: the hash of all before it. */
static void sum_line(char out[static SUM_LENGTH + 1], const char *body, size_t len)
{
	unsigned char hash[HASH_SIZE];
	char hex[HASH_HEX + 1];

	hash_buffer(hash, body, len);
	text_put_hash(hex, hash);
	snprintf(out, SUM_LENGTH + 1, SUM_LINE "%s\n", hex);
}

bool state_sum_fits(const char *text, size_t n, size_t *len)
{
	char expected[SUM_LENGTH + 1];

	if (n < SUM_LENGTH)
		return false;
	*len = n - SUM_LENGTH;
	sum_line(expected, text, *len);
	return memcmp(text + *len, expected, SUM_LENGTH) == 0;
}

/* Records are kept in two generations. A journal must not be: the one before it is done, and over. */
static bool is_record(const char *name)
{
	return strncmp(name, "installed", strlen("installed")) == 0 || strcmp(name, "confirmed") == 0 || strcmp(name, "boot") == 0;
}

/* Reads one generation. Returns as state_read. */
static int read_one(const char *path, char **body, size_t *len, size_t max, struct err *e)
{
	char *text = NULL;
	size_t n = 0;

	if (access(path, F_OK) != 0 && errno == ENOENT)
		return 0;
	if (io_read_file(&text, &n, path, max + SUM_LENGTH, e) != 0)
		return -1;
	if (state_sum_fits(text, n, len)) {
		text[*len] = '\0';
		*body = text;
		return 1;
	}
	free(text);
	return err_set(e, VERDICT_SYSTEM, "%s is damaged: its checksum does not fit", path);
}

int state_read(const struct device *d, const char *name, char **body, size_t *len, size_t max, struct err *e)
{
	char path[STATE_PATH_MAX], old[STATE_PATH_MAX + sizeof OLD_SUFFIX];
	int rc;

	state_path(path, d, name);
	rc = read_one(path, body, len, max, e);
	if (rc == 1 || !is_record(name))
		return rc;
	snprintf(old, sizeof old, "%s" OLD_SUFFIX, path);
	return read_one(old, body, len, max, NULL) == 1 ? 1 : rc;
}

int state_salvage(const struct device *d, const char *name, char **body, size_t *len, size_t max, struct err *e)
{
	char path[STATE_PATH_MAX], *text = NULL;
	size_t n = 0;

	*body = NULL;
	*len = 0;
	state_path(path, d, name);
	if (access(path, F_OK) != 0 && errno == ENOENT)
		return STATE_MISSING;
	errno = 0;
	if (io_read_file(&text, &n, path, max + SUM_LENGTH, e) != 0)
		return errno == ENOMEM ? -1 : STATE_UNREADABLE;
	*body = text;
	*len = n;
	if (state_sum_fits(text, n, len))
		return 0;
	*len = n;
	err_set(e, VERDICT_SYSTEM, "its checksum does not fit");
	return STATE_DAMAGED;
}

bool state_is_torn(const struct device *d, const char *name)
{
	char path[STATE_PATH_MAX], *body = NULL;
	size_t len;
	int rc;

	state_path(path, d, name);
	rc = read_one(path, &body, &len, JOURNALLED_MAX, NULL);
	free(body);
	return rc < 0;
}

/* A good record steps aside for the next one. In between there is none, and the one that stepped aside is read. */
static int keep_old(const struct device *d, const char *name, struct err *e)
{
	char path[STATE_PATH_MAX], kept[STATE_PATH_MAX + sizeof OLD_SUFFIX], *body = NULL;
	size_t len;
	int rc;

	if (!is_record(name))
		return 0;
	state_path(path, d, name);
	rc = read_one(path, &body, &len, JOURNALLED_MAX, NULL);
	free(body);
	if (rc != 1)
		return 0;
	snprintf(kept, sizeof kept, "%s" OLD_SUFFIX, path);
	return rename(path, kept) == 0 ? 0 : err_errno(e, "cannot rename %s", path);
}

int state_write(const struct device *d, const char *name, const char *body, size_t len, struct err *e)
{
	char path[STATE_PATH_MAX], sum[SUM_LENGTH + 1];
	struct io_new file;
	int rc = -1;

	state_path(path, d, name);
	if (io_new_open(&file, path, 0644, e) != 0)
		return -1;
	sum_line(sum, body, len);
	/* On the medium before the old one moves. */
	if (io_write_all(file.fd, body, len) != 0 || io_write_all(file.fd, sum, SUM_LENGTH) != 0 || fsync(file.fd) != 0)
		err_errno(e, "cannot write %s", path);
	else if (keep_old(d, name, e) == 0)
		rc = io_new_commit(&file, e);
	io_new_discard(&file);
	return rc;
}

int state_remove(const struct device *d, const char *name, struct err *e)
{
	char path[STATE_PATH_MAX], old[STATE_NAME_MAX + sizeof OLD_SUFFIX];
	const char *base;
	int dir, rc = -1;

	state_path(path, d, name);
	dir = io_parent(path, &base, e);
	if (dir < 0)
		return -1;
	snprintf(old, sizeof old, "%s" OLD_SUFFIX, name);
	/* The older one first, or it would be read in the other's place. */
	if ((is_record(name) && unlinkat(dir, old, 0) != 0 && errno != ENOENT) || (unlinkat(dir, base, 0) != 0 && errno != ENOENT) ||
	    fsync(dir) != 0)
		err_errno(e, "cannot remove %s", path);
	else
		rc = 0;
	close(dir);
	return rc;
}

int state_sweep(const struct device *d, struct err *e)
{
	DIR *dir = opendir(d->state);
	struct dirent *entry;
	int rc = 0;

	if (!dir)
		return err_errno(e, "cannot read %s", d->state);
	while (rc == 0 && (entry = readdir(dir)))
		if (strncmp(entry->d_name, IO_NEW_PREFIX, strlen(IO_NEW_PREFIX)) == 0 &&
		    unlinkat(dirfd(dir), entry->d_name, 0) != 0)
			rc = err_errno(e, "cannot remove %s/%s", d->state, entry->d_name);
	closedir(dir);
	return rc;
}

int state_rename(const struct device *d, const char *from, const char *to, struct err *e)
{
	char old[STATE_PATH_MAX], new[STATE_PATH_MAX];
	const char *base;
	int dir, rc = -1;

	state_path(old, d, from);
	state_path(new, d, to);
	dir = io_parent(new, &base, e);
	if (dir < 0)
		return -1;
	if ((rename(old, new) != 0 && errno != ENOENT) || fsync(dir) != 0)
		err_errno(e, "cannot rename %s", old);
	else
		rc = 0;
	close(dir);
	return rc;
}

/* Takes "WORD VALUE\n" off the front of *TEXT. Returns 0 or -1. */
static int take_value(struct span *text, const char *word, struct span *value)
{
	const char *end = memchr(text->at, '\n', text->len);
	struct span f[2];

	if (!end || text_fields((struct span){text->at, (size_t)(end - text->at)}, f, 2) != 2 || !span_is(f[0], word))
		return -1;
	*value = f[1];
	text->len -= (size_t)(end + 1 - text->at);
	text->at = end + 1;
	return 0;
}

static int take_name(struct span *text, const char *word, char out[static TEXT_NAME_MAX + 1])
{
	struct span value;

	if (take_value(text, word, &value) != 0 || !text_is_name(value))
		return -1;
	memcpy(out, value.at, value.len);
	out[value.len] = '\0';
	return 0;
}

int installed_parse(struct installed *out, struct span *text)
{
	struct span value;

	if (take_name(text, "product", out->product) != 0 || take_name(text, "version", out->version) != 0)
		return -1;
	if (take_value(text, "counter", &value) != 0 || text_number(&out->counter, value, INT64_MAX) != 0)
		return -1;
	return take_value(text, "manifest", &value) == 0 ? text_hash(out->manifest, value) : -1;
}

int installed_format(char *out, size_t size, const struct installed *in)
{
	char hex[HASH_HEX + 1];

	text_put_hash(hex, in->manifest);
	return snprintf(out, size, "product %s\nversion %s\ncounter %" PRIu64 "\nmanifest %s\n", in->product, in->version,
			in->counter, hex);
}

void state_side_name(char out[static STATE_NAME_MAX], const struct device *d, const char *base, enum side side)
{
	snprintf(out, STATE_NAME_MAX, "%s%s", base, d->two_sided ? side == SIDE_A ? ".a" : ".b" : "");
}

int state_installed(const struct device *d, enum side side, struct installed *out, struct err *e)
{
	char name[STATE_NAME_MAX], *body = NULL;
	struct span text;
	size_t len = 0;
	int rc;

	state_side_name(name, d, "installed", side);
	rc = state_read(d, name, &body, &len, INSTALLED_MAX, e);
	*out = (struct installed){.any = rc == 1};
	if (rc <= 0)
		return rc;
	text = (struct span){body, len};
	rc = installed_parse(out, &text);
	if (rc != 0 || text.len != 0)
		rc = err_set(e, VERDICT_SYSTEM, "%s/%s is not understood", d->state, name);
	free(body);
	return rc;
}

int state_set_installed(const struct device *d, enum side side, const struct installed *in, struct err *e)
{
	char name[STATE_NAME_MAX], body[INSTALLED_MAX];
	int n = installed_format(body, sizeof body, in);

	state_side_name(name, d, "installed", side);
	return state_write(d, name, body, (size_t)n, e);
}

int state_forget(const struct device *d, enum side side, struct err *e)
{
	char name[STATE_NAME_MAX];

	state_side_name(name, d, "installed", side);
	return state_remove(d, name, e);
}

int state_confirmed(const struct device *d, uint64_t *counter, struct err *e)
{
	char *body = NULL;
	struct span text, value;
	size_t len = 0;
	int rc;

	*counter = 0;
	rc = state_read(d, "confirmed", &body, &len, INSTALLED_MAX, e);
	if (rc <= 0)
		return rc;
	text = (struct span){body, len};
	rc = take_value(&text, "counter", &value) == 0 && text_number(counter, value, INT64_MAX) == 0 && text.len == 0
		     ? 1 : err_set(e, VERDICT_SYSTEM, "%s/confirmed is not understood", d->state);
	free(body);
	return rc;
}

int state_set_confirmed(const struct device *d, uint64_t counter, struct err *e)
{
	char body[64];
	int n = snprintf(body, sizeof body, "counter %" PRIu64 "\n", counter);

	return state_write(d, "confirmed", body, (size_t)n, e);
}
