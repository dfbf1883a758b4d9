/* SPDX-License-Identifier: ISC */
/* Findings: copies, behind one lock. */
#include "verifier/findings.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *word;
	bool suspect;
} kinds[FINDING_KINDS] = {
	[FINDING_MODIFIED] = {"modified", false},     [FINDING_MISSING] = {"missing", false},
	[FINDING_ADDED] = {"added", false},           [FINDING_TYPE] = {"type", false},
	[FINDING_MODE] = {"mode", false},             [FINDING_OWNER] = {"owner", false},
	[FINDING_LINK] = {"link", false},             [FINDING_ATTRIBUTE] = {"attribute", false},
	[FINDING_UNREADABLE] = {"unreadable", false},
	[FINDING_SETTING] = {"setting", false},       [FINDING_WEAKNESS] = {"weakness", false},
	[FINDING_SIGN] = {"sign", true},
};

struct findings {
	pthread_mutex_t lock;
	struct finding **items;   /* each in one piece with its strings */
	size_t n, room;
	struct skipped *skips;    /* why is a literal, path a copy */
	size_t nskips, skips_room;
	uint64_t of[FINDING_KINDS], suspect, omitted;
};

const char *finding_word(enum finding_kind kind)
{
	return kind < FINDING_KINDS ? kinds[kind].word : "unknown";
}

struct findings *findings_new(void)
{
	struct findings *f = calloc(1, sizeof *f);

	if (f && pthread_mutex_init(&f->lock, NULL) != 0) {
		free(f);
		return NULL;
	}
	return f;
}

void findings_free(struct findings **fp)
{
	struct findings *f = *fp;

	*fp = NULL;
	if (!f)
		return;
	for (size_t i = 0; i < f->n; i++)
		free(f->items[i]);
	for (size_t i = 0; i < f->nskips; i++)
		free((char *)f->skips[i].path);
	free(f->items);
	free(f->skips);
	pthread_mutex_destroy(&f->lock);
	free(f);
}

/* Makes room for one more in a table of items of SIZE bytes. Returns false when there is none. */
static bool grow(void **items, size_t n, size_t max, size_t *room, size_t size)
{
	size_t more = *room > 0 ? *room * 2 : 64;
	void *grown;

	if (n < *room)
		return true;
	if (n >= max)
		return false;
	grown = realloc(*items, more * size);
	if (!grown)
		return false;
	*items = grown;
	*room = more;
	return true;
}

/* Puts TEXT at *AT and moves *AT behind it; NULL stays NULL. */
static const char *place(char **at, const char *text)
{
	size_t n = text ? strlen(text) + 1 : 0;
	char *here = *at;

	if (!text)
		return NULL;
	memcpy(here, text, n);
	*at += n;
	return here;
}

static struct finding *copy(const struct finding *from)
{
	size_t n = strlen(from->path) + strlen(from->detail) + (from->slot ? strlen(from->slot) : 0) +
		(from->sign ? strlen(from->sign) : 0) + 4;
	struct finding *to = malloc(sizeof *to + n);
	char *at;

	if (!to)
		return NULL;
	at = (char *)(to + 1);
	*to = *from;
	to->path = place(&at, from->path);
	to->detail = place(&at, from->detail);
	to->slot = place(&at, from->slot);
	to->sign = place(&at, from->sign);
	return to;
}

void findings_add(struct findings *f, const struct finding *finding)
{
	size_t max = finding->sign ? SIZE_MAX : FINDINGS_MAX; /* there are no more signs than rules */
	struct finding *kept = NULL;

	pthread_mutex_lock(&f->lock);
	f->of[finding->kind]++;
	f->suspect += finding->suspect || kinds[finding->kind].suspect;
	if (grow((void **)&f->items, f->n, max, &f->room, sizeof *f->items))
		kept = copy(finding);
	if (kept)
		f->items[f->n++] = kept;
	else
		f->omitted++;
	pthread_mutex_unlock(&f->lock);
}

void findings_skip(struct findings *f, const char *path, const char *why)
{
	char *kept = NULL;

	pthread_mutex_lock(&f->lock);
	if (grow((void **)&f->skips, f->nskips, FINDINGS_MAX, &f->skips_room, sizeof *f->skips))
		kept = strdup(path);
	if (kept)
		f->skips[f->nskips++] = (struct skipped){kept, why};
	else
		f->omitted++;
	pthread_mutex_unlock(&f->lock);
}

static int compare(const void *left, const void *right)
{
	const struct finding *a = *(const struct finding *const *)left, *b = *(const struct finding *const *)right;
	int order = strcmp(a->slot ? a->slot : "", b->slot ? b->slot : "");

	if (order == 0)
		order = strcmp(a->path, b->path);
	if (order == 0)
		order = (a->kind > b->kind) - (a->kind < b->kind);
	return order != 0 ? order : strcmp(a->sign ? a->sign : "", b->sign ? b->sign : "");
}

static int compare_skips(const void *left, const void *right)
{
	const struct skipped *a = left, *b = right;
	int order = strcmp(a->path, b->path);

	return order != 0 ? order : strcmp(a->why, b->why);
}

void findings_sort(struct findings *f)
{
	if (f->n > 0)
		qsort(f->items, f->n, sizeof *f->items, compare);
	if (f->nskips > 0)
		qsort(f->skips, f->nskips, sizeof *f->skips, compare_skips);
}

size_t findings_count(const struct findings *f)
{
	return f->n;
}

const struct finding *findings_at(const struct findings *f, size_t i)
{
	return f->items[i];
}

uint64_t findings_of(const struct findings *f, enum finding_kind kind)
{
	return f->of[kind];
}

uint64_t findings_suspect(const struct findings *f)
{
	return f->suspect;
}

uint64_t findings_omitted(const struct findings *f)
{
	return f->omitted;
}

size_t findings_skips(const struct findings *f)
{
	return f->nskips;
}

struct skipped findings_skip_at(const struct findings *f, size_t i)
{
	return f->skips[i];
}
