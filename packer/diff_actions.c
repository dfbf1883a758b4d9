/* SPDX-License-Identifier: ISC */
/* Writes, hooks and attachments side by side. Few lines each: looked up one by one. */
#include <stdio.h>
#include <string.h>

#include "packer/diff.h"

static const char none[] = "none";

struct talk {
	void (*say)(void *to, const struct diff_action *a);
	void *to;
};

static void tell(const struct talk *t, const char *what, const char *name, const char *old, const char *new)
{
	if (strcmp(old, new) != 0)
		t->say(t->to, &(struct diff_action){.what = what, .name = name, .old = old, .new = new});
}

/* The file that goes to SLOT, into PATH, or "none". */
static const char *write_of(const struct manifest *m, const char *slot, struct manifest_write *w)
{
	for (uint32_t i = 0; i < manifest_head(m)->nwrites; i++) {
		manifest_write(m, i, w);
		if (strcmp(w->slot, slot) == 0)
			return w->path;
	}
	return none;
}

static void writes(const struct manifest *old, const struct manifest *new, const struct talk *t)
{
	struct manifest_write a, b;

	for (uint32_t i = 0; i < manifest_head(old)->nwrites; i++) {
		manifest_write(old, i, &a);
		tell(t, "write", a.slot, a.path, write_of(new, a.slot, &b));
	}
	for (uint32_t i = 0; i < manifest_head(new)->nwrites; i++) {
		manifest_write(new, i, &b);
		if (write_of(old, b.slot, &a) == none)
			tell(t, "write", b.slot, none, b.path);
	}
}

/* The hook at PLACE of STAGE, or "none". */
static const char *run_of(const struct manifest *m, enum run_stage stage, uint32_t place, struct manifest_run *run)
{
	for (uint32_t i = 0; i < manifest_head(m)->nruns; i++) {
		manifest_run(m, i, run);
		if (run->stage == stage && place-- == 0)
			return run->path;
	}
	return none;
}

static void runs(const struct manifest *old, const struct manifest *new, const struct talk *t)
{
	for (int stage = RUN_BEFORE; stage <= RUN_AFTER; stage++) {
		for (uint32_t place = 0;; place++) {
			struct manifest_run a, b;
			const char *x = run_of(old, (enum run_stage)stage, place, &a), *y = run_of(new, (enum run_stage)stage, place, &b);
			char name[32];

			if (x == none && y == none)
				break;
			snprintf(name, sizeof name, "%s %u", stage == RUN_BEFORE ? "before" : "after", (unsigned)place + 1);
			tell(t, "run", name, x, y);
		}
	}
}

/* The hash of attachment NAME, into HEX, or "none". */
static const char *hash_of(const struct manifest *m, const char *name, char hex[static HASH_HEX + 1])
{
	struct manifest_attach a;

	for (uint32_t i = 0; i < manifest_head(m)->nattach; i++) {
		manifest_attach(m, i, &a);
		if (strcmp(a.name, name) != 0)
			continue;
		text_put_hash(hex, a.hash);
		return hex;
	}
	return none;
}

static void attachments(const struct manifest *old, const struct manifest *new, const struct talk *t)
{
	char escaped[PATH_MAX_LEN * 3 + 1], x[HASH_HEX + 1], y[HASH_HEX + 1];
	struct manifest_attach a;

	for (uint32_t i = 0; i < manifest_head(old)->nattach; i++) {
		manifest_attach(old, i, &a);
		text_escape(escaped, a.name, strlen(a.name));
		tell(t, "attached", escaped, hash_of(old, a.name, x), hash_of(new, a.name, y));
	}
	for (uint32_t i = 0; i < manifest_head(new)->nattach; i++) {
		manifest_attach(new, i, &a);
		text_escape(escaped, a.name, strlen(a.name));
		if (hash_of(old, a.name, x) == none)
			tell(t, "attached", escaped, none, hash_of(new, a.name, y));
	}
}

void diff_actions(const struct manifest *old, const struct manifest *new, void (*say)(void *to, const struct diff_action *a), void *to)
{
	const struct talk t = {.say = say, .to = to};

	writes(old, new, &t);
	runs(old, new, &t);
	attachments(old, new, &t);
}
