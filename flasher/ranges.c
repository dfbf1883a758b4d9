/* SPDX-License-Identifier: ISC */
/* Reads ranges strictly, and lays them out as a list: a million addresses are 8 MiB. */
#include "flasher/ranges.h"

#include <stdlib.h>
#include <string.h>

enum { OCTETS = 4, MULTICAST = 224 };

/* What may stand for each octet, both ends included. */
struct pattern {
	uint8_t low[OCTETS], high[OCTETS];
};

static int wrong(struct span text, const char *what, struct err *e)
{
	char quoted[RANGE_TEXT_MAX * 4 + 8];

	return err_set(e, VERDICT_USAGE, "\"%s\" %s", err_quote(quoted, sizeof quoted, text.at, text.len), what);
}

/* Cuts S at the first C: what is before it comes back, S goes on behind it. False when there is no C; then S is all of it. */
static bool cut(struct span *s, char c, struct span *before)
{
	const char *at = s->len ? memchr(s->at, c, s->len) : NULL;

	*before = *s;
	if (!at)
		return false;
	before->len = (size_t)(at - s->at);
	s->len -= before->len + 1;
	s->at = at + 1;
	return true;
}

static int parse_octet(uint8_t *out, struct span text)
{
	uint64_t n;

	if (text_number(&n, text, 255))
		return -1;
	*out = (uint8_t)n;
	return 0;
}

/* Four octets; with RANGES each may be "1-3". Returns 0 or -1. */
static int parse_octets(struct pattern *p, struct span text, bool may_range)
{
	for (int i = 0; i < OCTETS; i++) {
		struct span octet, low;

		if (cut(&text, '.', &octet) != (i < OCTETS - 1))
			return -1;
		if (!cut(&octet, '-', &low)) {
			if (parse_octet(&p->low[i], low))
				return -1;
			p->high[i] = p->low[i];
		} else if (!may_range || parse_octet(&p->low[i], low) || parse_octet(&p->high[i], octet) ||
			   p->high[i] < p->low[i]) {
			return -1;
		}
	}
	return 0;
}

static int parse_address(uint32_t *out, struct span text)
{
	struct pattern p;

	if (parse_octets(&p, text, false))
		return -1;
	*out = (uint32_t)p.low[0] << 24 | (uint32_t)p.low[1] << 16 | (uint32_t)p.low[2] << 8 | p.low[3];
	return 0;
}

/* Makes room for N more. */
static int make_room(struct ranges *r, uint64_t n, struct span text, struct err *e)
{
	size_t room = r->room ? r->room : 256;
	struct range_address *more;

	if (n > r->limit - r->n)
		return err_set(e, VERDICT_USAGE, "these are more than %zu addresses, the last range being %.*s (--max-addresses N allows more)",
			       r->limit, (int)text.len, text.at);
	while (room < r->n + n)
		room *= 2;
	if (room == r->room)
		return 0;
	more = realloc(r->at, room * sizeof *more);
	if (!more)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	r->at = more;
	r->room = room;
	return 0;
}

static void put(struct ranges *r, uint32_t address, uint32_t note)
{
	r->at[r->n++] = (struct range_address){address, note};
}

static int add_span(struct ranges *r, uint32_t low, uint32_t high, struct span text, uint32_t note, struct err *e)
{
	if (low > high)
		return wrong(text, "ends before it begins", e);
	if (high >> 24 >= MULTICAST || low >> 24 == 0)
		return wrong(text, "holds addresses that no board can have", e);
	if (make_room(r, (uint64_t)high - low + 1, text, e))
		return -1;
	for (uint64_t a = low; a <= high; a++)
		put(r, (uint32_t)a, note);
	return 0;
}

static int add_network(struct ranges *r, struct span base, struct span bits, struct span text, uint32_t note, struct err *e)
{
	uint64_t n;
	uint32_t address, host;

	if (parse_address(&address, base) || text_number(&n, bits, 32) || n == 0)
		return wrong(text, "is no network: want A.B.C.D/BITS", e);
	host = n == 32 ? 0 : UINT32_MAX >> n;
	if (address & host)
		return wrong(text, "has bits set behind its network", e);
	if (n >= 31)
		return add_span(r, address, address | host, text, note, e);
	return add_span(r, address + 1, (address | host) - 1, text, note, e);
}

static int add_pattern(struct ranges *r, const struct pattern *p, struct span text, uint32_t note, struct err *e)
{
	uint64_t count = 1;

	for (int i = 0; i < OCTETS; i++)
		count *= (uint64_t)(p->high[i] - p->low[i]) + 1;
	if (p->high[0] >= MULTICAST || p->low[0] == 0)
		return wrong(text, "holds addresses that no board can have", e);
	if (make_room(r, count, text, e))
		return -1;
	for (unsigned a = p->low[0]; a <= p->high[0]; a++)
		for (unsigned b = p->low[1]; b <= p->high[1]; b++)
			for (unsigned c = p->low[2]; c <= p->high[2]; c++)
				for (unsigned d = p->low[3]; d <= p->high[3]; d++)
					put(r, a << 24 | b << 16 | c << 8 | d, note);
	return 0;
}

int ranges_add(struct ranges *r, struct span text, uint32_t note, struct err *e)
{
	struct span rest = text, before;
	uint32_t low, high;
	struct pattern p;

	if (text.len == 0 || text.len > RANGE_TEXT_MAX)
		return wrong(text, "is no range of addresses: it has 1 to 63 characters", e);
	if (cut(&rest, '/', &before))
		return add_network(r, before, rest, text, note, e);
	rest = text;
	if (cut(&rest, '-', &before) && parse_address(&low, before) == 0 && parse_address(&high, rest) == 0)
		return add_span(r, low, high, text, note, e);
	if (parse_octets(&p, text, true) == 0)
		return add_pattern(r, &p, text, note, e);
	return wrong(text, "is no range of addresses: want A.B.C.D, A.B.C.D/BITS, A.B.C.D-E.F.G.H, or octets such as 10.0.1-3.1-254", e);
}

static int compare(const void *a, const void *b)
{
	const struct range_address *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return x->note < y->note ? -1 : x->note > y->note;
}

void ranges_finish(struct ranges *r)
{
	size_t kept = 0;

	if (r->n)
		qsort(r->at, r->n, sizeof *r->at, compare);
	for (size_t i = 0; i < r->n; i++)
		if (kept == 0 || r->at[kept - 1].address != r->at[i].address)
			r->at[kept++] = r->at[i];
	r->n = kept;
}

void ranges_free(struct ranges *r)
{
	free(r->at);
	r->at = NULL;
	r->n = r->room = 0;
}
