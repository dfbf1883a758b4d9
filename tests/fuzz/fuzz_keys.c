/* SPDX-License-Identifier: ISC */
/* Key and signature files that somebody hands over: the first byte says of which kind. What was read can be written and read again. */
#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "keys/adopt.h"
#include "keys/blocks.h"
#include "keys/foreign.h"
#include "keys/seal.h"
#include "tests/bundle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum kind { ADOPT, FOREIGN, SECRET, BLOCKS, ADDED, KINDS };

static void must_say_why(const struct err *e)
{
	if (e->verdict == VERDICT_OK || e->message[0] == '\0')
		abort();
}

static void adopt(const char *text, size_t len)
{
	struct public_key key, again;
	char out[FOREIGN_TEXT_MAX];
	struct err e = {0};

	if (adopt_parse(&key, text, len, &e) != 0) {
		must_say_why(&e);
		return;
	}
	for (int i = 0; i < 2; i++) {
		foreign_public_text(out, &key, i ? FORM_PEM : FORM_SSH);
		if (adopt_parse(&again, out, strlen(out), NULL) != 0 || memcmp(&again, &key, sizeof key) != 0)
			abort();
	}
}

/* A key in PEM has no id of its own: the one that it gets is the same for everybody. */
static void must_survive(const struct seckey *k, enum foreign_form form)
{
	char *text = foreign_secret_text(k, form, NULL);
	struct seckey *again = NULL;

	if (!text || !foreign_is_secret(text, strlen(text)) || foreign_secret(&again, text, strlen(text), NULL) != 0 ||
	    memcmp(again->key, k->key, SEAL_KEY) != 0 || (form == FORM_SIGNIFY && memcmp(again->id, k->id, KEYID_SIZE) != 0))
		abort();
	seckey_free(&again);
	sodium_free(text);
}

static void foreign(const char *text, size_t len)
{
	struct seckey *k = NULL;
	struct err e = {0};

	(void)foreign_is_secret(text, len);
	if (foreign_secret(&k, text, len, &e) != 0) {
		must_say_why(&e);
		if (k)
			abort();
		return;
	}
	must_survive(k, FORM_SIGNIFY);
	must_survive(k, FORM_PEM);
	seckey_free(&k);
}

/* Only what is not sealed is opened: scrypt takes seconds. */
static void secret(const char *text, size_t len)
{
	unsigned char *blob = sodium_malloc(SEAL_BLOB);
	struct seckey *k = sodium_malloc(sizeof *k);
	struct seckey_about about;
	struct err e = {0};

	if (!blob || !k)
		abort();
	if (seckey_look(&about, text, len, &e) != 0) {
		must_say_why(&e);
	} else if (!about.sealed) {
		if (seal_decode(blob, text, len, &e) != 0)
			abort(); /* it was looked at before */
		if (seal_open(k, blob, NULL, &e) != 0)
			must_say_why(&e);
		else if (memcmp(k->id, about.id, KEYID_SIZE) != 0)
			abort();
	} else if (about.memory_mib == 0) {
		abort();
	}
	sodium_free(k);
	sodium_free(blob);
}

static void must_be_blocks(const struct blocks *b)
{
	static struct blocks again;

	again = (struct blocks){.len = 0};
	if (blocks_take(&again, (struct span){b->text, b->len}, NULL) != 0 || again.n != b->n || again.len != b->len)
		abort();
}

/* The corpus holds signatures by this key for this text; whoever adds more of them has found a key. */
static void blocks(bool add, const char *text, size_t len)
{
	static const unsigned char prehash[PREHASH_SIZE];
	static struct trust trust;
	static struct blocks b;
	struct test_key key;
	struct err e = {0};
	int rc;

	if (trust.nkeys == 0) {
		test_key_make(&key, 1);
		trust.keys[trust.nkeys++] = key.pub;
	}
	b = (struct blocks){.len = 0};
	rc = add ? blocks_add(&b, (struct span){text, len}, &trust, prehash, &e) : blocks_take(&b, (struct span){text, len}, &e);
	if (rc != 0)
		must_say_why(&e);
	else
		must_be_blocks(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (size < 1 || sodium_init() < 0)
		return 0;
	text = malloc(size); /* one less than there is, so that a sanitizer sees the first byte too far */
	if (!text)
		return 0;
	memcpy(text, data + 1, --size);
	switch ((enum kind)(data[0] % KINDS)) {
	case ADOPT: adopt(text, size); break;
	case FOREIGN: foreign(text, size); break;
	case SECRET: secret(text, size); break;
	case BLOCKS: blocks(false, text, size); break;
	default: blocks(true, text, size); break;
	}
	free(text);
	return 0;
}
