/* SPDX-License-Identifier: ISC */
/* Reads scenarios and deals them out. */
#include "simulator/behaviour.h"

#include <stdlib.h>
#include <string.h>

#include "core/io.h"
#include "core/text.h"

enum { SCENARIO_FILE_MAX = 64 << 10, RULE_MAX = 128, HUNDRED_PERCENT = 10000 };

static const char *const words[BEHAVE_COUNT] = {
	[BEHAVE_RESET] = "reset",
	[BEHAVE_HALF_CLOSED] = "half-closed",
	[BEHAVE_LOST] = "lost",
	[BEHAVE_SILENT] = "silent",
	[BEHAVE_NOTHING] = "nothing",
	[BEHAVE_REFUSES] = "refuses",
	[BEHAVE_BUSY] = "busy",
	[BEHAVE_WRONG_VERSION] = "wrong-version",
	[BEHAVE_LOOP] = "loop",
	[BEHAVE_BRICKED] = "bricked",
	[BEHAVE_MOVED] = "moved",
	[BEHAVE_BAD] = "bad",
	[BEHAVE_INFECTED] = "infected",
	[BEHAVE_DEAD] = "dead",
	[BEHAVE_HANGS] = "hangs",
	[BEHAVE_NO_WEB] = "no-web",
	[BEHAVE_WRONG_PASSWORD] = "wrong-password",
	[BEHAVE_DEFAULT_PASSWORD] = "default-password",
	[BEHAVE_SLOW] = "slow",
	[BEHAVE_STALE] = "stale",
	[BEHAVE_ONCE] = "once",
	[BEHAVE_NO_QOP] = "no-qop",
	[BEHAVE_SHA256] = "sha256",
	[BEHAVE_BASIC] = "basic",
};

const char *behaviour_word(enum behaviour b)
{
	return b < BEHAVE_COUNT ? words[b] : "?";
}

static int parse_name(enum behaviour *out, struct span name)
{
	for (unsigned i = 0; i < BEHAVE_COUNT; i++) {
		if (span_is(name, words[i])) {
			*out = (enum behaviour)i;
			return 0;
		}
	}
	return -1;
}

/* "40", "100%", "2.5%", "0.25%". */
static int parse_share(struct behave_rule *r, struct span text)
{
	const char *dot;
	uint64_t whole, part = 0;
	size_t digits;

	r->percent = text.len > 0 && text.at[text.len - 1] == '%';
	if (!r->percent)
		return text_number(&r->share, text, UINT32_MAX);
	text.len--;
	dot = memchr(text.at, '.', text.len);
	if (dot) {
		digits = (size_t)(text.at + text.len - dot) - 1;
		if (digits < 1 || digits > 2 || strspn(dot + 1, "0123456789") < digits)
			return -1;
		part = (uint64_t)(dot[1] - '0') * 10 + (digits == 2 ? (uint64_t)(dot[2] - '0') : 0);
		text.len = (size_t)(dot - text.at);
	}
	if (text_number(&whole, text, 100) || whole * 100 + part > HUNDRED_PERCENT)
		return -1;
	r->share = whole * 100 + part;
	return 0;
}

static struct span take_field(const char **at)
{
	size_t n = strcspn(*at, ":");
	struct span s = {*at, n};

	*at += n + ((*at)[n] == ':');
	return s;
}

int scenario_add(struct scenario *s, const char *rule, struct err *e)
{
	struct behave_rule r = {.value = 0};
	const char *at = rule;
	char quoted[96];
	struct span value;

	if (s->n == BEHAVE_RULES_MAX)
		return err_set(e, VERDICT_USAGE, "more than %d rules of behaviour", BEHAVE_RULES_MAX);
	err_quote(quoted, sizeof quoted, rule, strlen(rule));
	if (parse_name(&r.behaviour, take_field(&at)))
		return err_set(e, VERDICT_USAGE, "\"%s\": there is no such behaviour (`firmsim behaviours' lists them)", quoted);
	if (parse_share(&r, take_field(&at)))
		return err_set(e, VERDICT_USAGE, "\"%s\": want NAME:SHARE[:VALUE], SHARE a number of boards or 2.5%%", quoted);
	value = (struct span){at, strlen(at)};
	if (value.len && (text_number(&r.value, value, UINT32_MAX) || r.value == 0))
		return err_set(e, VERDICT_USAGE, "\"%s\": the value is no number above 0", quoted);
	if (r.behaviour == BEHAVE_SLOW && !r.value)
		return err_set(e, VERDICT_USAGE, "\"%s\": slow:SHARE:BYTES, how many a second?", quoted);
	s->rules[s->n++] = r;
	return 0;
}

int scenario_add_file(struct scenario *s, const char *name, struct err *e)
{
	char *text = NULL, line[RULE_MAX];
	size_t len, n;
	unsigned number = 0;
	int rc = -1;

	if (io_read_file(&text, &len, name, SCENARIO_FILE_MAX, e))
		goto out;
	for (const char *at = text; at < text + len; at += n + 1) {
		n = strcspn(at, "\n");
		number++;
		if (n == 0 || at[0] == '#')
			continue;
		if (n >= sizeof line) {
			err_set(e, VERDICT_USAGE, "%s:%u: the line is too long", name, number);
			goto out;
		}
		memcpy(line, at, n);
		line[n] = '\0';
		if (scenario_add(s, line, e)) {
			err_prefix(e, "%s:%u", name, number);
			goto out;
		}
	}
	rc = 0;
out:
	free(text);
	return rc;
}

uint64_t behaviour_dice(uint64_t seed, uint64_t what, uint64_t board)
{
	uint64_t x = seed + (what + 1) * UINT64_C(0x9e3779b97f4a7c15) + (board + 1) * UINT64_C(0xd1342543de82ef95);

	for (int i = 0; i < 2; i++) { /* the finaliser of SplitMix64 (Steele, Lea, Flood 2014) */
		x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
		x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
		x ^= x >> 31;
	}
	return x;
}

struct card {
	uint64_t dice;
	size_t board;
};

static int compare_cards(const void *a, const void *b)
{
	const struct card *x = a, *y = b;

	if (x->dice != y->dice)
		return x->dice < y->dice ? -1 : 1;
	return x->board < y->board ? -1 : x->board > y->board;
}

static void shuffle(struct card *cards, size_t n, uint64_t seed, uint64_t what)
{
	for (size_t i = 0; i < n; i++)
		cards[i] = (struct card){behaviour_dice(seed, what, i), i};
	qsort(cards, n, sizeof *cards, compare_cards);
}

static void give(struct behaves *b, const struct behave_rule *r)
{
	b->set |= 1u << r->behaviour;
	if (r->behaviour == BEHAVE_SLOW)
		b->rate = (uint32_t)r->value;
	else if (r->behaviour <= BEHAVE_LAST_EXCLUSIVE)
		b->value = (uint32_t)r->value;
}

int scenario_deal(const struct scenario *s, uint64_t seed, struct behaves *boards, size_t n, struct err *e)
{
	struct card *exclusive = calloc(n, sizeof *exclusive), *own = calloc(n, sizeof *own);
	size_t dealt = 0;
	int rc = -1;

	if (!exclusive || !own) {
		err_set(e, VERDICT_SYSTEM, "out of memory");
		goto out;
	}
	shuffle(exclusive, n, seed, BEHAVE_COUNT);
	for (size_t i = 0; i < s->n; i++) {
		const struct behave_rule *r = &s->rules[i];
		size_t count = (size_t)(r->percent ? (n * r->share + HUNDRED_PERCENT / 2) / HUNDRED_PERCENT : r->share);

		if (r->behaviour <= BEHAVE_LAST_EXCLUSIVE) {
			if (count > n - dealt) {
				err_set(e, VERDICT_USAGE, "`%s' is for %zu boards, and of %zu only %zu are left",
					words[r->behaviour], count, n, n - dealt);
				goto out;
			}
			for (size_t k = 0; k < count; k++)
				give(&boards[exclusive[dealt++].board], r);
		} else {
			shuffle(own, n, seed, r->behaviour);
			for (size_t k = 0; k < count && k < n; k++)
				give(&boards[own[k].board], r);
		}
	}
	rc = 0;
out:
	free(exclusive);
	free(own);
	return rc;
}
