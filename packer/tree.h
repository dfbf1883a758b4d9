/* SPDX-License-Identifier: ISC */
/* What goes into a bundle: checked entries, sorted, and where each file's bytes come from. */
#ifndef PACKER_TREE_H
#define PACKER_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/beneath.h"
#include "core/manifest.h"
#include "packer/notes.h"

struct secret_own;
struct watch;

enum {
	TREE_ENTRIES_MAX = 1 << 18, /* far more than fit in a manifest of 8 MiB */
};

enum { TREE_STRIP_MAX = 16 };

struct tree_rules {
	unsigned strip;    /* folders that are taken off the front of all paths; all entries lie in the same ones */
	bool keep_owner;   /* else 0:0 for all: vendor trees are built by ordinary users */
	bool allow_setid;  /* else bits above 0777 are taken off, with a warning */
};

/* An entry as it was found: nothing about it is believed yet. */
struct tree_found {
	enum entry_type type;  /* ENTRY_LINK for both kinds of symbolic link: the target tells them apart */
	const char *path;
	const char *target;    /* of a symbolic link */
	const char *hardlink;  /* the path that this is another name of, or NULL */
	uint32_t mode;
	uint64_t uid, gid;
	uint64_t size;
	uint64_t offset;       /* of an archive's file: where its content begins in the spool */
};

struct tree_entry {
	enum entry_type type;
	bool refused;          /* only before tree_finish: it stands in the way of what lies beneath it */
	uint32_t mode, uid, gid;
	uint32_t order;        /* in which it was found */
	uint64_t size, offset;
	char *path;
	char *target;          /* "" but for links */
	char *hardlink;        /* only before tree_finish */
	unsigned char hash[HASH_SIZE]; /* of a file; payload_pack fills it in */
};

struct tree {
	struct tree_rules rules;
	struct tree_entry *entries;
	size_t n, room;
	uint32_t found;             /* entries seen so far */
	struct notes refused, warnings;
	const struct secret_own *own; /* what is never taken in, or NULL; the caller's */
	struct beneath *root;       /* of a directory, else NULL */
	int spool;                  /* content of an archive, else -1 */
};

struct tree *tree_new(const struct tree_rules *rules);
void tree_free(struct tree **t);

/* Checks an entry and takes it in. Returns 1, 0 when it was refused (and noted), -1 on failure (memory, too-large). */
MUST_CHECK int tree_add(struct tree *t, const struct tree_found *found, struct err *e);
/* Notes an entry that is refused, and why. Returns 0 or -1. */
int tree_refuse(struct tree *t, const char *path, struct err *e, const char *reason, ...)
	__attribute__((format(printf, 4, 5)));
/* Notes something harmless. Returns 0 or -1. */
int tree_warn(struct tree *t, const char *path, struct err *e, const char *reason, ...)
	__attribute__((format(printf, 4, 5)));

/* Sorts by path; refuses duplicates and what lies beneath anything but a directory; resolves hard links into files; makes
 * missing parents; drops all that was refused. Returns 0 or -1 on failure. */
MUST_CHECK int tree_finish(struct tree *t, struct err *e);

/* The first entry with the path of LEN bytes, or NULL; only when sorted. */
struct tree_entry *tree_find(const struct tree *t, const char *path, size_t len);

/* Why something of that type (the S_IFMT bits of MODE), neither file nor directory nor link, cannot be taken: "it is a FIFO". */
const char *tree_kind_fault(mode_t mode);

/* Reads the directory ROOT (a descriptor, kept as a duplicate) into the tree, and finishes it. Returns 0 or -1. */
MUST_CHECK int tree_read(struct tree *t, int root, struct err *e);

/* Reads the archive that FD is open on (a regular file; NAME is for messages) into the tree, the content of its files into t->spool,
 * which the caller has opened, and finishes the tree. What was refused is noted. WATCH may be NULL. Returns 0, or -1: see
 * import_archive; too-large also when hard links multiply the content. */
MUST_CHECK int tree_import(struct tree *t, int fd, const char *name, struct watch *watch, struct err *e);
/* The parent's half of that, of a reader that speaks on IN (import_receive); for tests. */
MUST_CHECK int tree_receive(struct tree *t, int in, const char *name, uint64_t limit, struct err *e);

#endif
