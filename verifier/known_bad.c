/* SPDX-License-Identifier: ISC */
/* The rule file: one table of kinds, nothing silently ignored, rules grouped by path. */
#include "verifier/known_bad.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/io.h"
#include "core/path.h"
#include "verifier/known_bad_rules.h"

struct parser {
	struct known_bad *k;
	const char *name;      /* of the file */
	unsigned line;
	struct span whole;     /* the line */
	size_t ndecoded;       /* bytes of K->decoded in use */
	struct err *e;
};

__attribute__((format(printf, 2, 3))) static int bad(const struct parser *p, const char *format, ...)
{
	char why[256], quoted[160];
	va_list args;

	va_start(args, format);
	vsnprintf(why, sizeof why, format, args);
	va_end(args);
	return err_set(p->e, VERDICT_USAGE, "%s:%u: %s", err_quote(quoted, sizeof quoted, p->name, strlen(p->name)), p->line, why);
}

/* Decodes a field of at most MAX bytes. It never grows, so that DECODED, as large as the file, has room. */
static const char *decode(struct parser *p, struct span field, size_t max)
{
	char *out = p->k->decoded + p->ndecoded;
	int n = field.len <= 3 * max ? text_unescape(out, max + 1, field) : -1;

	if (n <= 0)
		return NULL;
	p->ndecoded += (size_t)n + 1;
	return out;
}

static int take_path(struct parser *p, struct rule *r, struct span field)
{
	enum path_fault fault;

	r->path = decode(p, field, PATH_MAX_LEN);
	if (!r->path)
		return bad(p, "a path in canonical escapes is wanted, of at most %d bytes", PATH_MAX_LEN);
	fault = path_fault(r->path, strlen(r->path), false);
	return fault == PATH_FINE ? 0 : bad(p, "the path %s", path_fault_text(fault));
}

static int take_exists(struct parser *p, struct rule *r, const struct span *f, size_t n)
{
	return n == 2 ? take_path(p, r, f[1]) : bad(p, "wants: exists PATH");
}

static int take_size(struct parser *p, struct rule *r, const struct span *f, size_t n)
{
	if (n != 3 || text_number(&r->bytes, f[2], INT64_MAX) != 0)
		return bad(p, "wants: size-over PATH BYTES");
	return take_path(p, r, f[1]);
}

static int take_hashes(struct parser *p, struct rule *r, const struct span *f, size_t n)
{
	unsigned char hash[HASH_SIZE];

	if (n < 4 || !span_is(f[2], "blake2b"))
		return bad(p, "wants: hash PATH blake2b HASH..., at most %d of them", KNOWN_BAD_FIELDS_MAX - 3);
	for (size_t i = 3; i < n; i++)
		if (text_hash(hash, f[i]) != 0)
			return bad(p, "a hash is 64 lower-case hexadecimal digits (BLAKE2b-256)");
	r->hashes = (struct span){f[3].at, (size_t)(f[n - 1].at + f[n - 1].len - f[3].at)};
	return take_path(p, r, f[1]);
}

static int take_contains(struct parser *p, struct rule *r, const struct span *f, size_t n)
{
	if (n != 3 || !(r->text = decode(p, f[2], KNOWN_BAD_TEXT_MAX)))
		return bad(p, "wants: contains PATH TEXT, of at most %d bytes in canonical escapes", KNOWN_BAD_TEXT_MAX);
	return take_path(p, r, f[1]);
}

static int take_hosts(struct parser *p, struct rule *r, const struct span *f, size_t n)
{
	if (n != 2 || f[1].at[f[1].len - 1] == '.' || memchr(f[1].at, '#', f[1].len) ||
	    !(r->text = decode(p, f[1], KNOWN_BAD_TEXT_MAX)))
		return bad(p, "wants: hosts NAME, of at most %d bytes, without a last dot", KNOWN_BAD_TEXT_MAX);
	r->path = "etc/hosts";
	return 0;
}

static const struct {
	const char *word;
	int (*take)(struct parser *p, struct rule *r, const struct span *f, size_t n);
} kinds[] = {
	[RULE_EXISTS] = {"exists", take_exists},       [RULE_SIZE_OVER] = {"size-over", take_size},
	[RULE_HASH] = {"hash", take_hashes},           [RULE_HASH_NOT] = {"hash-not", take_hashes},
	[RULE_CONTAINS] = {"contains", take_contains}, [RULE_HOSTS] = {"hosts", take_hosts},
};
enum { NKINDS = sizeof kinds / sizeof *kinds };

/* Takes the word before the next space off the front of *REST. */
static struct span take_word(struct span *rest)
{
	const char *space = memchr(rest->at, ' ', rest->len);
	struct span word = {rest->at, space ? (size_t)(space - rest->at) : rest->len};
	size_t used = word.len + (space ? 1 : 0);

	*rest = (struct span){rest->at + used, rest->len - used};
	return word;
}

/* A sign must have a rule before the next one begins, or the file ends. */
static int end_sign(const struct parser *p)
{
	const struct known_bad *k = p->k;

	if (k->nsigns > 0 && (k->nrules == 0 || k->rules[k->nrules - 1].sign != k->nsigns - 1))
		return bad(p, "the sign %s has no rule", k->signs[k->nsigns - 1].id);
	return 0;
}

/* "sign ID SEVERITY WORDS" */
static int take_sign(struct parser *p, struct span rest)
{
	struct sign *s = &p->k->signs[p->k->nsigns];
	struct span id = take_word(&rest), severity = take_word(&rest);

	if (end_sign(p) != 0)
		return -1;
	if (!text_is_name(id))
		return bad(p, "a sign's id is 1 to 64 of [A-Za-z0-9._+-]");
	if (!span_is(severity, "infection") && !span_is(severity, "weakness"))
		return bad(p, "a severity is `infection' or `weakness'");
	if (rest.len == 0 || rest.len > KNOWN_BAD_WORDS_MAX || rest.at[0] == ' ' || rest.at[rest.len - 1] == ' ')
		return bad(p, "words for people are wanted, at most %d bytes, no space at either end", KNOWN_BAD_WORDS_MAX);
	memcpy(s->id, id.at, id.len);
	s->id[id.len] = '\0';
	memcpy(s->words, rest.at, rest.len);
	s->words[rest.len] = '\0';
	s->severity = span_is(severity, "infection") ? SEVERITY_INFECTION : SEVERITY_WEAKNESS;
	for (size_t i = 0; i < p->k->nsigns; i++)
		if (strcmp(p->k->signs[i].id, s->id) == 0)
			return bad(p, "the sign %s stands here twice", s->id);
	p->k->nsigns++;
	return 0;
}

static int take_rule(struct parser *p, struct span line)
{
	struct rule *r = &p->k->rules[p->k->nrules];
	struct span f[KNOWN_BAD_FIELDS_MAX];
	size_t n = text_fields(line, f, KNOWN_BAD_FIELDS_MAX);

	for (size_t i = 0; i < NKINDS; i++) {
		if (n == 0 || !span_is(f[0], kinds[i].word))
			continue;
		if (p->k->nsigns == 0)
			return bad(p, "a rule before the first sign");
		*r = (struct rule){.kind = (enum rule_kind)i, .sign = (uint32_t)p->k->nsigns - 1, .line = p->line, .whole = line};
		if (kinds[i].take(p, r, f, n) != 0)
			return -1;
		p->k->nrules++;
		return 0;
	}
	return bad(p, "unknown rule, or fields not parted by single spaces");
}

static int take_line(struct parser *p, struct span line)
{
	static const char sign[] = "sign ";

	for (size_t i = 0; i < line.len; i++)
		if (line.at[i] < 0x20 || line.at[i] > 0x7e)
			return bad(p, "a byte that is no printable ASCII");
	if (p->line == 1)
		return span_is(line, KNOWN_BAD_MAGIC) ? 0 : bad(p, "the first line should be `" KNOWN_BAD_MAGIC "'");
	if (line.len == 0 || line.at[0] == '#')
		return 0;
	if (line.len >= sizeof sign && memcmp(line.at, sign, sizeof sign - 1) == 0)
		return take_sign(p, (struct span){line.at + sizeof sign - 1, line.len - (sizeof sign - 1)});
	return take_rule(p, line);
}

static int take_lines(struct parser *p, size_t len)
{
	for (size_t at = 0; at < len;) {
		const char *start = p->k->text + at, *end = memchr(start, '\n', len - at);

		p->line++;
		if (!end)
			return bad(p, "the last line does not end in a newline");
		if (take_line(p, (struct span){start, (size_t)(end - start)}) != 0)
			return -1;
		at += (size_t)(end - start) + 1;
	}
	if (p->k->nsigns == 0)
		return bad(p, "there is no sign in it");
	return end_sign(p);
}

static int compare(const void *left, const void *right)
{
	const struct rule *a = left, *b = right;
	int order = strcmp(a->path, b->path);

	return order != 0 ? order : (a->line > b->line) - (a->line < b->line);
}

/* Sorts the rules, finds where each path's begin, and refuses what stands there twice. */
static int group(struct parser *p)
{
	struct known_bad *k = p->k;
	uint32_t n = (uint32_t)k->nrules, start = 0;

	qsort(k->rules, n, sizeof *k->rules, compare);
	for (uint32_t i = 0; i < n; i++) {
		const struct rule *r = &k->rules[i];

		p->line = r->line;
		if (i == 0 || strcmp(r->path, k->rules[i - 1].path) != 0) {
			k->first[k->npaths++] = i;
			start = i;
		}
		if (i - start == KNOWN_BAD_RULES_MAX)
			return bad(p, "more than %d rules on one path", KNOWN_BAD_RULES_MAX);
		for (uint32_t j = start; j < i; j++)
			if (k->rules[j].sign == r->sign && k->rules[j].whole.len == r->whole.len &&
			    memcmp(k->rules[j].whole.at, r->whole.at, r->whole.len) == 0)
				return bad(p, "the sign has this rule already");
	}
	k->first[k->npaths] = n;
	return 0;
}

/* Tables as large as the text could need at most. */
static int make_room(struct known_bad *k, const char *text, size_t len, struct err *e)
{
	size_t lines = 1;

	for (size_t i = 0; i < len; i++)
		lines += text[i] == '\n';
	k->text = malloc(len + 1);
	k->decoded = malloc(len + 1);
	k->signs = calloc(lines, sizeof *k->signs);
	k->rules = calloc(lines, sizeof *k->rules);
	k->first = calloc(lines + 1, sizeof *k->first);
	if (!k->text || !k->decoded || !k->signs || !k->rules || !k->first)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	memcpy(k->text, text, len);
	return 0;
}

int known_bad_parse(struct known_bad **out, const char *name, const char *text, size_t len, struct err *e)
{
	struct known_bad *k = calloc(1, sizeof *k);
	struct parser p = {.k = k, .name = name, .e = e};

	if (!k)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	if (len > KNOWN_BAD_FILE_MAX)
		err_set(e, VERDICT_TOO_LARGE, "%s is over %d bytes", name, KNOWN_BAD_FILE_MAX);
	else if (make_room(k, text, len, e) == 0 && take_lines(&p, len) == 0 && group(&p) == 0) {
		*out = k;
		return 0;
	}
	known_bad_free(&k);
	return -1;
}

int known_bad_load(struct known_bad **out, const char *path, struct err *e)
{
	char *text = NULL;
	size_t len = 0;
	int rc;

	if (io_read_file(&text, &len, path, KNOWN_BAD_FILE_MAX, e) != 0)
		return err_prefix(e, "known-bad list");
	rc = known_bad_parse(out, path, text, len, e);
	free(text);
	return rc;
}

void known_bad_free(struct known_bad **kp)
{
	struct known_bad *k = *kp;

	*kp = NULL;
	if (!k)
		return;
	free(k->text);
	free(k->decoded);
	free(k->signs);
	free(k->rules);
	free(k->first);
	free(k);
}
