/* SPDX-License-Identifier: ISC */
/* The journal, STATE/journal: the lines of STATE/installed, then `swap INODE PATH` lines. */
#include "verifier/journal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/swap.h"
#include "verifier/target.h"

enum { JOURNAL_MAX = 64 << 10 };

int journal_write(const struct device *d, const struct installed *next, struct span manifest,
		  struct span signatures, const struct journal_swap *swaps, size_t n, struct err *e)
{
	char *body = malloc(JOURNAL_MAX);
	int used, rc = -1;

	if (!body)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	if (state_write(d, "manifest.next", manifest.at, manifest.len, e) != 0 ||
	    state_write(d, "manifest.minisig.next", signatures.at, signatures.len, e) != 0)
		goto out;
	used = installed_format(body, JOURNAL_MAX, next);
	/* At most 32 slots of at most 512 bytes: it fits. */
	for (size_t i = 0; i < n; i++)
		used += snprintf(body + used, (size_t)(JOURNAL_MAX - used), "swap %" PRIu64 " %s\n", swaps[i].inode, swaps[i].path);
	rc = state_write(d, "journal", body, (size_t)used, e);
out:
	free(body);
	return rc;
}

static int do_swaps(struct span text, struct err *e)
{
	while (text.len > 0) {
		const char *end = memchr(text.at, '\n', text.len);
		struct span f[3];
		uint64_t inode;
		char path[DEVICE_TARGET_MAX];

		if (!end || text_fields((struct span){text.at, (size_t)(end - text.at)}, f, 3) != 3 || !span_is(f[0], "swap") ||
		    text_number(&inode, f[1], INT64_MAX) != 0 || f[2].len >= sizeof path)
			return err_set(e, VERDICT_SYSTEM, "the journal of an interrupted install is not understood");
		memcpy(path, f[2].at, f[2].len);
		path[f[2].len] = '\0';
		if (swap_commit(path, inode, e) != 0)
			return -1;
		text.len -= (size_t)(end + 1 - text.at);
		text.at = end + 1;
	}
	return 0;
}

/* Without a journal nothing was decided: what is staged goes. */
static int sweep(const struct device *d, struct err *e)
{
	for (size_t i = 0; i < d->nslots; i++)
		if (swap_sweep(target_path(d->slots[i].target), e) != 0)
			return -1;
	if (state_remove(d, "manifest.next", e) != 0 || state_remove(d, "manifest.minisig.next", e) != 0)
		return -1;
	return state_sweep(d, e);
}

int journal_finish(const struct device *d, struct err *e)
{
	struct installed next = {.any = true};
	char *body = NULL;
	size_t len = 0;
	struct span text;
	int rc = state_read(d, "journal", &body, &len, JOURNAL_MAX, e);

	if (rc < 0)
		return -1;
	if (rc == 0)
		return sweep(d, e);
	rc = -1;
	text = (struct span){body, len};
	if (installed_parse(&next, &text) != 0) {
		err_set(e, VERDICT_SYSTEM, "the journal of an interrupted install is not understood");
		goto out;
	}
	if (do_swaps(text, e) != 0 || state_rename(d, "manifest.next", "manifest", e) != 0 ||
	    state_rename(d, "manifest.minisig.next", "manifest.minisig", e) != 0 || state_set_installed(d, &next, e) != 0 ||
	    state_remove(d, "journal", e) != 0 || state_sweep(d, e) != 0)
		goto out;
	rc = 0;
out:
	free(body);
	return rc;
}

int journal_waits(const struct device *d, struct err *e)
{
	char *body = NULL;
	size_t len = 0;
	int rc = state_read(d, "journal", &body, &len, JOURNAL_MAX, e);

	free(body);
	return rc;
}
