/* SPDX-License-Identifier: ISC */
/* One file of the bundle, among all that come. */
#include <string.h>

#include "verifier/target.h"

void target_one_init(struct target_one *t, const struct manifest *m, const struct step *s)
{
	manifest_entry(m, s->entry, &t->wanted);
	t->base.item = target_one_item;
}

int target_one_item(struct target *t, const struct reader_item *item, struct err *e)
{
	struct target_one *one = (struct target_one *)t;

	switch (item->what) {
	case READER_ENTRY:
		one->ours = strcmp(item->entry->path, one->wanted.path) == 0;
		return 0;
	case READER_DATA:
		return one->ours ? one->put(one, item->data, item->len, e) : 0;
	case READER_DONE:
		one->complete = one->complete || one->ours;
		return 0;
	}
	return err_set(e, VERDICT_SYSTEM, "the reader gave an unknown item");
}

int target_one_complete(const struct target_one *t, struct err *e)
{
	return t->complete ? 0 : err_set(e, VERDICT_SYSTEM, "the image held nothing for %s", t->base.copy.text);
}
