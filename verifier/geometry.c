/* SPDX-License-Identifier: ISC */
/* Comparing /proc/mtd: its first line is a heading, and then comes one line a partition. */
#include "verifier/geometry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/io.h"

enum { PROC_MTD_MAX = 16 << 10 };

static bool is_expected(const struct device *d, const char *line, size_t len)
{
	for (const char *at = d->mtd; at < d->mtd + d->mtd_len; at += strlen(at) + 1)
		if (strlen(at) == len && memcmp(at, line, len) == 0)
			return true;
	return false;
}

static int compare(const struct device *d, const char *text, struct err *e)
{
	const char *at = strchr(text, '\n');
	size_t found = 0;
	char quoted[128];

	for (at = at ? at + 1 : ""; *at; found++) {
		size_t n = strcspn(at, "\n");

		if (!is_expected(d, at, n))
			return err_set(e, VERDICT_WRONG_BOARD, "this board's flash is not the expected one: it has %s",
				       err_quote(quoted, sizeof quoted, at, n));
		at += n + (at[n] == '\n');
	}
	if (found != d->nmtd)
		return err_set(e, VERDICT_WRONG_BOARD, "this board's flash is not the expected one: it has %zu partitions, not %zu", found,
			       d->nmtd);
	return 0;
}

int geometry_check(const struct device *d, struct err *e)
{
	char path[DEVICE_TARGET_MAX + 8], *text = NULL;
	size_t len = 0;
	int rc;

	if (d->nmtd == 0)
		return 0;
	snprintf(path, sizeof path, "%s/mtd", d->proc);
	if (io_read_file(&text, &len, path, PROC_MTD_MAX, e) != 0)
		return -1;
	rc = compare(d, text, e);
	free(text);
	return rc;
}
