/* SPDX-License-Identifier: ISC */
/* A raw slot with two sides: all copies of the side that nothing runs from are written as the bytes come. */
#include <stdlib.h>

#include "verifier/raw.h"
#include "verifier/target.h"

enum { COPIES_MAX = 8 };

struct target_raw {
	struct target_one one;
	struct raw *copies[COPIES_MAX];
	size_t n;
	bool begun;
};

static int begin(struct target_raw *t, struct err *e)
{
	for (size_t i = 0; !t->begun && i < t->n; i++)
		if (raw_begin(t->copies[i], t->one.wanted.size, e) != 0)
			return -1;
	t->begun = true;
	return 0;
}

static int put(struct target_one *one, const unsigned char *data, size_t len, struct err *e)
{
	struct target_raw *t = (struct target_raw *)one;

	if (begin(t, e) != 0)
		return -1;
	for (size_t i = 0; i < t->n; i++)
		if (raw_put(t->copies[i], data, len, e) != 0)
			return -1;
	return 0;
}

static int finish(struct target *base, struct step *step, struct err *e)
{
	struct target_raw *t = (struct target_raw *)base;

	(void)step;
	if (target_one_complete(&t->one, e) != 0 || begin(t, e) != 0)
		return -1;
	for (size_t i = 0; i < t->n; i++)
		if (raw_end(t->copies[i], e) != 0 || raw_check(t->copies[i], t->one.wanted.size, t->one.wanted.hash, e) != 0)
			return -1;
	return 0;
}

static void free_raw(struct target *base)
{
	struct target_raw *t = (struct target_raw *)base;

	for (size_t i = 0; i < t->n; i++)
		raw_close(&t->copies[i]);
	free(t);
}

static int open_copies(struct target_raw *t, const char *text, struct err *e)
{
	struct copy c;

	while (copy_next(&c, &text)) {
		if (t->n == COPIES_MAX)
			return err_set(e, VERDICT_USAGE, "a slot has more than %d copies", COPIES_MAX);
		if (t->n == 0)
			t->one.base.copy = c;
		if (raw_open(&t->copies[t->n], &c, true, e) != 0)
			return -1;
		t->n++;
		if (raw_fits(t->copies[t->n - 1], t->one.wanted.size, e) != 0)
			return -1;
	}
	return 0;
}

int target_raw_open(struct target **out, const struct step *s, const struct manifest *m, struct err *e)
{
	struct target_raw *t = calloc(1, sizeof *t);

	if (!t)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	t->one.base.finish = finish;
	t->one.base.free = free_raw;
	t->one.put = put;
	target_one_init(&t->one, m, s);
	if (open_copies(t, s->target, e) != 0) {
		free_raw(&t->one.base);
		return -1;
	}
	*out = &t->one.base;
	return 0;
}
