/* SPDX-License-Identifier: ISC */
/* The parser of keyrings, line by line in the one order there is. */
#define _GNU_SOURCE /* memmem */
#include "core/keyring.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { FIELDS_MAX = 4 };

struct parser {
	struct keyring *k;
	const char *at, *end;    /* what follows the current line */
	struct span line, last;  /* the current line (NULL at the end), and the one before it */
	unsigned number;         /* of the current line, from 1 */
	struct err *e;
};

bool keyring_is(const char *text, size_t len)
{
	static const char magic[] = KEYRING_MAGIC;

	return len >= sizeof magic - 1 && memcmp(text, magic, sizeof magic - 1) == 0;
}

static int malformed(const struct parser *p, const char *why)
{
	return err_set(p->e, VERDICT_MALFORMED_KEYRING, "keyring line %u %s", p->number, why);
}

/* Goes to the next line. One that does not end is taken for an empty one, and that is of no kind. */
static void next(struct parser *p)
{
	const char *lf = p->at < p->end ? memchr(p->at, '\n', (size_t)(p->end - p->at)) : NULL;

	p->last = p->line;
	p->line = (struct span){p->at < p->end ? p->at : NULL, lf ? (size_t)(lf - p->at) : 0};
	p->at = lf ? lf + 1 : p->end;
	p->number++;
}

static bool begins(struct span line, const char *word)
{
	size_t n = strlen(word);

	return line.at && line.len > n && memcmp(line.at, word, n) == 0 && line.at[n] == ' ';
}

/* The fields of the current line, if it begins with WORD: 1; 0 when it does not; -1 when they are not WANTED, or the line does
 * not ascend from one of the same kind. */
static int fields(struct parser *p, const char *word, struct span f[static FIELDS_MAX], size_t wanted)
{
	size_t len = p->line.len < p->last.len ? p->line.len : p->last.len;
	int order;

	if (!begins(p->line, word))
		return 0;
	if (text_fields(p->line, f, FIELDS_MAX) != wanted)
		return malformed(p, "has not the fields that its kind has");
	order = begins(p->last, word) ? memcmp(p->last.at, p->line.at, len) : -1;
	if (order > 0 || (order == 0 && p->last.len >= p->line.len))
		return malformed(p, "is out of order, or stands there twice");
	return 1;
}

static int number(struct parser *p, const char *word, const char *what, uint64_t *out, uint64_t max)
{
	struct span f[FIELDS_MAX];
	size_t n = what ? 3 : 2;

	if (fields(p, word, f, n) != 1 || (what && !span_is(f[1], what)) || text_number(out, f[n - 1], max) != 0 || *out == 0)
		return err_set(p->e, VERDICT_MALFORMED_KEYRING, "keyring line %u should be `%s%s%s' and a number from 1 on", p->number,
			       word, what ? " " : "", what ? what : "");
	next(p);
	return 0;
}

static void name(char *out, struct span field)
{
	memcpy(out, field.at, field.len);
	out[field.len] = '\0';
}

/* One key, one id, one role: else "distinct keys" would not mean distinct people. */
static int take_key(struct parser *p, struct public_key *out, struct span field, bool release)
{
	const struct keyring *k = p->k;

	if (field.len != BASE64_SIZE(PUBLIC_KEY_BLOB) - 1 || public_key_parse(out, field.at, field.len, NULL) != 0)
		return malformed(p, "holds no public key");
	for (size_t i = 0; i < k->nroots + k->nreleases; i++) {
		bool root = i < k->nroots;
		const struct public_key *other = root ? &k->roots[i] : &k->releases[i - k->nroots].key;
		bool same_id = memcmp(out->id, other->id, KEYID_SIZE) == 0;
		bool same_key = memcmp(out->key, other->key, ED25519_PUBLIC_SIZE) == 0;

		if ((root || !release) ? same_id || same_key : same_id != same_key)
			return malformed(p, "holds a key or an id that is another line's");
	}
	return 0;
}

static bool is_pattern(struct span s)
{
	bool star = s.len > 0 && s.at[s.len - 1] == '*';

	return (star && s.len == 1) || text_is_name((struct span){s.at, s.len - star});
}

static int take_roots(struct parser *p)
{
	struct keyring *k = p->k;
	struct span f[FIELDS_MAX];
	int more;

	for (; (more = fields(p, "root", f, 2)) == 1; k->nroots++, next(p)) {
		if (k->nroots == KEYRING_ROOTS_MAX)
			return malformed(p, "is one root too many");
		if (take_key(p, &k->roots[k->nroots], f[1], false) != 0)
			return -1;
	}
	if (more == 0 && k->nroots < k->root_threshold)
		return malformed(p, "should be a root: there are fewer of them than their threshold");
	return more;
}

static int take_releases(struct parser *p)
{
	struct keyring *k = p->k;
	struct span f[FIELDS_MAX];
	int more;

	for (; (more = fields(p, "release", f, 4)) == 1; k->nreleases++, next(p)) {
		struct keyring_release *r = &k->releases[k->nreleases];

		if (k->nreleases == KEYRING_RELEASES_MAX)
			return malformed(p, "is one release too many");
		if (!text_is_name(f[2]) || !is_pattern(f[3]))
			return malformed(p, "wants: release KEY PRODUCT BOARDS");
		if (take_key(p, &r->key, f[1], true) != 0)
			return -1;
		name(r->product, f[2]);
		name(r->boards, f[3]);
	}
	return more;
}

/* A revoked key has no other line: what never counts is not listed as if it did. */
static int take_revoked(struct parser *p)
{
	struct keyring *k = p->k;
	struct span f[FIELDS_MAX];
	int more;

	for (; (more = fields(p, "revoked", f, 2)) == 1; k->nrevoked++, next(p)) {
		unsigned char *id;

		if (k->nrevoked == KEYRING_REVOKED_MAX)
			return malformed(p, "is one revocation too many");
		id = k->revoked[k->nrevoked];
		if (keyid_parse(id, f[1]) != 0)
			return malformed(p, "wants: revoked KEYID");
		for (size_t i = 0; i < k->nroots; i++)
			if (memcmp(k->roots[i].id, id, KEYID_SIZE) == 0)
				return malformed(p, "revokes a root that is listed");
		for (size_t i = 0; i < k->nreleases; i++)
			if (memcmp(k->releases[i].key.id, id, KEYID_SIZE) == 0)
				return malformed(p, "revokes a release key that is listed");
	}
	return more;
}

static int take_floors(struct parser *p)
{
	struct keyring *k = p->k;
	struct span f[FIELDS_MAX];
	int more;

	for (; (more = fields(p, "floor", f, 3)) == 1; k->nfloors++, next(p)) {
		struct keyring_floor *floor = &k->floors[k->nfloors];

		if (k->nfloors == KEYRING_FLOORS_MAX)
			return malformed(p, "is one floor too many");
		if (!text_is_name(f[1]) || text_number(&floor->counter, f[2], INT64_MAX) != 0)
			return malformed(p, "wants: floor PRODUCT COUNTER");
		name(floor->product, f[1]);
		if (k->nfloors > 0 && strcmp(floor->product, floor[-1].product) == 0)
			return malformed(p, "is a second floor of one product");
	}
	return more;
}

static int take_all(struct parser *p)
{
	uint64_t root, release;

	next(p);
	if (!span_is(p->line, KEYRING_MAGIC))
		return err_set(p->e, VERDICT_MALFORMED_KEYRING, "it does not begin with `" KEYRING_MAGIC "'");
	next(p);
	if (number(p, "serial", NULL, &p->k->serial, INT64_MAX) != 0 ||
	    number(p, "threshold", "root", &root, KEYRING_THRESHOLD_MAX) != 0)
		return -1;
	p->k->root_threshold = (uint32_t)root;
	if (take_roots(p) != 0 || number(p, "threshold", "release", &release, KEYRING_THRESHOLD_MAX) != 0)
		return -1;
	p->k->release_threshold = (uint32_t)release;
	if (take_releases(p) != 0 || take_revoked(p) != 0 || take_floors(p) != 0)
		return -1;
	return !p->line.at ? 0 : malformed(p, "is unknown, empty, not ended, or out of order");
}

/* A floor that got lost on the way from the text would let old images pass, and nothing else would notice: each line is looked for once more. */
static int check_floors(const struct keyring *k, const char *text, size_t len, struct err *e)
{
	static const char word[] = "\nfloor ";
	struct span rest = {text, len};
	size_t lines = 0, found = 0;
	const char *at;

	while ((at = memmem(rest.at, rest.len, word, sizeof word - 1)) != NULL) {
		lines++;
		rest.len -= (size_t)(at + 1 - rest.at);
		rest.at = at + 1;
	}
	for (size_t i = 0; i < k->nfloors; i++) {
		char line[TEXT_NAME_MAX + 40];
		int n = snprintf(line, sizeof line, "\nfloor %s %" PRIu64 "\n", k->floors[i].product, k->floors[i].counter);

		found += memmem(text, len, line, (size_t)n) != NULL;
	}
	return found == lines && lines == k->nfloors ? 0 : err_set(e, VERDICT_MALFORMED_KEYRING, "its floors were not read as they are written: the "
								   "board's memory or processor may be failing. Try again");
}

int keyring_parse(struct keyring *out, const char *text, size_t len, struct err *e)
{
	struct parser p = {.k = out, .at = text, .end = text + len, .e = e};

	memset(out, 0, sizeof *out);
	for (size_t i = 0; i < KEYRING_FLOORS_MAX; i++)
		out->floors[i].counter = UINT64_MAX; /* a floor whose number got lost lets nothing pass */
	if (len > KEYRING_MAX)
		return err_set(e, VERDICT_TOO_LARGE, "the keyring is over %d bytes", KEYRING_MAX);
	hash_buffer(out->hash, text, len);
	return take_all(&p) == 0 ? check_floors(out, text, len, e) : -1;
}

bool keyring_revokes(const struct keyring *k, const unsigned char id[static KEYID_SIZE])
{
	for (size_t i = 0; i < k->nrevoked; i++)
		if (memcmp(k->revoked[i], id, KEYID_SIZE) == 0)
			return true;
	return false;
}

static bool matches(const char *pattern, const char *board)
{
	size_t n = strlen(pattern);

	return pattern[n - 1] == '*' ? strncmp(pattern, board, n - 1) == 0 : strcmp(pattern, board) == 0;
}

bool keyring_covers(const struct keyring *k, const unsigned char id[static KEYID_SIZE], const char *product, const char *board)
{
	for (size_t i = 0; i < k->nreleases; i++) {
		const struct keyring_release *r = &k->releases[i];

		if (memcmp(r->key.id, id, KEYID_SIZE) == 0 && strcmp(r->product, product) == 0 && matches(r->boards, board))
			return true;
	}
	return false;
}

bool keyring_floor(const struct keyring *k, const char *product, uint64_t *counter)
{
	for (size_t i = 0; i < k->nfloors; i++) {
		if (strcmp(k->floors[i].product, product) == 0) {
			*counter = k->floors[i].counter;
			return true;
		}
	}
	return false;
}
