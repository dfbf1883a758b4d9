/* SPDX-License-Identifier: ISC */
/* What the files of the audit share; nobody else includes it. */
#ifndef VERIFIER_AUDIT_PARTS_H
#define VERIFIER_AUDIT_PARTS_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

#include "core/beneath.h"
#include "verifier/audit.h"

enum {
	AUDIT_BUFFER = 128 << 10,        /* bytes a thread */
	AUDIT_LINKED_MAX = 4096,         /* files with several names whose hash is kept */
	AUDIT_CONTENT_MAX = 64 << 20,    /* bytes of a file that no manifest bounds, and that a sign wants read */
};

/* A file with several names, read under the first of them. */
struct audit_linked {
	dev_t dev;
	ino_t ino;
	unsigned char hash[HASH_SIZE];
};

/* An audit under way. */
struct audit {
	const struct audit_options *o;
	struct findings *findings;
	int root;                        /* the tree, or -1: there is none */
	const char *root_path;
	dev_t dev;                       /* its file system */
	bool owners;                     /* compare them: we are root, as whoever installed must have been */
	_Atomic uint64_t next;           /* the job that nobody has taken yet */
	_Atomic uint64_t entries, bytes, copies;
	pthread_mutex_t lock;            /* of what follows */
	struct audit_linked *linked;
	size_t nlinked;
	bool failed;                     /* a thread was stopped */
	struct err failure;              /* by this, the first one's reason */
};

/* One of its threads. */
struct audit_worker {
	struct audit *a;
	struct beneath *tree;            /* NULL: there is no tree */
	unsigned char *buf;              /* AUDIT_BUFFER bytes */
};

/* Keeps a finding in the tree; FORMAT says what is there. A difference in what upgrades carry over becomes a `setting'. */
void audit_report(struct audit *a, enum finding_kind kind, bool suspect, const char *path, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* True when PATH is a setting or lies in one. */
bool audit_is_setting(const struct audit *a, const char *path);

/* Hashes what FD gives, at most LIMIT bytes, from where it stands; LOOK (may be NULL) sees the same bytes. *SIZE is how many
 * there were. Returns 0, or -1 with errno set. */
int audit_read(struct audit_worker *w, int fd, uint64_t limit, struct look *look, uint64_t *size,
	       unsigned char hash[static HASH_SIZE]);

/* audit_entry.c: compares entry I of the manifest with what is there. */
void audit_entry(struct audit_worker *w, uint32_t i);
/* Looks at path I of the signs, which no file of the manifest has. */
void audit_unsigned_path(struct audit_worker *w, size_t i);

/* audit_attributes.c: reports each extended attribute, capabilities and access control lists among them: a bundle has none. BUF is the worker's,
 * and is written over. */

/* Of the file or directory FD, which is PATH of the tree. */
void audit_attributes(struct audit *a, int fd, const char *path, unsigned char buf[static AUDIT_BUFFER]);
/* Of BASE in DIR, which has MODE and is PATH of the tree; no file is opened, no link is followed. */
void audit_attributes_of(struct audit *a, int dir, const char *base, const char *path, mode_t mode, unsigned char buf[static AUDIT_BUFFER]);

/* audit_signs.c: what the signs say of path I of theirs. */
void audit_judge(struct audit *a, size_t i, const struct sighting *s, bool as_signed);

/* audit_walk.c: finds what the manifest does not name. Returns 0, or -1 (memory). */
MUST_CHECK int audit_walk(struct audit *a, struct err *e);

/* audit_own.c: what firmseal itself leaves on a board. */

/* If PATH of the tree, which is BASE in DIR and has MODE, is something that firmseal itself keeps there, why it is not compared; else NULL. A
 * state file has to have the name and the shape that this program gives it (verifier/state_file.h). */
const char *audit_own(const struct audit *a, int dir, const char *base, const char *path, mode_t mode);
/* Says what lies beside the slots. */
void audit_beside(struct audit *a);

/* audit_slots.c: compares the copies that line I of the manifest's `write' lines has on this board. */
void audit_write(struct audit_worker *w, uint32_t i);
/* Says which slots this image has nothing for. */
void audit_other_slots(struct audit *a);
/* The path of the slot that takes the tree, or NULL. */
const char *audit_tree_slot(const struct device *d, enum side side);
/* The target of slot I on the side that is audited. */
const char *audit_target(const struct audit *a, size_t i);

#endif
