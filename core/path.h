/* SPDX-License-Identifier: ISC */
/* The one path check: every path of a bundle passes here, whoever made it, whoever reads it (FORMAT section 4). */
#ifndef CORE_PATH_H
#define CORE_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

enum {
	PATH_MAX_LEN = 255,  /* bytes of a path inside a bundle */
	LINK_MAX_LEN = 100,  /* bytes of a link target: ustar's linkname */
};

/* Why a path is not allowed; PATH_FINE when it is. */
enum path_fault {
	PATH_FINE,
	PATH_EMPTY,
	PATH_TOO_LONG,       /* over 255 bytes, or cannot be split for ustar */
	PATH_ABSOLUTE,
	PATH_EMPTY_COMPONENT,/* "a//b", "a/" */
	PATH_DOT,            /* "." as a component */
	PATH_DOTDOT,         /* ".." as a component; in a link target: not at its start */
	PATH_BACKSLASH,      /* but `\xHH', which systemd puts into names of units */
	PATH_CONTROL,        /* a byte below 0x20, or 0x7f */
	PATH_LINK_OUTSIDE,   /* a link target that leaves the tree */
	PATH_LINK_ABSOLUTE,  /* a relative one was wanted */
	PATH_LINK_RELATIVE,  /* an absolute one was wanted */
};

/* Some words on the fault, for a message: "has a `..' component". */
const char *path_fault_text(enum path_fault fault);

/* Checks the path of an entry; IS_DIR because a directory's ustar name has one byte more. */
enum path_fault path_fault(const char *path, size_t len, bool is_dir);

/* Checks a `link` target as seen from the entry PATH (itself already checked): relative, `..` only at its start and never above
 * the root. Since every parent of an entry is a directory, such a link cannot lead out of the tree, whatever other
 * links it passes through; `..` after a name could (a name may be a link), which is why text alone is not enough. */
enum path_fault path_link_fault(const char *path, const char *target, size_t len);

/* Checks a `rootlink` target: absolute, no control bytes, length. `..` is harmless: it ends at `/`. */
enum path_fault path_rootlink_fault(const char *target, size_t len);

/* Where a ustar header splits PATH (trailing slash of a directory included in LEN): 0 when it fits in the name field, else the
 * length of the prefix, else -1 when it cannot be represented (FORMAT section 5). */
int path_ustar_split(const char *path, size_t len);

#endif
