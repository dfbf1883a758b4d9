/* SPDX-License-Identifier: ISC */
/* Keyrings on their way into a bundle. */
#include "packer/keyrings.h"

#include <stdlib.h>
#include <string.h>

#include "keys/ring.h"
#include "keys/sigfile.h"

/* Nobody stands behind the first but those who hold the one before it; that it is signed as it says is what can be seen here. */
static int take_first(struct trust *t, const struct ring_file *f, struct span sigs, struct err *e)
{
	unsigned char prehash[PREHASH_SIZE];
	struct signers signers;

	trust_prehash(prehash, (struct span){f->text, f->len});
	if (chain_check_roots(&f->ring, prehash, sigs, &signers, e) != ACCEPTED)
		return -1;
	t->ring = f->ring;
	return 0;
}

static int read_one(struct chain *c, struct trust *t, const char *name, struct err *e)
{
	struct ring_file f = {.text = NULL};
	char *sigs = NULL, quoted[160];
	struct span text, blocks;
	size_t sigs_len = 0;
	int rc = -1;

	if (ring_file_read(&f, name, e) != 0)
		return -1;
	if (sigfile_read(&sigs, &sigs_len, name, e) == 0) {
		text = (struct span){f.text, f.len};
		blocks = (struct span){sigs, sigs_len};
		rc = t->ring.serial == 0 ? take_first(t, &f, blocks, e) : chain_step(t, text, blocks, CHAIN_NEXT, e) == ACCEPTED ? 0 : -1;
		if (rc == 0)
			rc = chain_add(c, f.ring.serial, text, blocks, e);
	}
	free(sigs);
	ring_file_free(&f);
	return rc == 0 ? 0 : err_prefix(e, "%s", err_quote(quoted, sizeof quoted, name, strlen(name)));
}

int keyrings_read(struct chain *c, struct trust *t, const char *const *files, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (read_one(c, t, files[i], e) != 0)
			return -1;
	return 0;
}

int keyrings_judge(const struct trust *t, const struct manifest *m, struct span sigs, struct err *e)
{
	struct span text = manifest_text(m);
	struct err why = {.verdict = VERDICT_SYSTEM};
	char *copy = malloc(text.len + 1);
	struct manifest *again = NULL;
	struct signers signers;
	enum decision decision;

	if (!copy)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	memcpy(copy, text.at, text.len);
	decision = trust_authenticate(&again, &signers, t, copy, text.len, sigs, TRUST_INSTALL, &why);
	manifest_free(&again);
	/* Signatures may still be missing. What the keyring itself asks can be answered without them. */
	if (decision != ACCEPTED && (sigs.len == 0 || why.verdict == VERDICT_THRESHOLD) && trust_check_serial(t, m, &why) == ACCEPTED)
		decision = trust_check_floor(t, m, &why);
	return decision == ACCEPTED ? 0 : err_set(e, why.verdict, "boards with this keyring would refuse the bundle: %s", why.message);
}
