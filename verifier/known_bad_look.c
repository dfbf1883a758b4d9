/* SPDX-License-Identifier: ISC */
/* Signs against what is there: content as it streams by, then the judgement. */
#define _GNU_SOURCE /* memmem */
#include <string.h>
#include <strings.h>

#include "verifier/known_bad_rules.h"

size_t known_bad_signs(const struct known_bad *k)
{
	return k->nsigns;
}

size_t known_bad_paths(const struct known_bad *k)
{
	return k->npaths;
}

const char *known_bad_path(const struct known_bad *k, size_t i)
{
	return k->rules[k->first[i]].path;
}

int64_t known_bad_find(const struct known_bad *k, const char *path)
{
	size_t low = 0, high = k->npaths;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(known_bad_path(k, middle), path);

		if (order == 0)
			return (int64_t)middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return -1;
}

bool known_bad_wants_content(const struct known_bad *k, size_t i)
{
	for (uint32_t r = k->first[i]; r < k->first[i + 1]; r++)
		if (k->rules[r].kind != RULE_EXISTS && k->rules[r].kind != RULE_SIZE_OVER)
			return true;
	return false;
}

/* --- content --- */

void look_begin(struct look *l, const struct known_bad *k, size_t path)
{
	*l = (struct look){.k = k, .path = path};
}

/* Looks for the texts of all `contains' rules in one run of bytes. */
static void search(struct look *l, const char *bytes, size_t len)
{
	uint32_t first = l->k->first[l->path];

	for (uint32_t r = first; r < l->k->first[l->path + 1]; r++) {
		const struct rule *rule = &l->k->rules[r];

		if (rule->kind == RULE_CONTAINS && memmem(bytes, len, rule->text, strlen(rule->text)))
			l->found |= UINT32_C(1) << (r - first);
	}
}

/* A text is at most KNOWN_BAD_TEXT_MAX bytes: one that lies across two reads has its two parts in here. */
static void search_seam(struct look *l, const char *bytes, size_t len)
{
	enum { SIDE = KNOWN_BAD_TEXT_MAX - 1 };
	char seam[2 * SIDE];
	size_t n = len < SIDE ? len : SIDE, have = l->nbefore + n;

	memcpy(seam, l->before, l->nbefore);
	memcpy(seam + l->nbefore, bytes, n);
	if (l->nbefore > 0)
		search(l, seam, have);
	if (len >= SIDE) {
		memcpy(l->before, bytes + len - SIDE, SIDE);
		l->nbefore = SIDE;
	} else {
		l->nbefore = have < SIDE ? have : SIDE;
		memcpy(l->before, seam + have - l->nbefore, l->nbefore);
	}
}

/* A word of a hosts file is complete: an address or a name (hosts(5)); names know no case, and may end in a dot. */
static void end_word(struct look *l)
{
	uint32_t first = l->k->first[l->path];
	size_t n = l->nword;

	l->nword = 0;
	while (n > 0 && n <= KNOWN_BAD_TEXT_MAX && l->word[n - 1] == '.')
		n--;
	for (uint32_t r = first; n > 0 && r < l->k->first[l->path + 1]; r++) {
		const struct rule *rule = &l->k->rules[r];

		if (rule->kind == RULE_HOSTS && strlen(rule->text) == n && strncasecmp(l->word, rule->text, n) == 0)
			l->found |= UINT32_C(1) << (r - first);
	}
}

static void read_words(struct look *l, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = bytes[i];

		if (c == '\n' || c == '#' || c == ' ' || c == '\t' || c == '\r' || c == '\0') {
			end_word(l);
			l->comment = c == '#' || (l->comment && c != '\n');
		} else if (!l->comment && l->nword <= KNOWN_BAD_TEXT_MAX) {
			l->word[l->nword++] = c; /* one more than a name can have: then it matches none */
		}
	}
}

static bool has(const struct look *l, enum rule_kind kind)
{
	for (uint32_t r = l->k->first[l->path]; r < l->k->first[l->path + 1]; r++)
		if (l->k->rules[r].kind == kind)
			return true;
	return false;
}

void look_feed(struct look *l, const void *bytes, size_t len)
{
	if (has(l, RULE_CONTAINS)) {
		search_seam(l, bytes, len);
		search(l, bytes, len);
	}
	if (has(l, RULE_HOSTS))
		read_words(l, bytes, len);
}

void look_content_ends(struct look *l)
{
	end_word(l);
}

/* --- judgement --- */

static bool listed(const struct rule *r, const unsigned char hash[static HASH_SIZE])
{
	char hex[HASH_HEX + 1];

	text_put_hash(hex, hash);
	for (size_t at = 0; at + HASH_HEX <= r->hashes.len; at += HASH_HEX + 1)
		if (memcmp(r->hashes.at + at, hex, HASH_HEX) == 0)
			return true;
	return false;
}

static bool holds(const struct rule *r, uint32_t bit, const struct sighting *s)
{
	switch (r->kind) {
	case RULE_EXISTS: return true;
	case RULE_SIZE_OVER: return s->size > r->bytes;
	case RULE_HASH: return s->hash && listed(r, s->hash);
	case RULE_HASH_NOT: return s->hash && !listed(r, s->hash);
	case RULE_CONTAINS:
	case RULE_HOSTS: return s->look && (s->look->found >> bit & 1) != 0;
	}
	return true;
}

void known_bad_judge(const struct known_bad *k, size_t i, const struct sighting *s,
		     void (*hit)(void *context, const struct sign *sign), void *context)
{
	int64_t said = -1; /* the rules of a path stand sign by sign */

	for (uint32_t r = k->first[i]; r < k->first[i + 1]; r++) {
		const struct rule *rule = &k->rules[r];

		if (rule->sign == said || !holds(rule, r - k->first[i], s))
			continue;
		said = rule->sign;
		hit(context, &k->signs[rule->sign]);
	}
}
