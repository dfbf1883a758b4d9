/* SPDX-License-Identifier: ISC */
/* Keyrings: edited as records, written as the one text that each has. */
#include "keys/ring.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/io.h"

enum { LINE_MAX_LEN = 256, LINES_MAX = KEYRING_REVOKED_MAX };

int ring_file_read(struct ring_file *out, const char *path, struct err *e)
{
	char quoted[160];

	*out = (struct ring_file){.text = NULL};
	if (io_read_file(&out->text, &out->len, path, KEYRING_MAX, e) != 0)
		return err_prefix(e, "keyring");
	if (keyring_parse(&out->ring, out->text, out->len, e) == 0)
		return 0;
	ring_file_free(out);
	return err_prefix(e, "%s", err_quote(quoted, sizeof quoted, path, strlen(path)));
}

void ring_file_free(struct ring_file *f)
{
	free(f->text);
	f->text = NULL;
}

/* --- the text --- */

/* Lines of one kind, to be sorted. */
struct lines {
	char at[LINES_MAX][LINE_MAX_LEN];
	size_t n;
};

struct draft {
	char text[KEYRING_MAX];  /* all lines of all kinds at their limits and lengths come to about 26 KiB */
	size_t len;
	struct lines lines;
};

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void put(struct draft *d, const char *line)
{
	d->len += (size_t)snprintf(d->text + d->len, sizeof d->text - d->len, "%s\n", line);
}

static void put_number(struct draft *d, const char *words, uint64_t n)
{
	char line[LINE_MAX_LEN];

	snprintf(line, sizeof line, "%s %" PRIu64, words, n);
	put(d, line);
}

static void flush(struct draft *d)
{
	qsort(d->lines.at, d->lines.n, sizeof d->lines.at[0], compare);
	for (size_t i = 0; i < d->lines.n; i++)
		put(d, d->lines.at[i]);
	d->lines.n = 0;
}

__attribute__((format(printf, 2, 3))) static void line(struct draft *d, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(d->lines.at[d->lines.n++], LINE_MAX_LEN, format, args);
	va_end(args);
}

static void key_text(char out[static BASE64_SIZE(PUBLIC_KEY_BLOB)], const struct public_key *key)
{
	unsigned char blob[PUBLIC_KEY_BLOB] = "Ed";

	memcpy(blob + 2, key->id, KEYID_SIZE);
	memcpy(blob + 2 + KEYID_SIZE, key->key, ED25519_PUBLIC_SIZE);
	base64_encode(out, BASE64_SIZE(PUBLIC_KEY_BLOB), blob, sizeof blob);
}

static void write_lines(struct draft *d, const struct keyring *k)
{
	char key[BASE64_SIZE(PUBLIC_KEY_BLOB)], id[KEYID_HEX + 1];

	put(d, KEYRING_MAGIC);
	put_number(d, "serial", k->serial);
	put_number(d, "threshold root", k->root_threshold);
	for (size_t i = 0; i < k->nroots; i++) {
		key_text(key, &k->roots[i]);
		line(d, "root %s", key);
	}
	flush(d);
	put_number(d, "threshold release", k->release_threshold);
	for (size_t i = 0; i < k->nreleases; i++) {
		key_text(key, &k->releases[i].key);
		line(d, "release %s %s %s", key, k->releases[i].product, k->releases[i].boards);
	}
	flush(d);
	for (size_t i = 0; i < k->nrevoked; i++) {
		keyid_print(id, k->revoked[i]);
		line(d, "revoked %s", id);
	}
	flush(d);
	for (size_t i = 0; i < k->nfloors; i++)
		line(d, "floor %s %" PRIu64, k->floors[i].product, k->floors[i].counter);
	flush(d);
}

int ring_file_write(const char *path, const struct keyring *k, bool exclusive, struct err *e)
{
	struct draft *d = calloc(1, sizeof *d);
	struct keyring *again = malloc(sizeof *again);
	int rc = -1;

	if (!d || !again) {
		err_set(e, VERDICT_SYSTEM, "out of memory");
		goto out;
	}
	write_lines(d, k);
	if (k->nroots < k->root_threshold) {
		err_set(e, VERDICT_USAGE, "of %zu %s at least %" PRIu32 " cannot sign", k->nroots, k->nroots == 1 ? "root" : "roots", k->root_threshold);
		goto out;
	}
	if (keyring_parse(again, d->text, d->len, e) != 0) {
		err_prefix(e, "this would be no keyring");
		goto out;
	}
	rc = io_write_new(path, d->text, d->len, 0644, exclusive, e);
out:
	free(again);
	free(d);
	return rc;
}

/* --- edits; what they put together is checked when it is written --- */

static bool is_root(const struct keyring *k, const unsigned char id[static KEYID_SIZE])
{
	for (size_t i = 0; i < k->nroots; i++)
		if (memcmp(k->roots[i].id, id, KEYID_SIZE) == 0)
			return true;
	return false;
}

static bool is_release(const struct keyring *k, const unsigned char id[static KEYID_SIZE])
{
	for (size_t i = 0; i < k->nreleases; i++)
		if (memcmp(k->releases[i].key.id, id, KEYID_SIZE) == 0)
			return true;
	return false;
}

/* A word, a word with a star at its end, or the star alone. */
static bool is_pattern(const char *boards)
{
	size_t n = strlen(boards);
	bool star = n > 0 && boards[n - 1] == '*';

	return (star && n == 1) || text_is_name((struct span){boards, n - star});
}

int ring_add_root(struct keyring *k, const struct public_key *key, struct err *e)
{
	char id[KEYID_HEX + 1];

	keyid_print(id, key->id);
	if (keyring_revokes(k, key->id))
		return err_set(e, VERDICT_USAGE, "key %s is revoked, and that is for good", id);
	if (is_root(k, key->id))
		return err_set(e, VERDICT_USAGE, "key %s is a root already", id);
	if (is_release(k, key->id))
		return err_set(e, VERDICT_USAGE, "key %s signs bundles: a root signs keyrings and nothing else", id);
	if (k->nroots == KEYRING_ROOTS_MAX)
		return err_set(e, VERDICT_USAGE, "a keyring holds at most %d roots", KEYRING_ROOTS_MAX);
	k->roots[k->nroots++] = *key;
	return 0;
}

int ring_add_release(struct keyring *k, const struct public_key *key, const char *product, const char *boards, struct err *e)
{
	struct keyring_release *r = &k->releases[k->nreleases];
	char id[KEYID_HEX + 1];

	keyid_print(id, key->id);
	if (keyring_revokes(k, key->id))
		return err_set(e, VERDICT_USAGE, "key %s is revoked, and that is for good", id);
	if (is_root(k, key->id))
		return err_set(e, VERDICT_USAGE, "key %s is a root, which signs keyrings and nothing else", id);
	if (!text_is_name((struct span){product, strlen(product)}))
		return err_set(e, VERDICT_USAGE, "a product is 1 to 64 of [A-Za-z0-9._+-]");
	if (!is_pattern(boards))
		return err_set(e, VERDICT_USAGE, "boards are an id, the beginning of some with `*' behind it, or `*'");
	for (size_t i = 0; i < k->nreleases; i++)
		if (memcmp(k->releases[i].key.id, key->id, KEYID_SIZE) == 0 && strcmp(k->releases[i].product, product) == 0 &&
		    strcmp(k->releases[i].boards, boards) == 0)
			return err_set(e, VERDICT_USAGE, "key %s may sign %s for %s already", id, product, boards);
	if (k->nreleases == KEYRING_RELEASES_MAX)
		return err_set(e, VERDICT_USAGE, "a keyring holds at most %d release lines", KEYRING_RELEASES_MAX);
	if (strlen(product) > TEXT_NAME_MAX || strlen(boards) > KEYRING_PATTERN_MAX)
		return err_set(e, VERDICT_USAGE, "the product or the board pattern is too long");
	r->key = *key;
	memcpy(r->product, product, strlen(product) + 1);
	memcpy(r->boards, boards, strlen(boards) + 1);
	k->nreleases++;
	return 0;
}

int ring_revoke(struct keyring *k, const unsigned char id[static KEYID_SIZE], struct err *e)
{
	size_t roots = 0, releases = 0;
	char text[KEYID_HEX + 1];

	keyid_print(text, id);
	if (keyring_revokes(k, id))
		return err_set(e, VERDICT_USAGE, "key %s is revoked already", text);
	if (k->nrevoked == KEYRING_REVOKED_MAX)
		return err_set(e, VERDICT_USAGE, "a keyring holds at most %d revocations", KEYRING_REVOKED_MAX);
	for (size_t i = 0; i < k->nroots; i++)
		if (memcmp(k->roots[i].id, id, KEYID_SIZE) != 0)
			k->roots[roots++] = k->roots[i];
	for (size_t i = 0; i < k->nreleases; i++)
		if (memcmp(k->releases[i].key.id, id, KEYID_SIZE) != 0)
			k->releases[releases++] = k->releases[i];
	if (roots < k->root_threshold)
		return err_set(e, VERDICT_USAGE, "without root %s there are fewer roots than sign (%" PRIu32 "): add another first", text,
			       k->root_threshold);
	k->nroots = roots;
	k->nreleases = releases;
	memcpy(k->revoked[k->nrevoked++], id, KEYID_SIZE);
	return 0;
}

int ring_floor(struct keyring *k, const char *product, uint64_t counter, struct err *e)
{
	struct keyring_floor *floor = k->floors;

	if (!text_is_name((struct span){product, strlen(product)}))
		return err_set(e, VERDICT_USAGE, "a product is 1 to 64 of [A-Za-z0-9._+-]");
	while (floor < k->floors + k->nfloors && strcmp(floor->product, product) != 0)
		floor++;
	if (floor == k->floors + KEYRING_FLOORS_MAX)
		return err_set(e, VERDICT_USAGE, "a keyring holds at most %d floors", KEYRING_FLOORS_MAX);
	k->nfloors += floor == k->floors + k->nfloors;
	memcpy(floor->product, product, strlen(product) + 1);
	floor->counter = counter;
	return 0;
}
