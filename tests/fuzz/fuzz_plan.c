/* SPDX-License-Identifier: ISC */
/* Plans: what is accepted is what would be written, byte for byte, and its waves hold what they say. */
#include <stdlib.h>
#include <string.h>

#include "flasher/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_hold(const struct plan *p)
{
	size_t in_waves = 0, skipped = 0;

	for (size_t i = 0; i < p->nwaves; i++)
		in_waves += p->waves[i].count;
	for (size_t i = 0; i < p->n; i++) {
		skipped += p->devices[i].wave == 0;
		if (p->devices[i].wave > p->nwaves || (i && p->devices[i].wave && p->devices[i].wave < p->devices[i - 1].wave))
			abort();
	}
	if (in_waves + skipped != p->n || skipped != p->nskipped || !p->product[0] || !p->version[0])
		abort();
}

static void must_be_written(const struct plan *p, const uint8_t *data, size_t size)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		abort();
	plan_write(out, p);
	if (fclose(out) != 0 || len != size || memcmp(text, data, size) != 0)
		abort();
	free(text);
}

/* The same bytes as a halt of the command line. */
static void halt(const uint8_t *data, size_t size)
{
	char text[128];
	struct plan_halt h;
	struct err e = {0};

	if (size >= sizeof text)
		return;
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	if (plan_halt_parse(&h, text, &e) == 0) {
		if (h.scope >= PLAN_SCOPES || (h.count == 0) != (h.sample > 0) || h.percent > 100)
			abort();
	} else if (e.verdict != VERDICT_USAGE) {
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct plan p;
	struct err e = {0};

	halt(data, size);
	if (plan_parse(&p, "plan", (const char *)data, size, &e) == 0) {
		must_hold(&p);
		must_be_written(&p, data, size);
	} else if (e.verdict != VERDICT_USAGE || strncmp(e.message, "plan", 4) != 0) {
		abort();
	}
	plan_free(&p);
	return 0;
}
