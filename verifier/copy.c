/* SPDX-License-Identifier: ISC */
/* Targets as text. */
#include "verifier/copy.h"

#include <string.h>

static const struct {
	const char *word;
	bool raw;       /* may have copies */
	bool region;    /* may have a region */
} kinds[] = {
	[COPY_DIR] = {"dir:", false, false}, [COPY_FILE] = {"file:", false, false}, [COPY_BLOCK] = {"block:", true, true},
	[COPY_MTD] = {"mtd:", true, true}, [COPY_UBI] = {"ubi:", true, false},
};
enum { NKINDS = sizeof kinds / sizeof *kinds };

bool copy_is_raw(enum copy_kind kind)
{
	return kinds[kind].raw;
}

/* Decimal, or hexadecimal behind 0x, of at most 15 digits, from *AT to a character that is none. Returns false for anything else. */
static bool take_number(uint64_t *out, const char **at)
{
	bool hex = (*at)[0] == '0' && (*at)[1] == 'x';
	const char *p = hex ? *at + 2 : *at, *start = p;
	uint64_t n = 0;

	for (; *p; p++) {
		static const char digits[] = "0123456789abcdef";
		const char *digit = strchr(digits, *p);

		if (!digit || (!hex && digit - digits > 9))
			break;
		n = n * (hex ? 16 : 10) + (uint64_t)(digit - digits);
	}
	*out = n;
	if (p == start || p - start > 15)
		return false;
	*at = p;
	return true;
}

static const char *take_region(struct copy *c, const char *at)
{
	if (!take_number(&c->offset, &at) || *at++ != '+' || !take_number(&c->length, &at) || *at || c->length == 0)
		return "has a region like @OFFSET+LENGTH, in bytes, decimal or 0x hexadecimal";
	return NULL;
}

/* Understands one copy, C->text. Returns what is wrong with it, or NULL. */
static const char *understand(struct copy *c)
{
	char *region;
	size_t kind = 0;

	while (kind < NKINDS && strncmp(c->text, kinds[kind].word, strlen(kinds[kind].word)) != 0)
		kind++;
	if (kind == NKINDS || c->text[strlen(kinds[kind].word)] != '/')
		return "is one of dir: file: block: mtd: ubi: and an absolute path";
	c->kind = (enum copy_kind)kind;
	memcpy(c->path, c->text + strlen(kinds[kind].word), strlen(c->text) - strlen(kinds[kind].word) + 1);
	region = kinds[kind].region ? strrchr(c->path, '@') : NULL;
	if (region)
		*region = '\0';
	if (c->path[strlen(c->path) - 1] == '/')
		return "must not end in a slash";
	return region ? take_region(c, region + 1) : NULL;
}

/* Cuts the first copy off *TARGET and understands it. */
static const char *cut(struct copy *c, const char **target)
{
	size_t n = strcspn(*target, ",");

	*c = (struct copy){.offset = 0};
	if (n == 0 || n >= sizeof c->text)
		return "is empty or too long";
	memcpy(c->text, *target, n);
	*target += n;
	return understand(c);
}

const char *copy_fault(const char *target)
{
	struct copy c;

	for (const char *at = target;;) {
		const char *why = cut(&c, &at);

		if (why)
			return why;
		if (!kinds[c.kind].raw && (at - target != (ptrdiff_t)strlen(c.text) || *at))
			return "of the kinds dir: and file: stands alone, without copies";
		if (!*at)
			return NULL;
		at++;
	}
}

bool copy_next(struct copy *out, const char **target)
{
	if (!**target)
		return false;
	cut(out, target);
	*target += **target == ',';
	return true;
}
