/* SPDX-License-Identifier: ISC */
/* STATE/keyrings. */
#include "verifier/keyrings.h"

#include <stdlib.h>
#include <string.h>

#include "verifier/state.h"

#define FILE_NAME "keyrings"

int keyrings_load(const struct device *d, struct trust *t, struct err *e)
{
	struct chain chain = {.bytes = NULL};
	char *body = NULL;
	size_t len = 0;
	int rc;

	if (t->ring.serial == 0)
		return 0;
	rc = state_read(d, FILE_NAME, &body, &len, CHAIN_MAX, e);
	if (rc == 1) {
		rc = chain_take_all(&chain, body, len, t, e);
		chain_free(&chain);
		free(body);
	}
	return rc >= 0 ? 0 : err_prefix(e, "the keyrings kept in %s/" FILE_NAME " (without that file the device file's keyring counts)", d->state);
}

int keyrings_adopt(const struct device *d, const struct trust *t, const struct reader *r, struct err *e)
{
	const struct chain *new = reader_chain(r);
	char *body = NULL, *all;
	size_t len = 0, older = 0, npairs = 0;
	int rc;

	if (reader_trust(r)->ring.serial <= t->ring.serial)
		return 0;
	rc = state_read(d, FILE_NAME, &body, &len, CHAIN_MAX, e);
	if (rc == 1)
		older = chain_before(body, len, new->first, &npairs);
	if (older > CHAIN_MAX - new->len || npairs > CHAIN_PAIRS_MAX - new->npairs)
		older = 0; /* the oldest go first: the image that needs them is long gone */
	all = rc < 0 ? NULL : malloc(older + new->len);
	if (rc >= 0 && !all)
		rc = err_set(e, VERDICT_SYSTEM, "out of memory");
	if (rc >= 0) {
		if (older > 0)
			memcpy(all, body, older);
		memcpy(all + older, new->bytes, new->len);
		rc = state_write(d, FILE_NAME, all, older + new->len, e);
	}
	free(all);
	free(body);
	return rc;
}
