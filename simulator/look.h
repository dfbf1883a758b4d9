/* SPDX-License-Identifier: ISC */
/* What an uploaded file is, and which version a board will run that takes it. */
#ifndef SIMULATOR_LOOK_H
#define SIMULATOR_LOOK_H

#include <stdbool.h>

#include "core/manifest.h"
#include "core/trust.h"

enum look_kind {
	LOOK_OTHER,   /* of a form unknown here: a board's own container, or nothing at all */
	LOOK_BUNDLE,  /* FORMAT section 1; the signature has been checked when there are keys */
	LOOK_TARBALL, /* gzip, a tar archive in it */
};

struct look {
	bool done;
	enum look_kind kind;
	char version[TEXT_NAME_MAX + 1];
	bool good;                     /* a bundle that is right by the keys given */
	struct err verdict;            /* else what is wrong with it */
	struct manifest *manifest;     /* of a bundle, for the boards' own questions; NULL when unreadable */
};

/* Looks at SIZE bytes with that hash. TRUST may be NULL or empty: then no bundle is in order. The version is the manifest's;
 * or the first line of a file `compile_time' or `version_number' in the archive, blanks made `-'; or else "image-" and the
 * beginning of the hash. */
void look_at(struct look *l, const unsigned char *bytes, uint64_t size, const unsigned char hash[static HASH_SIZE],
	     const struct trust *trust);
void look_free(struct look *l);

#endif
