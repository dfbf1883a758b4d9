/* SPDX-License-Identifier: ISC */
/* The packages that an image was made of: from a dpkg status file, or from a plain list. */
#ifndef PACKER_PARTS_H
#define PACKER_PARTS_H

#include <stddef.h>

#include "core/err.h"

enum {
	PARTS_MAX = 1 << 16,
	PARTS_FILE_MAX = 64 << 20, /* bytes of a status file */
};

struct part {
	const char *name, *version, *arch, *purl; /* ARCH and PURL may be NULL */
};

/* Plain record; zero-initialised it is empty. */
struct parts {
	struct part *at;           /* sorted by name, version, architecture */
	size_t n, room;
	char *texts[2];            /* what the strings point into */
	size_t ntexts;
};

/* Adds the installed packages of a dpkg status file (deb-control(5), dpkg's own var/lib/dpkg/status). TEXT (malloc, NUL behind LEN
 * bytes) is taken over, also on failure. Returns 0, or -1: malformed-manifest, too-large, memory. */
MUST_CHECK int parts_take_dpkg(struct parts *p, char *text, size_t len, struct err *e);
/* Adds lines "NAME VERSION" or "NAME VERSION PURL"; empty ones and those that begin with `#' are passed over. The same otherwise. */
MUST_CHECK int parts_take_list(struct parts *p, char *text, size_t len, struct err *e);
/* To be called behind the last of them: sorts. */
void parts_sort(struct parts *p);
void parts_clear(struct parts *p);

#endif
