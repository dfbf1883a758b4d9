/* SPDX-License-Identifier: ISC */
/* The manifest to compare with, authenticated. */
#include "verifier/reference.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "verifier/state.h"

/* Reads both state files. The caller frees both. */
static int read_kept(const struct device *d, enum side side, char **text, size_t *len, char **sigs, size_t *sigs_len, struct err *e)
{
	char manifest[STATE_NAME_MAX], signatures[STATE_NAME_MAX];
	int rc;

	state_side_name(manifest, d, "manifest", side);
	state_side_name(signatures, d, "manifest.minisig", side);
	rc = state_read(d, manifest, text, len, MANIFEST_MAX, e);
	if (rc < 0)
		return -1;
	if (rc == 0)
		return err_set(e, VERDICT_USAGE, "no image has been installed here: name the bundle to compare with (--bundle)");
	rc = state_read(d, signatures, sigs, sigs_len, READER_SIGNATURES_MAX, e);
	if (rc == 0)
		return err_set(e, VERDICT_UNSIGNED, "the signature of the installed image was not kept: name its bundle (--bundle)");
	return rc < 0 ? -1 : 0;
}

static int is_on_record(const struct device *d, enum side side, const struct manifest *m, struct err *e)
{
	struct span text = manifest_text(m);
	unsigned char hash[HASH_SIZE];
	struct installed now;

	if (state_installed(d, side, &now, e) != 0)
		return -1;
	hash_buffer(hash, text.at, text.len);
	if (!now.any || !crypto_equal(hash, now.manifest, HASH_SIZE))
		return err_set(e, VERDICT_FILE_HASH, "the manifest that was kept is signed, but is not that of the installed image");
	return 0;
}

int reference_from_state(struct reference *r, const struct device *d, enum side side, const struct trust *trust, struct err *e)
{
	char *text = NULL, *sigs = NULL;
	size_t len = 0, sigs_len = 0;
	int rc = read_kept(d, side, &text, &len, &sigs, &sigs_len, e);

	if (rc != 0) {
		free(text);
	} else if (trust_authenticate(&r->kept, &r->signers, trust, text, len, (struct span){sigs, sigs_len}, TRUST_ORIGIN, e) != ACCEPTED) {
		rc = err_prefix(e, "the manifest kept in %s", d->state);
	}
	free(sigs);
	if (rc != 0)
		return -1;
	r->m = r->kept;
	return is_on_record(d, side, r->m, e);
}

int reference_from_bundle(struct reference *r, const char *name, const struct trust *trust, struct err *e)
{
	int fd = strcmp(name, "-") == 0 ? STDIN_FILENO : open(name, O_RDONLY | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return err_errno(e, "cannot open %s", name);
	source_fd_init(&r->source, fd);
	if (reader_open(&r->reader, &r->source.base, trust, &policy_none, 1, e) != 0)
		return -1;
	r->m = reader_manifest(r->reader);
	r->signers = *reader_signers(r->reader);
	return 0;
}

void reference_close(struct reference *r)
{
	reader_free(&r->reader);
	manifest_free(&r->kept);
	if (r->source.fd > STDIN_FILENO)
		close(r->source.fd);
	*r = (struct reference){.m = NULL};
}
