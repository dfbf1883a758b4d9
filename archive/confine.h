/* SPDX-License-Identifier: ISC */
/* What a process gives up before it reads an archive of somebody else: the one place where a sandbox is made. */
#ifndef ARCHIVE_CONFINE_H
#define ARCHIVE_CONFINE_H

#include <stdint.h>

#include "core/err.h"

enum { CONFINE_MEMORY_MIB = 768 };

struct import_bounds {
	uint64_t file_bytes;   /* the largest file that it may write */
	uint64_t cpu_seconds;
	const int *keep;       /* the descriptors that stay open, ascending */
	unsigned nkeep;
};

/* To be called in a fresh child, before it has read a byte: closes every other descriptor, and limits memory (not under sanitizers,
 * whose shadow is larger), processor time, files and core dumps. Returns 0 or -1: system. */
MUST_CHECK int import_confine(const struct import_bounds *c, struct err *e) __attribute__((warn_unused_result));

#endif
