/* SPDX-License-Identifier: ISC */
/* Signature files: read within bounds, replaced whole. */
#include "keys/sigfile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/io.h"

static char *sigfile_name(const char *name, struct err *e)
{
	size_t size = strlen(name) + sizeof ".minisig";
	char *path = malloc(size);

	if (path)
		snprintf(path, size, "%s.minisig", name);
	else
		err_set(e, VERDICT_SYSTEM, "out of memory");
	return path;
}

int sigfile_read(char **text, size_t *len, const char *name, struct err *e)
{
	char *path = sigfile_name(name, e), quoted[160];
	int rc = -1;

	if (!path)
		return -1;
	if (access(path, F_OK) != 0 && errno == ENOENT)
		err_set(e, VERDICT_UNSIGNED, "there is no %s", err_quote(quoted, sizeof quoted, path, strlen(path)));
	else
		rc = io_read_file(text, len, path, SIGFILE_MAX, e);
	free(path);
	return rc;
}

/* Copies the blocks of OLD that are not by key ID to OUT. Returns their length, or -1. */
static ssize_t others(char out[static SIGFILE_MAX], struct span old, const unsigned char id[static KEYID_SIZE],
		      struct err *e)
{
	struct minisig block;
	size_t n = 0;
	int more, blocks = 1; /* the new one */

	for (;;) {
		const char *start = old.at;
		size_t len;

		more = minisig_next(&block, &old, e);
		if (more != 1)
			return more == 0 ? (ssize_t)n : -1;
		if (memcmp(block.id, id, KEYID_SIZE) == 0)
			continue;
		if (++blocks > MINISIG_BLOCKS_MAX)
			return err_set(e, VERDICT_TOO_LARGE, "more than %d signatures", MINISIG_BLOCKS_MAX);
		len = (size_t)(old.at - start);
		memcpy(out + n, start, len);
		n += len;
	}
}

int sigfile_write(const char *name, const char *text, size_t len, struct err *e)
{
	char *path = sigfile_name(name, e);
	int rc = path ? io_write_new(path, text, len, 0644, false, e) : -1;

	free(path);
	return rc;
}

int sigfile_put(const char *name, const char *block, size_t len, const unsigned char id[static KEYID_SIZE], bool append,
		struct err *e)
{
	char text[SIGFILE_MAX], *old = NULL, quoted[160];
	struct err absent = {.verdict = VERDICT_SYSTEM};
	size_t old_len = 0;
	ssize_t n = 0;
	int rc = -1;

	err_quote(quoted, sizeof quoted, name, strlen(name));
	if (append && sigfile_read(&old, &old_len, name, &absent) != 0 && absent.verdict != VERDICT_UNSIGNED) {
		if (e)
			*e = absent;
		goto out;
	}
	if (old)
		n = others(text, (struct span){old, old_len}, id, e);
	if (n < 0) {
		err_prefix(e, "%s.minisig", quoted);
		goto out;
	}
	if (len > SIGFILE_MAX - (size_t)n) {
		err_set(e, VERDICT_TOO_LARGE, "%s.minisig would be over %d bytes", quoted, SIGFILE_MAX);
		goto out;
	}
	memcpy(text + n, block, len);
	rc = sigfile_write(name, text, (size_t)n + len, e);
out:
	free(old);
	return rc;
}
