/* SPDX-License-Identifier: ISC */
/* Reading the front, and replacing one member of it. */
#include "packer/front.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/json.h"
#include "core/manifest.h"
#include "packer/bundle_write.h"

/* What is signed must be a manifest, on this side of the signature, too. */
static int check_manifest(const struct peek *p, struct err *e)
{
	char *copy = malloc(p->manifest_len + 1);
	struct manifest *m;

	if (!copy)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	memcpy(copy, p->manifest, p->manifest_len + 1);
	if (manifest_parse(&m, copy, p->manifest_len, e) != 0)
		return -1;
	manifest_free(&m);
	return 0;
}

int front_open(struct front *f, const char *bundle, struct err *e)
{
	struct source_fd source;

	*f = (struct front){.fd = open(bundle, O_RDONLY | O_NOCTTY | O_CLOEXEC)};
	if (f->fd < 0)
		return err_errno(e, "cannot open %s", bundle);
	source_fd_init(&source, f->fd);
	if (peek_read(&f->peek, &source.base, e) != 0 || check_manifest(&f->peek, e) != 0)
		return -1;
	return f->peek.signatures ? blocks_take(&f->blocks, (struct span){f->peek.signatures, f->peek.signatures_len}, e) : 0;
}

void front_prehash(const struct front *f, unsigned char prehash[static PREHASH_SIZE])
{
	struct hash hash;

	hash_init(&hash, PREHASH_SIZE);
	hash_update(&hash, f->peek.manifest, f->peek.manifest_len);
	hash_final(&hash, prehash, PREHASH_SIZE);
}

int front_write(const struct front *f, const char *name, struct err *e)
{
	return bundle_resign(name, f->fd, f->peek.signatures_at, f->peek.rest_at, (struct span){f->blocks.text, f->blocks.len}, e);
}

void front_close(struct front *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
	peek_clear(&f->peek);
}

static void say_json(const struct front *f, const char *name)
{
	char id[KEYID_HEX + 1];
	struct json j;

	json_begin(&j, stdout);
	json_open_object(&j, NULL);
	json_put_string(&j, "verdict", verdict_word(VERDICT_OK));
	json_put_number(&j, "status", STATUS_DONE);
	json_put_string(&j, "bundle", name);
	json_open_array(&j, "signers");
	for (size_t i = 0; i < f->blocks.n; i++) {
		keyid_print(id, f->blocks.ids[i]);
		json_put_string(&j, NULL, id);
	}
	json_close_array(&j);
	json_close_object(&j);
	json_finish(&j);
}

void front_say(const struct front *f, const char *name, bool json)
{
	char id[KEYID_HEX + 1];

	if (json) {
		say_json(f, name);
		return;
	}
	printf("%s: signed by", name);
	for (size_t i = 0; i < f->blocks.n; i++) {
		keyid_print(id, f->blocks.ids[i]);
		printf(" %s", id);
	}
	putchar('\n');
}
