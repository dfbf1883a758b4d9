/* SPDX-License-Identifier: ISC */
/* Careful file I/O. */
#define _GNU_SOURCE /* O_TMPFILE, renameat2 */
#include "core/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "core/hold.h"

ssize_t io_read_full(int fd, void *buf, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = read(fd, (char *)buf + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

int io_write_all(int fd, const void *buf, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = write(fd, (const char *)buf + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		done += (size_t)n;
	}
	return 0;
}

int io_read_at(int fd, void *buf, size_t len, uint64_t at)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = pread(fd, (char *)buf + done, len - done, (off_t)(at + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			errno = EIO;
		if (n <= 0)
			return -1;
		done += (size_t)n;
	}
	return 0;
}

int io_write_at(int fd, const void *buf, size_t len, uint64_t at)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = pwrite(fd, (const char *)buf + done, len - done, (off_t)(at + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			errno = EIO;
		if (n <= 0)
			return -1;
		done += (size_t)n;
	}
	return 0;
}

/* Reads until the end or until MAX + 1 bytes are there, in steps, so that a lying size allocates nothing. */
static int read_growing(char **out, size_t *len, int fd, const char *name, size_t max, struct err *e)
{
	size_t room = 4096 < max ? 4096 : max, have = 0;
	char *text = malloc(room + 2);

	while (text) {
		ssize_t n = io_read_full(fd, text + have, room + 1 - have);
		char *more;

		if (n < 0) {
			free(text);
			return err_errno(e, "cannot read %s", name);
		}
		have += (size_t)n;
		if (have <= room) {
			text[have] = '\0';
			*out = text;
			*len = have;
			return 0;
		}
		if (room == max) {
			free(text);
			return err_set(e, VERDICT_TOO_LARGE, "%s is over %zu bytes", name, max);
		}
		room = room > max / 4 ? max : room * 4;
		more = realloc(text, room + 2);
		if (!more)
			free(text);
		text = more;
	}
	return err_set(e, VERDICT_SYSTEM, "out of memory");
}

int io_read_file(char **out, size_t *len, const char *name, size_t max, struct err *e)
{
	struct stat st;
	int fd, rc;

	if (strcmp(name, "-") == 0)
		return read_growing(out, len, STDIN_FILENO, "standard input", max, e);
	fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK); /* a FIFO must not hang us */
	if (fd < 0)
		return err_errno(e, "cannot open %s", name);
	if (fstat(fd, &st) != 0)
		rc = err_errno(e, "cannot look at %s", name);
	else if (!S_ISREG(st.st_mode))
		rc = err_set(e, VERDICT_SYSTEM, "%s is not a regular file", name);
	else
		rc = read_growing(out, len, fd, name, max, e);
	close(fd);
	return rc;
}

/* False on file systems whose files have the mode that the mount has (magic numbers: linux/magic.h, ntfs3 and exfat in their own sources). */
static bool keeps_modes(int fd)
{
	static const uint32_t without[] = {0x4d44 /* vfat */, 0x2011bab0 /* exfat */, 0x5346544e /* ntfs */, 0x7366746e /* ntfs3 */};
	struct statfs fs;

	if (fstatfs(fd, &fs) != 0)
		return true;
	for (size_t i = 0; i < sizeof without / sizeof *without; i++)
		if ((uint32_t)fs.f_type == without[i])
			return false;
	return true;
}

int io_check_private(int fd, const char *name, mode_t forbidden, struct err *e)
{
	char quoted[160];
	struct stat st;

	err_quote(quoted, sizeof quoted, name, strlen(name));
	if (fstat(fd, &st) != 0)
		return err_errno(e, "cannot look at %s", quoted);
	if (!S_ISREG(st.st_mode))
		return err_set(e, VERDICT_USAGE, "%s is not a regular file", quoted);
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return err_set(e, VERDICT_USAGE, "%s belongs to another user (uid %lu), who can read and change it: make a file of your own",
			       quoted, (unsigned long)st.st_uid);
	if (!(st.st_mode & forbidden))
		return 0;
	if (!keeps_modes(fd))
		return err_set(e, VERDICT_USAGE, "%s has mode %04o, and its file system keeps no modes of its own: keep it on another one, or mount "
			       "this one with the options uid=%lu,umask=0177,dmask=0077", quoted, (unsigned)(st.st_mode & 07777), (unsigned long)geteuid());
	return err_set(e, VERDICT_USAGE, "%s has mode %04o, which gives others than its owner a right to it: chmod 600 %s", quoted,
		       (unsigned)(st.st_mode & 07777), quoted);
}

int io_open_private(const char *name, mode_t forbidden, struct err *e)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK); /* a FIFO must not hang us */
	char quoted[160];

	if (fd < 0)
		return err_errno(e, "cannot open %s", err_quote(quoted, sizeof quoted, name, strlen(name)));
	if (io_check_private(fd, name, forbidden, e) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

int io_parent(const char *name, const char **base, struct err *e)
{
	const char *slash = strrchr(name, '/');
	char *dir;
	int fd;

	*base = slash ? slash + 1 : name;
	if (strcmp(name, "-") == 0)
		return err_set(e, VERDICT_USAGE, "`-' is no name here: this is written whole or not at all, and standard output cannot be (./- is a file)");
	if (**base == '\0' || strcmp(*base, ".") == 0 || strcmp(*base, "..") == 0)
		return err_set(e, VERDICT_USAGE, "`%s' names no file", name);
	dir = slash ? strndup(name, (size_t)(slash - name) + 1) : strdup(".");
	if (!dir)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		err_errno(e, "cannot open the directory %s", dir);
	free(dir);
	return fd;
}

int io_drop_acls(int fd, const char *name, struct err *e)
{
	static const char *const lists[] = {"system.posix_acl_access", "system.posix_acl_default"};

	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		if (fremovexattr(fd, lists[i]) != 0 && errno != ENODATA && errno != ENOTSUP && errno != ENOSYS)
			return err_errno(e, "cannot remove the access control list of %s", name);
	return 0;
}

int io_spool(const char *name, struct err *e)
{
	const char *base;
	char temporary[64];
	int dir = io_parent(name, &base, e), fd;

	if (dir < 0)
		return -1;
	fd = openat(dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0) { /* file systems without O_TMPFILE */
		hold_begin();
		snprintf(temporary, sizeof temporary, ".firmseal-spool-%ld", (long)getpid());
		fd = openat(dir, temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd >= 0 && unlinkat(dir, temporary, 0) != 0) {
			close(fd);
			fd = -1;
		}
		hold_end();
	}
	if (fd < 0)
		err_errno(e, "cannot make a temporary file beside %s", name);
	close(dir);
	return fd;
}

/* Root could rename over anything. */
static int check_replaceable(int dir, const char *base, const char *name, struct err *e)
{
	struct stat st;

	if (fstatat(dir, base, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? 0 : err_errno(e, "cannot look at %s", name);
	if (!S_ISREG(st.st_mode))
		return err_set(e, VERDICT_USAGE, "%s is there already, and is no regular file", name);
	return 0;
}

static int create_beside(struct io_new *f, const char *name, mode_t mode, struct err *e)
{
	for (unsigned i = 0; i < 100; i++) {
		snprintf(f->temporary, sizeof f->temporary, IO_NEW_PREFIX "%ld-%u", (long)getpid(), i);
		f->fd = openat(f->dir, f->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);
		if (f->fd >= 0)
			return 0;
		if (errno != EEXIST)
			break;
	}
	err_errno(e, "cannot create a file beside %s", name);
	f->temporary[0] = '\0';
	return -1;
}

int io_new_open(struct io_new *f, const char *name, mode_t mode, struct err *e)
{
	const char *base;

	*f = (struct io_new){.fd = -1, .held = true};
	hold_begin();
	f->dir = io_parent(name, &base, e);
	if (f->dir < 0) {
		io_new_discard(f);
		return -1;
	}
	f->name = strdup(base);
	if (!f->name)
		err_set(e, VERDICT_SYSTEM, "out of memory");
	else if (check_replaceable(f->dir, base, name, e) == 0 && create_beside(f, name, mode, e) == 0 &&
		 ((mode & IO_NOT_OWNERS) != 0 || io_check_private(f->fd, name, IO_NOT_OWNERS, e) == 0))
		return 0;
	io_new_discard(f);
	return -1;
}

/* Takes the name with an empty file, which nothing but our own file replaces. */
static int place_over_own(const struct io_new *f)
{
	int fd = openat(f->dir, f->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), error;

	if (fd < 0)
		return -1;
	close(fd);
	if (renameat(f->dir, f->temporary, f->dir, f->name) == 0)
		return 0;
	error = errno;
	unlinkat(f->dir, f->name, 0);
	errno = error;
	return -1;
}

/* Puts the new file in place; with RENAME_NOREPLACE only where nothing is. Some file systems (NFS) know no flags: there a second link does
 * what they do, and fails likewise. Some (FUSE) know no links either. */
static int place(const struct io_new *f, unsigned flags)
{
	if (!flags)
		return renameat(f->dir, f->temporary, f->dir, f->name);
	if (renameat2(f->dir, f->temporary, f->dir, f->name, flags) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP)
		return -1;
	if (linkat(f->dir, f->temporary, f->dir, f->name, 0) == 0)
		return unlinkat(f->dir, f->temporary, 0);
	if (errno != EPERM && errno != ENOSYS && errno != EOPNOTSUPP && errno != EMLINK)
		return -1;
	return place_over_own(f);
}

static int commit(struct io_new *f, unsigned flags, struct err *e)
{
	int fd = f->fd;

	if (fsync(fd) != 0)
		return err_errno(e, "cannot sync %s", f->name);
	f->fd = -1;
	if (close(fd) != 0)
		return err_errno(e, "cannot close %s", f->name);
	if (place(f, flags) != 0)
		return errno == EEXIST ? err_set(e, VERDICT_USAGE, "%s is there already, and is not replaced", f->name)
				       : err_errno(e, "cannot put %s in place", f->name);
	f->temporary[0] = '\0';
	if (fsync(f->dir) != 0 && errno != EINVAL && errno != EOPNOTSUPP)
		return err_errno(e, "cannot sync the directory of %s", f->name);
	return 0;
}

int io_new_commit(struct io_new *f, struct err *e)
{
	return commit(f, 0, e);
}

int io_new_commit_exclusive(struct io_new *f, struct err *e)
{
	return commit(f, RENAME_NOREPLACE, e);
}

void io_new_discard(struct io_new *f)
{
	if (f->fd >= 0)
		close(f->fd);
	if (f->name && f->temporary[0] != '\0')
		unlinkat(f->dir, f->temporary, 0);
	if (f->dir > 0) /* 0 in a zeroed record */
		close(f->dir);
	free(f->name);
	if (f->held)
		hold_end();
	*f = (struct io_new){.fd = -1, .dir = -1};
}

int io_write_new(const char *name, const void *bytes, size_t len, mode_t mode, bool exclusive, struct err *e)
{
	struct io_new f;
	int rc = -1;

	if (io_new_open(&f, name, mode, e) != 0)
		return -1;
	if (io_write_all(f.fd, bytes, len) != 0)
		err_errno(e, "cannot write %s", name);
	else
		rc = exclusive ? io_new_commit_exclusive(&f, e) : io_new_commit(&f, e);
	io_new_discard(&f);
	return rc;
}
