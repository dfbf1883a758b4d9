/* SPDX-License-Identifier: ISC */
/* A merge of two sorted lists. */
#include "packer/diff.h"

#include <string.h>

static unsigned compare(const struct manifest_entry *a, const struct manifest_entry *b)
{
	unsigned what = 0;

	if (a->type != b->type)
		return DIFF_TYPE;
	if (a->type == ENTRY_FILE && (a->size != b->size || memcmp(a->hash, b->hash, HASH_SIZE) != 0))
		what |= DIFF_CONTENT;
	if (a->mode != b->mode)
		what |= DIFF_MODE;
	if (a->uid != b->uid || a->gid != b->gid)
		what |= DIFF_OWNER;
	if (strcmp(a->target, b->target) != 0)
		what |= DIFF_TARGET;
	return what;
}

int diff_next(struct diff *d, struct diff_change *out)
{
	const uint32_t nold = manifest_head(d->old)->nentries, nnew = manifest_head(d->new)->nentries;

	while (d->at_old < nold || d->at_new < nnew) {
		int order;

		if (d->at_old < nold)
			manifest_entry(d->old, d->at_old, &out->old);
		if (d->at_new < nnew)
			manifest_entry(d->new, d->at_new, &out->new);
		order = d->at_old == nold ? 1 : d->at_new == nnew ? -1 : strcmp(out->old.path, out->new.path);
		d->at_old += order <= 0;
		d->at_new += order >= 0;
		out->kind = order < 0 ? DIFF_REMOVED : order > 0 ? DIFF_ADDED : DIFF_CHANGED;
		out->what = order == 0 ? compare(&out->old, &out->new) : 0;
		if (order != 0 || out->what != 0)
			return 1;
	}
	return 0;
}
