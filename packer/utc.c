/* SPDX-License-Identifier: ISC */
/* Unix seconds to text. */
#include "packer/utc.h"

#include <string.h>
#include <time.h>

void utc_print(char out[static UTC_SIZE], uint64_t seconds)
{
	time_t t = (time_t)seconds;
	struct tm tm;

	if (!gmtime_r(&t, &tm) || strftime(out, UTC_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		memcpy(out, "?", 2);
}
