/* SPDX-License-Identifier: ISC */
/* Lists of known infections, and the look at content: the list itself serves as the content, whole and in pieces. */
#include <stdlib.h>
#include <string.h>

#include "verifier/known_bad.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void count(void *context, const struct sign *sign)
{
	if (sign->id[0] == '\0' || sign->words[0] == '\0')
		abort();
	(*(unsigned *)context)++;
}

static unsigned look(const struct known_bad *k, size_t path, const uint8_t *data, size_t size, size_t step)
{
	unsigned char hash[HASH_SIZE];
	struct look l;
	struct sighting s = {.size = size, .hash = hash, .look = &l};
	unsigned hits = 0;

	hash_buffer(hash, data, size);
	look_begin(&l, k, path);
	for (size_t at = 0; at < size; at += step)
		look_feed(&l, data + at, size - at < step ? size - at : step);
	look_content_ends(&l);
	known_bad_judge(k, path, &s, count, &hits);
	return hits;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct known_bad *k = NULL;
	struct err e = {0};

	if (known_bad_parse(&k, "list", (const char *)data, size, &e) != 0) {
		if (k || e.verdict == VERDICT_OK || e.message[0] == '\0')
			abort();
		return 0;
	}
	if (known_bad_signs(k) == 0 || known_bad_paths(k) == 0)
		abort();
	for (size_t i = 0; i < known_bad_paths(k); i++) {
		if (known_bad_find(k, known_bad_path(k, i)) != (int64_t)i)
			abort();
		if (i < 8 && look(k, i, data, size, size + 1) != look(k, i, data, size, 7))
			abort(); /* it matters how the content came in */
	}
	known_bad_free(&k);
	return 0;
}
