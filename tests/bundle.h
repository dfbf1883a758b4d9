/* SPDX-License-Identifier: ISC */
/* A small signed bundle in memory, made by hand from the specification, for tests of the reader and what stands on it. */
#ifndef TESTS_BUNDLE_H
#define TESTS_BUNDLE_H

#include <inttypes.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/chain.h"
#include "core/crypto.h"
#include "core/deflate.h"
#include "core/minisig.h"
#include "core/text.h"
#include "core/trust.h"
#include "core/ustar.h"

/* Bytes that grow. */
struct pile {
	unsigned char *at;
	size_t len, room;
};

static inline void pile_add(struct pile *p, const void *bytes, size_t len)
{
	if (p->len + len > p->room) {
		p->room = (p->len + len) * 2 + 4096;
		p->at = realloc(p->at, p->room);
		if (!p->at)
			abort();
	}
	if (len > 0)
		memcpy(p->at + p->len, bytes, len);
	p->len += len;
}

static inline void pile_pad(struct pile *p)
{
	static const unsigned char zeros[USTAR_BLOCK];

	pile_add(p, zeros, (size_t)ustar_padding(p->len));
}

__attribute__((format(printf, 2, 3))) static inline void pile_print(struct pile *p, const char *format, ...)
{
	char line[2048];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(line, sizeof line, format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= sizeof line)
		abort();
	pile_add(p, line, (size_t)n);
}

static inline void pile_member(struct pile *p, const char *name, const void *bytes, size_t len)
{
	unsigned char header[USTAR_BLOCK];

	ustar_member(header, name, len);
	pile_add(p, header, sizeof header);
	pile_add(p, bytes, len);
	pile_pad(p);
}

struct test_key {
	struct public_key pub;
	unsigned char secret[crypto_sign_SECRETKEYBYTES];
};

/* A key from a seed: the same each run, worth nothing. */
static inline void test_key_make(struct test_key *k, unsigned char seed)
{
	unsigned char bytes[crypto_sign_SEEDBYTES];

	memset(bytes, seed, sizeof bytes);
	crypto_sign_seed_keypair(k->pub.key, k->secret, bytes);
	memset(k->pub.id, seed, KEYID_SIZE);
	k->pub.id[0] = 0x0f;
}

/* Adds a block of four lines to SIGS: K's signature of TEXT. */
static inline void pile_sign(struct pile *sigs, const struct test_key *k, const void *text, size_t len, const char *comment)
{
	unsigned char blob[MINISIG_BLOB] = "ED", prehash[PREHASH_SIZE], *sig = blob + 2 + KEYID_SIZE;
	unsigned char global[ED25519_SIG_SIZE + 1024], global_sig[ED25519_SIG_SIZE];
	char id[KEYID_HEX + 1], line[BASE64_SIZE(MINISIG_BLOB)];
	struct hash h;

	hash_init(&h, PREHASH_SIZE);
	hash_update(&h, text, len);
	hash_final(&h, prehash, PREHASH_SIZE);
	memcpy(blob + 2, k->pub.id, KEYID_SIZE);
	crypto_sign_detached(sig, NULL, prehash, PREHASH_SIZE, k->secret);
	memcpy(global, sig, ED25519_SIG_SIZE);
	memcpy(global + ED25519_SIG_SIZE, comment, strlen(comment));
	crypto_sign_detached(global_sig, NULL, global, ED25519_SIG_SIZE + strlen(comment), k->secret);
	keyid_print(id, k->pub.id);
	base64_encode(line, sizeof line, blob, sizeof blob);
	pile_print(sigs, "untrusted comment: firmseal key %s\n%s\ntrusted comment: %s\n", id, line, comment);
	base64_encode(line, sizeof line, global_sig, sizeof global_sig);
	pile_print(sigs, "%s\n", line);
}

/* The parts of a bundle, before they are put together. */
struct test_bundle {
	struct pile entries;  /* entry lines */
	struct pile tail;     /* write and run lines */
	struct pile stream;   /* the payload's tar stream */
	struct pile payload;  /* its chunks, compressed */
	struct pile manifest, sigs, out;
	uint32_t chunk_size;
	unsigned counter, keyring; /* 0: counter 7, no keyring line */
};

static inline void test_bundle_entry(struct test_bundle *b, const struct ustar_entry *entry, const void *content)
{
	unsigned char header[USTAR_BLOCK], hash[HASH_SIZE];
	char hex[HASH_HEX + 1];

	ustar_header(header, entry);
	pile_add(&b->stream, header, sizeof header);
	hash_buffer(hash, content, (size_t)entry->size);
	text_put_hash(hex, hash);
	if (entry->type == USTAR_FILE)
		pile_print(&b->entries, "file %04o 0 0 %" PRIu64 " %s %s\n", entry->mode, entry->size, hex, entry->path);
	else if (entry->type == USTAR_DIR)
		pile_print(&b->entries, "dir %04o 0 0 %s\n", entry->mode, entry->path);
	else
		pile_print(&b->entries, "link 0 0 %s %s\n", entry->path, entry->target);
	pile_add(&b->stream, content, (size_t)entry->size);
	pile_pad(&b->stream);
}

static inline void test_bundle_dir(struct test_bundle *b, const char *path)
{
	struct ustar_entry entry = {.type = USTAR_DIR, .path = path, .target = "", .mode = 0755, .mtime = 1700000000};

	test_bundle_entry(b, &entry, "");
}

static inline void test_bundle_file(struct test_bundle *b, const char *path, const void *content, size_t len)
{
	struct ustar_entry entry = {
		.type = USTAR_FILE, .path = path, .target = "", .mode = 0644, .size = len, .mtime = 1700000000};

	test_bundle_entry(b, &entry, content);
}

static inline void test_bundle_link(struct test_bundle *b, const char *path, const char *target)
{
	struct ustar_entry entry = {.type = USTAR_LINK, .path = path, .target = target, .mode = 0777, .mtime = 1700000000};

	test_bundle_entry(b, &entry, "");
}

/* Compresses the stream and writes the manifest. */
static inline void test_bundle_manifest(struct test_bundle *b)
{
	static const unsigned char zeros[USTAR_END];
	struct deflater *d = deflater_new(6);
	unsigned char hash[HASH_SIZE], *buf;
	char hex[HASH_HEX + 1];

	if (b->chunk_size == 0)
		b->chunk_size = 64 << 10;
	buf = malloc(deflate_bound(b->chunk_size));
	pile_add(&b->stream, zeros, sizeof zeros);
	if (b->counter == 0)
		b->counter = 7;
	pile_print(&b->manifest, "firmseal-manifest 1\nproduct test\nversion 1.0\ncounter %u\ncreated 1700000000\n", b->counter);
	if (b->keyring > 0)
		pile_print(&b->manifest, "keyring %u\n", b->keyring);
	pile_print(&b->manifest, "board zynq-s9 1 3\npayload %zu %u %zu\n", b->stream.len, (unsigned)b->chunk_size, (b->stream.len - 1) / b->chunk_size + 1);
	for (size_t at = 0; at < b->stream.len; at += b->chunk_size) {
		size_t n = b->stream.len - at < b->chunk_size ? b->stream.len - at : b->chunk_size;
		size_t packed = deflater_run(d, buf, deflate_bound(b->chunk_size), b->stream.at + at, n);

		hash_buffer(hash, buf, packed);
		text_put_hash(hex, hash);
		pile_print(&b->manifest, "chunk %zu %s\n", packed, hex);
		pile_add(&b->payload, buf, packed);
	}
	pile_add(&b->manifest, b->entries.at, b->entries.len);
	pile_add(&b->manifest, b->tail.at, b->tail.len);
	free(buf);
	deflater_free(&d);
}

/* Puts manifest, signatures and payload together. */
static inline void test_bundle_assemble(struct test_bundle *b)
{
	static const unsigned char zeros[USTAR_END];

	b->out.len = 0;
	pile_member(&b->out, "manifest", b->manifest.at, b->manifest.len);
	pile_member(&b->out, "manifest.minisig", b->sigs.at, b->sigs.len);
	pile_member(&b->out, "payload.tar.gz", b->payload.at, b->payload.len);
	pile_add(&b->out, zeros, sizeof zeros);
}

static inline void test_bundle_free(struct test_bundle *b)
{
	free(b->entries.at);
	free(b->tail.at);
	free(b->stream.at);
	free(b->payload.at);
	free(b->manifest.at);
	free(b->sigs.at);
	free(b->out.at);
	*b = (struct test_bundle){0};
}

/* The text of a keyring: one root, one release key for product test on zynq boards, then the lines of TAIL. */
static inline void pile_ring(struct pile *p, unsigned serial, const struct test_key *root, const struct test_key *release, const char *tail)
{
	const struct test_key *keys[2] = {root, release};
	char line[2][BASE64_SIZE(PUBLIC_KEY_BLOB)];

	for (int i = 0; i < 2; i++) {
		unsigned char blob[PUBLIC_KEY_BLOB] = "Ed";

		memcpy(blob + 2, keys[i]->pub.id, KEYID_SIZE);
		memcpy(blob + 2 + KEYID_SIZE, keys[i]->pub.key, ED25519_PUBLIC_SIZE);
		base64_encode(line[i], sizeof line[i], blob, sizeof blob);
	}
	pile_print(p, "firmseal-keyring 1\nserial %u\nthreshold root 1\nroot %s\nthreshold release 1\nrelease %s test zynq-*\n%s", serial,
		   line[0], line[1], tail);
}

/* Adds keyring SERIAL, signed by its root, as the pair of members that a bundle begins with. */
static inline void pile_ring_pair(struct pile *p, unsigned serial, const struct test_key *root, const struct test_key *release, const char *tail)
{
	struct pile text = {0}, sigs = {0};
	char name[64];

	pile_ring(&text, serial, root, release, tail);
	pile_sign(&sigs, root, text.at, text.len, "firmseal keyring");
	snprintf(name, sizeof name, "keyring.%u", serial);
	pile_member(p, name, text.at, text.len);
	snprintf(name, sizeof name, "keyring.%u.minisig", serial);
	pile_member(p, name, sigs.at, sigs.len);
	free(text.at);
	free(sigs.at);
}

/* A little of everything, signed by K. */
static inline void test_bundle_small(struct test_bundle *b, const struct test_key *k)
{
	test_bundle_dir(b, "boot");
	test_bundle_link(b, "boot/current", "uImage");
	test_bundle_file(b, "boot/uImage", "kernel", 6);
	test_bundle_file(b, "empty", "", 0);
	pile_print(&b->tail, "write boot/uImage kernel\n");
	test_bundle_manifest(b);
	pile_sign(&b->sigs, k, b->manifest.at, b->manifest.len, "firmseal product:test version:1.0 counter:7");
	test_bundle_assemble(b);
}

/* Takes all pairs of BYTES, as a bundle brings them. Returns 0 or -1, as chain_take. */
static inline int test_chain_take_all(struct chain *c, const void *bytes, size_t len, struct trust *t, struct err *e)
{
	unsigned char header[USTAR_BLOCK];
	struct source_memory src;

	source_memory_init(&src, bytes, len);
	while (src.left > 0)
		if (source_exact(&src.base, header, sizeof header, "a keyring's header", e) != 0 ||
		    chain_take(c, &src.base, header, t, e) != 0)
			return -1;
	return 0;
}

#endif
