/* SPDX-License-Identifier: ISC */
/* Careful file I/O: whole writes, bounded reads, files that appear whole or not at all. */
#ifndef CORE_IO_H
#define CORE_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/err.h"

/* Reads until LEN bytes or the end. Returns the number read, or -1 with errno set. */
ssize_t io_read_full(int fd, void *buf, size_t len);

/* Writes all of LEN bytes. Returns 0, or -1 with errno set. */
int io_write_all(int fd, const void *buf, size_t len);

/* Reads and writes exactly LEN bytes at byte AT, wherever FD stands. Return 0, or -1 with errno set; EIO: the end comes before that. */
int io_read_at(int fd, void *buf, size_t len, uint64_t at);
int io_write_at(int fd, const void *buf, size_t len, uint64_t at);

/* Reads a whole regular file of at most MAX bytes into fresh memory (NUL behind the last byte, not counted in *LEN).
 * NAME "-" is standard input. The caller frees *OUT. Returns 0, or -1: system, or too-large. */
MUST_CHECK int io_read_file(char **out, size_t *len, const char *name, size_t max, struct err *e);

/* A file that holds a secret, or that decides who is sent one, is its owner's alone: the one rule for keys, passwords, credentials and ledgers.
 * Returns 0 when FD is a regular file of this user or of root with none of the mode bits FORBIDDEN (IO_NOT_OWNERS: whatever gives group or
 * others a right; an ACL shows there as the group's), else -1 (usage). NAME stands in messages, escaped. Checks the descriptor, so that what
 * was checked is what is read. */
enum { IO_NOT_OWNERS = 077 };
__attribute__((warn_unused_result)) int io_check_private(int fd, const char *name, mode_t forbidden, struct err *e);

/* Opens NAME for reading and checks it by io_check_private. Returns the descriptor, which the caller closes, or -1 (system, usage). */
__attribute__((warn_unused_result)) int io_open_private(const char *name, mode_t forbidden, struct err *e);

/* What the names of files being written by io_new_open begin with. */
#define IO_NEW_PREFIX ".firmseal-new-"

/* A file that will appear under NAME, whole, or not at all: written beside it, synced, renamed. */
struct io_new {
	int dir;            /* the directory it will be in */
	int fd;             /* write here */
	char *name;         /* its last component */
	char temporary[64];
	bool held;          /* signals wait until it is in place or gone (core/hold) */
};

/* Opens a new file that will replace NAME with MODE (umask applies). Returns 0, or -1: system, or usage when NAME is there and is no
 * regular file: a rename would put a file in the place of /dev/null, or of a link that somebody set. A MODE without a bit for group and
 * others makes a secret: where the file system (FAT, many network shares) gives others a right to it, that is usage, before a byte is
 * written. io_new_discard must follow, whatever happens. */
MUST_CHECK int io_new_open(struct io_new *f, const char *name, mode_t mode, struct err *e);
/* fsync, close, rename, fsync of the directory: each checked. On failure nothing is left behind. File systems that cannot sync a
 * directory (EINVAL) sync it when they like. */
MUST_CHECK int io_new_commit(struct io_new *f, struct err *e);
/* As io_new_commit, but fails (usage) when NAME exists already. Where the file system can neither rename without replacing nor link,
 * an empty file takes the name first. */
MUST_CHECK int io_new_commit_exclusive(struct io_new *f, struct err *e);
/* Removes what was written. Safe after a commit and on a zeroed record with fd -1. */
void io_new_discard(struct io_new *f);

/* LEN bytes as a new file NAME, by all of the above: whole or not at all. EXCLUSIVE: never over another. Returns 0 or -1. */
MUST_CHECK int io_write_new(const char *name, const void *bytes, size_t len, mode_t mode, bool exclusive, struct err *e);

/* Removes the access control lists (acl(5)) that FD, a new file or directory, has got from the directory that it was made in: it then has the
 * rights of its mode alone, and hands no list on to what is made in it. NAME stands in messages. Returns 0 or -1. */
__attribute__((warn_unused_result)) int io_drop_acls(int fd, const char *name, struct err *e);

/* An unnamed file in the directory of NAME: gone when closed. Returns the descriptor or -1. */
MUST_CHECK int io_spool(const char *name, struct err *e);

/* Opens the directory that holds NAME and points *BASE at NAME's last component ("." and "/" are refused).
 * Returns the descriptor or -1. */
MUST_CHECK int io_parent(const char *name, const char **base, struct err *e);

#endif
