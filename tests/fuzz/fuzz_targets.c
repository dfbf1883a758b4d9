/* SPDX-License-Identifier: ISC */
/* Lists of places to scan: whatever is in them, no more addresses than were allowed, each once, none that no board can have. */
#include <stdint.h>
#include <stdlib.h>

#include "flasher/targets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct targets t = {.ranges.limit = 4096};
	struct err e = {0};

	if (targets_parse(&t, "fuzz", (const char *)data, size, &e) == 0) {
		ranges_finish(&t.ranges);
		if (t.ranges.n > t.ranges.limit)
			abort();
		for (size_t i = 0; i < t.ranges.n; i++) {
			const struct range_address *a = &t.ranges.at[i];

			if (a->address >> 24 == 0 || a->address >> 24 >= 224 || a->note >= t.nnotes ||
			    (i > 0 && a[-1].address >= a->address))
				abort();
		}
	} else if (e.verdict != VERDICT_USAGE) {
		abort();
	}
	targets_free(&t);
	return 0;
}
