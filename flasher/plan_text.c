/* SPDX-License-Identifier: ISC */
/* The plan's canonical text. It is read by writing it again: what would come out otherwise was not canonical. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "flasher/plan.h"

#define MAGIC "firmseal-plan 1"

static const char *const scope_words[PLAN_SCOPES] = {"canary", "wave", "site", "run"};

/* The lines of numbers, in their order. A bool is 0 or 1. */
struct number {
	const char *name;
	size_t at, size;
	uint64_t low, high;
};
#define MS_MAX ((uint64_t)7 * 86400 * 1000)
#define NUMBER(name, member, low, high) {name, offsetof(struct plan, member), sizeof ((struct plan *)0)->member, low, high}
static const struct number numbers[] = {
	NUMBER("limit uploads", limits.uploads, 0, 1000000),
	NUMBER("limit rate", limits.rate, 0, INT64_MAX),
	NUMBER("limit reboots", limits.reboots, 0, 1000000),
	NUMBER("limit timeout-ms", limits.timeout_ms, 1, MS_MAX),
	NUMBER("rule tries", rules.tries, 1, 20),
	NUMBER("rule backoff-ms", rules.backoff_ms, 1, MS_MAX / 16),
	NUMBER("rule poll-ms", rules.poll_ms, 1, MS_MAX),
	NUMBER("rule boot-ms", rules.boot_ms, 1, MS_MAX),
	NUMBER("rule settle-ms", rules.settle_ms, 0, MS_MAX),
	NUMBER("rule health-ms", rules.health_ms, 1, MS_MAX),
	NUMBER("rule soak-ms", rules.soak_ms, 0, MS_MAX),
	NUMBER("rule hashrate-percent", rules.hashrate_percent, 0, 100),
	NUMBER("rule temperature", rules.temp_c, 0, 200),
	NUMBER("rule chains", rules.chains, 0, 1),
	NUMBER("rule fans", rules.fans, 0, 1),
	NUMBER("rule pools", rules.pools, 0, 1),
	NUMBER("rule baseline", rules.baseline, 0, 1),
};

static uint64_t get_number(const struct plan *p, const struct number *n)
{
	const char *at = (const char *)p + n->at;
	uint64_t v;
	uint32_t w;
	bool b;

	if (n->size == sizeof v)
		return memcpy(&v, at, sizeof v), v;
	if (n->size == sizeof w)
		return memcpy(&w, at, sizeof w), w;
	memcpy(&b, at, sizeof b);
	return b;
}

static void set_number(struct plan *p, const struct number *n, uint64_t value)
{
	char *at = (char *)p + n->at;
	uint32_t w = (uint32_t)value;
	bool b = value != 0;

	if (n->size == sizeof value)
		memcpy(at, &value, sizeof value);
	else if (n->size == sizeof w)
		memcpy(at, &w, sizeof w);
	else
		memcpy(at, &b, sizeof b);
}

static void put_text(FILE *out, const char *text)
{
	char escaped[3 * PLAN_BUNDLE_MAX + 1];

	text_escape(escaped, text, strlen(text));
	fprintf(out, " %s", *escaped ? escaped : "*");
}

static void put_device(FILE *out, const struct plan_device *d)
{
	const struct inventory_board *b = &d->board;

	fprintf(out, "%s %s", d->wave ? "device" : "skip", b->mac[0] ? b->mac : "*");
	put_text(out, b->address.text);
	put_text(out, b->board);
	if (b->have_revision)
		fprintf(out, " %" PRIu64, b->revision);
	else
		fputs(" *", out);
	put_text(out, b->site);
	put_text(out, b->rack);
	put_text(out, b->credential);
	if (d->wave)
		fprintf(out, " %u", d->wave);
	else
		put_text(out, d->reason);
	putc('\n', out);
}

void plan_write(FILE *out, const struct plan *p)
{
	char hex[HASH_HEX + 1];

	text_put_hash(hex, p->hash);
	fputs(MAGIC "\nbundle", out);
	put_text(out, p->bundle);
	fprintf(out, " %" PRIu64 " %s\nproduct %s\nversion %s\ncounter %" PRIu64 "\nreports", p->size, hex, p->product,
		p->version, p->counter);
	put_text(out, p->rules.version);
	fprintf(out, "\nsettings %s\n", p->wipe ? "wipe" : "keep");
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		fprintf(out, "%s %" PRIu64 "\n", numbers[i].name, get_number(p, &numbers[i]));
	for (size_t i = 0; i < p->nhalts; i++) {
		const struct plan_halt *h = &p->halts[i];

		fprintf(out, "halt %s %s ", scope_words[h->scope], h->any ? "any" : session_class_word(h->class));
		if (h->count)
			fprintf(out, "count %" PRIu64 "\n", h->count);
		else
			fprintf(out, "percent %" PRIu64 " %" PRIu64 "\n", h->percent, h->sample);
	}
	for (size_t i = 0; i < p->nwaves; i++)
		fprintf(out, "wave %zu %zu %s\n", i + 1, p->waves[i].count, p->waves[i].hand ? "hand" : "auto");
	for (size_t i = 0; i < p->n; i++)
		put_device(out, &p->devices[i]);
}

/* --- reading --- */

static int find_scope(enum plan_scope *out, struct span word)
{
	for (int i = 0; i < PLAN_SCOPES; i++)
		if (span_is(word, scope_words[i]))
			return *out = (enum plan_scope)i, 0;
	return -1;
}

static int halt_head(struct plan_halt *h, struct span scope, struct span class)
{
	char word[TEXT_NAME_MAX + 1];

	*h = (struct plan_halt){.any = span_is(class, "any")};
	if (find_scope(&h->scope, scope) || class.len > TEXT_NAME_MAX)
		return -1;
	memcpy(word, class.at, class.len);
	word[class.len] = '\0';
	return h->any || (session_class_find(&h->class, word) == 0 && h->class != CLASS_NONE) ? 0 : -1;
}

#define CLASS_WORD(name, word, means) " " word

int plan_halt_parse(struct plan_halt *h, const char *text, struct err *e)
{
	size_t scope = strcspn(text, ":"), class = text[scope] ? strcspn(text + scope + 1, ":") : 0;
	const char *limit = text[scope] && text[scope + 1 + class] ? text + scope + class + 2 : "";
	size_t percent = strcspn(limit, "%");

	if (halt_head(h, (struct span){text, scope}, (struct span){text + scope + 1, class}))
		goto bad;
	if (limit[percent] == '\0') {
		if (text_number(&h->count, (struct span){limit, percent}, INT64_MAX) || h->count == 0)
			goto bad;
		return 0;
	}
	if (limit[percent + 1] == '/' && text_number(&h->percent, (struct span){limit, percent}, 100) == 0 &&
	    text_number(&h->sample, (struct span){limit + percent + 2, strlen(limit + percent + 2)}, INT64_MAX) == 0 &&
	    h->sample > 0)
		return 0;
bad:
	return err_set(e, VERDICT_USAGE, "a halt is SCOPE:CLASS:COUNT or SCOPE:CLASS:PERCENT%%/SAMPLE; scopes: canary wave site "
					 "run; classes: any" CLASSES_BAD_EACH(CLASS_WORD));
}

/* A field of free text into OUT of SIZE bytes; `*' is "". */
static int take_text(char *out, size_t size, struct span field)
{
	if (span_is(field, "*"))
		return out[0] = '\0', 0;
	return text_unescape(out, size, field) > 0 ? 0 : -1;
}

static int take_name(char out[static TEXT_NAME_MAX + 1], struct span field)
{
	if (take_text(out, TEXT_NAME_MAX + 1, field))
		return -1;
	return !out[0] || text_is_name((struct span){out, strlen(out)}) ? 0 : -1;
}

static int take_label(char out[static TEXT_NAME_MAX + 1], struct span field)
{
	if (take_text(out, TEXT_NAME_MAX + 1, field))
		return -1;
	return !out[0] || inventory_is_label((struct span){out, strlen(out)}) ? 0 : -1;
}

static int take_device(struct plan *p, size_t *room, const struct span *f, size_t nf, struct err *e)
{
	bool skip = span_is(f[0], "skip");
	char address[ADDRESS_MAX + 1];
	struct plan_device d = {0};
	uint64_t wave = 0;

	if (nf != 9 || (!(skip && span_is(f[1], "*")) && mac_parse(d.board.mac, f[1].at, f[1].len)) || take_text(address, sizeof address, f[2]) ||
	    address_parse(&d.board.address, address, e) || take_name(d.board.board, f[3]) ||
	    take_label(d.board.site, f[5]) || take_label(d.board.rack, f[6]) || take_name(d.board.credential, f[7]))
		return -1;
	d.board.have_revision = !span_is(f[4], "*");
	if (d.board.have_revision && text_number(&d.board.revision, f[4], INT64_MAX))
		return -1;
	if (skip ? take_text(d.reason, sizeof d.reason, f[8]) || !d.reason[0]
		 : text_number(&wave, f[8], p->nwaves) || wave == 0)
		return -1;
	d.wave = (unsigned)wave;
	p->nskipped += skip;
	if (p->n == *room) {
		struct plan_device *more = realloc(p->devices, (*room = *room ? 2 * *room : 256) * sizeof *more);

		if (!more)
			return err_set(e, VERDICT_SYSTEM, "out of memory");
		p->devices = more;
	}
	p->devices[p->n++] = d;
	return 0;
}

static int take_halt(struct plan *p, const struct span *f, size_t nf)
{
	struct plan_halt *h = &p->halts[p->nhalts];

	if (p->nhalts == PLAN_HALTS_MAX || nf < 5 || halt_head(h, f[1], f[2]))
		return -1;
	p->nhalts++;
	if (span_is(f[3], "count"))
		return nf == 5 && text_number(&h->count, f[4], INT64_MAX) == 0 && h->count ? 0 : -1;
	return nf == 6 && span_is(f[3], "percent") && text_number(&h->percent, f[4], 100) == 0 &&
	       text_number(&h->sample, f[5], INT64_MAX) == 0 && h->sample ? 0 : -1;
}

static int take_wave(struct plan *p, const struct span *f, size_t nf)
{
	uint64_t number, count;

	if (p->nwaves == PLAN_WAVES_MAX || nf != 4 || text_number(&number, f[1], PLAN_WAVES_MAX) || number != p->nwaves + 1 ||
	    text_number(&count, f[2], INVENTORY_BOARDS_MAX))
		return -1;
	p->waves[p->nwaves++] = (struct plan_wave){count, span_is(f[3], "hand")};
	return 0;
}

/* "limit uploads 5", "rule tries 3". */
static int take_number(struct plan *p, const struct span *f, size_t nf)
{
	for (size_t i = 0; nf == 3 && i < sizeof numbers / sizeof *numbers; i++) {
		const struct number *n = &numbers[i];
		size_t kind = strcspn(n->name, " ");
		uint64_t value;

		if (f[0].len != kind || memcmp(f[0].at, n->name, kind) != 0 || !span_is(f[1], n->name + kind + 1))
			continue;
		if (text_number(&value, f[2], n->high) || value < n->low)
			return -1;
		set_number(p, n, value);
		return 0;
	}
	return -1;
}

static int take_line(struct plan *p, size_t *room, struct span line, struct err *e)
{
	struct span f[9];
	size_t nf = text_fields(line, f, 9);

	if (nf < 2)
		return -1;
	if (span_is(f[0], "device") || span_is(f[0], "skip"))
		return take_device(p, room, f, nf, e);
	if (span_is(f[0], "halt"))
		return take_halt(p, f, nf);
	if (span_is(f[0], "wave"))
		return take_wave(p, f, nf);
	if (span_is(f[0], "limit") || span_is(f[0], "rule"))
		return take_number(p, f, nf);
	if (span_is(f[0], "bundle"))
		return nf == 4 && take_text(p->bundle, sizeof p->bundle, f[1]) == 0 &&
		       text_number(&p->size, f[2], INT64_MAX) == 0 && text_hash(p->hash, f[3]) == 0 ? 0 : -1;
	if (nf != 2)
		return -1;
	if (span_is(f[0], "product"))
		return take_name(p->product, f[1]);
	if (span_is(f[0], "version"))
		return take_name(p->version, f[1]);
	if (span_is(f[0], "counter"))
		return text_number(&p->counter, f[1], INT64_MAX);
	if (span_is(f[0], "reports"))
		return take_text(p->rules.version, sizeof p->rules.version, f[1]);
	if (span_is(f[0], "settings")) {
		p->wipe = span_is(f[1], "wipe");
		return 0;
	}
	return -1;
}

/* Waves hold what they say, and no board is in the plan twice. */
static int check(const struct plan *p, struct err *e)
{
	size_t at = 0;
	struct inventory seen = {0};
	int rc = 0;

	for (size_t w = 0; w < p->nwaves; w++) {
		size_t count = 0;

		for (; at < p->n && p->devices[at].wave == w + 1; at++)
			count++;
		if (count != p->waves[w].count)
			return err_set(e, VERDICT_USAGE, "wave %zu says %zu boards, and has %zu", w + 1, p->waves[w].count, count);
	}
	if (at + p->nskipped != p->n || !p->product[0] || !p->version[0] || !p->rules.version[0])
		return err_set(e, VERDICT_USAGE, "its devices are out of order, or a line is missing");
	for (size_t i = 0; i < p->n && rc == 0; i++)
		rc = inventory_add(&seen, &p->devices[i].board, e);
	inventory_sort(&seen);
	for (size_t i = 1; i < seen.n && rc == 0; i++)
		if (strcmp(seen.boards[i].mac, seen.boards[i - 1].mac) == 0 &&
		    (seen.boards[i].mac[0] || strcmp(seen.boards[i].address.origin, seen.boards[i - 1].address.origin) == 0))
			rc = err_set(e, VERDICT_USAGE, "%s comes twice", seen.boards[i].mac[0] ? seen.boards[i].mac : seen.boards[i].address.text);
	inventory_free(&seen);
	return rc;
}

/* The text must be what would be written. */
static int check_canonical(const struct plan *p, const char *text, size_t len, struct err *e)
{
	char *again = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&again, &n);
	bool same;

	if (!out)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	plan_write(out, p);
	if (fclose(out) != 0) {
		free(again);
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	}
	same = n == len && memcmp(again, text, len) == 0;
	free(again);
	return same ? 0 : err_set(e, VERDICT_USAGE, "it is not in the one form that `firmflash plan' writes");
}

int plan_parse(struct plan *p, const char *name, const char *text, size_t len, struct err *e)
{
	const char *at = text, *end = text + len;
	size_t room = 0;

	*p = (struct plan){0};
	for (size_t number = 1; at < end; number++) {
		const char *lf = memchr(at, '\n', (size_t)(end - at));
		struct span line = {at, lf ? (size_t)(lf - at) : (size_t)(end - at)};
		struct err why = {.verdict = VERDICT_USAGE};

		if (number == 1 ? !span_is(line, MAGIC) : take_line(p, &room, line, &why))
			return err_set(e, why.verdict == VERDICT_SYSTEM ? VERDICT_SYSTEM : VERDICT_USAGE,
				       "%s:%zu: no line of a plan%s%s", name, number, why.message[0] ? ": " : "", why.message);
		at += line.len + (lf ? 1 : 0);
	}
	if (check(p, e) || check_canonical(p, text, len, e))
		return err_prefix(e, "%s", name);
	return 0;
}
