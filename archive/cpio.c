/* SPDX-License-Identifier: ISC */
/* cpio: newc, crc (whose sums are checked), odc and the old binary form in both byte orders. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "archive/intake.h"
#include "core/crypto.h"

enum { NEWC_LEN = 110, ODC_LEN = 76, BINARY_LEN = 26, NAME_MAX_LEN = 64 << 10, TARGET_MAX_LEN = 64 << 10, NAMES_MAX = 1 << 18 };

struct header {
	uint64_t inode, device;  /* DEVICE: major and minor together */
	uint32_t mode, uid, gid, nlink, sum;
	uint64_t size;
	size_t name_size;        /* with the NUL */
	size_t head;             /* bytes of the header itself */
	unsigned align;          /* of name and content */
	bool summed;
};

/* A file of several names. In newc the content comes with any one of them, in odc and binary with each. */
struct linked {
	uint64_t inode, device, size, offset;
	bool has_content;
	unsigned char hash[HASH_SIZE];
	struct import_member *names; /* those that are still without content; path is their own */
	size_t n, room;
};

struct cpio {
	struct intake *i;
	struct feed f;
	struct linked *linked;
	size_t n, room;
	size_t waiting;      /* names without content */
};

static int malformed(const struct cpio *c, struct err *e, const char *what)
{
	return err_set(e, VERDICT_MALFORMED_HEADER, "%s is damaged near byte %" PRIu64 " of its cpio: %s", c->i->name, c->f.taken, what);
}

bool cpio_begins(const unsigned char *head, size_t n)
{
	return n >= 6 && (memcmp(head, "070701", 6) == 0 || memcmp(head, "070702", 6) == 0 || memcmp(head, "070707", 6) == 0 ||
			  memcmp(head, "\xc7\x71", 2) == 0 || memcmp(head, "\x71\xc7", 2) == 0);
}

/* --- headers --- */

/* Exactly N digits of base 8 or 16. Returns 0 or -1. */
static int digits(uint64_t *out, const char *at, size_t n, unsigned base)
{
	*out = 0;
	for (size_t k = 0; k < n; k++) {
		char c = at[k];
		unsigned d = c >= '0' && c <= '9' ? (unsigned)(c - '0') : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
			   : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A' + 10) : 99;

		if (d >= base)
			return -1;
		*out = *out * base + d;
	}
	return 0;
}

static int take_newc(struct header *h, const char *at)
{
	uint64_t field[13];

	for (size_t k = 0; k < 13; k++)
		if (digits(&field[k], at + 6 + 8 * k, 8, 16) != 0)
			return -1;
	*h = (struct header){.inode = field[0], .mode = (uint32_t)field[1], .uid = (uint32_t)field[2], .gid = (uint32_t)field[3],
			     .nlink = (uint32_t)field[4], .size = field[6], .device = field[7] << 32 | field[8],
			     .name_size = (size_t)field[11], .sum = (uint32_t)field[12], .head = NEWC_LEN, .align = 4,
			     .summed = at[5] == '2'};
	return 0;
}

static int take_odc(struct header *h, const char *at)
{
	static const unsigned char width[] = {6, 6, 6, 6, 6, 6, 6, 11, 6, 11};
	uint64_t field[10];
	const char *p = at + 6;

	for (size_t k = 0; k < 10; p += width[k++])
		if (digits(&field[k], p, width[k], 8) != 0)
			return -1;
	*h = (struct header){.device = field[0], .inode = field[1], .mode = (uint32_t)field[2], .uid = (uint32_t)field[3],
			     .gid = (uint32_t)field[4], .nlink = (uint32_t)field[5], .name_size = (size_t)field[8], .size = field[9],
			     .head = ODC_LEN, .align = 1};
	return 0;
}

static uint32_t half(const unsigned char *at, bool swapped)
{
	return swapped ? (uint32_t)at[0] << 8 | at[1] : (uint32_t)at[1] << 8 | at[0];
}

/* 16-bit words in the byte order of the machine; long ones have their high half first, on every machine. */
static void take_binary(struct header *h, const unsigned char *at)
{
	bool swapped = at[0] == 0x71;
	uint32_t word[13];

	for (size_t k = 0; k < 13; k++)
		word[k] = half(at + 2 * k, swapped);
	*h = (struct header){.device = word[1], .inode = word[2], .mode = word[3], .uid = word[4], .gid = word[5], .nlink = word[6],
			     .name_size = word[10], .size = (uint64_t)word[11] << 16 | word[12], .head = BINARY_LEN, .align = 2};
}

/* The next header. Returns 1, 0 at the end, -1. */
static int next_header(struct cpio *c, struct header *h, struct err *e)
{
	unsigned char at[NEWC_LEN];
	int rc = feed_take(&c->f, at, BINARY_LEN, e);

	if (rc != 1)
		return rc;
	if ((at[0] == 0xc7 && at[1] == 0x71) || (at[0] == 0x71 && at[1] == 0xc7)) {
		take_binary(h, at);
	} else if (memcmp(at, "070707", 6) == 0) {
		if (feed_need(&c->f, at + BINARY_LEN, ODC_LEN - BINARY_LEN, e) != 0)
			return -1;
		if (take_odc(h, (const char *)at) != 0)
			return malformed(c, e, "a header's field is not a number");
	} else if (memcmp(at, "070701", 6) == 0 || memcmp(at, "070702", 6) == 0) {
		if (feed_need(&c->f, at + BINARY_LEN, NEWC_LEN - BINARY_LEN, e) != 0)
			return -1;
		if (take_newc(h, (const char *)at) != 0)
			return malformed(c, e, "a header's field is not a number");
	} else {
		return malformed(c, e, "an entry does not begin as one");
	}
	if (h->name_size == 0 || h->name_size > NAME_MAX_LEN)
		return malformed(c, e, "a name's length cannot be right");
	return 1;
}

static int pad(struct cpio *c, const struct header *h, uint64_t len, struct err *e)
{
	return feed_skip(&c->f, (h->align - len % h->align) % h->align, e);
}

/* A name or a link's target of SIZE bytes: a fresh string. */
static char *text(struct cpio *c, size_t size, struct err *e)
{
	char *out = malloc(size + 1);

	if (!out) {
		err_set(e, VERDICT_SYSTEM, "out of memory");
		return NULL;
	}
	out[size] = '\0';
	if (feed_need(&c->f, out, size, e) == 0)
		return out;
	free(out);
	return NULL;
}

/* --- content --- */

static int content(struct cpio *c, const struct header *h, unsigned char hash[static HASH_SIZE], struct err *e)
{
	const unsigned char *at;
	struct hash running;
	uint32_t sum = 0;
	size_t n;

	hash_init(&running, HASH_SIZE);
	for (uint64_t left = h->size; left > 0; left -= n) {
		if (feed_run(&c->f, &at, &n, left, e) != 0 || intake_write(c->i, at, n, e) != 0)
			return -1;
		for (size_t k = 0; h->summed && k < n; k++)
			sum += at[k];
		if (h->nlink > 1)
			hash_update(&running, at, n);
	}
	hash_final(&running, hash, HASH_SIZE);
	if (h->summed && sum != h->sum && (h->size > 0 || h->sum != 0))
		return malformed(c, e, "a file's sum is wrong");
	return pad(c, h, h->size, e);
}

/* --- files of several names --- */

static struct linked *find(struct cpio *c, const struct header *h, struct err *e)
{
	for (size_t k = 0; k < c->n; k++)
		if (c->linked[k].inode == h->inode && c->linked[k].device == h->device)
			return &c->linked[k];
	if (c->n == c->room) {
		size_t room = c->room ? c->room * 2 : 64;
		struct linked *more = realloc(c->linked, room * sizeof *more);

		if (!more) {
			err_set(e, VERDICT_SYSTEM, "out of memory");
			return NULL;
		}
		c->linked = more;
		c->room = room;
	}
	c->linked[c->n] = (struct linked){.inode = h->inode, .device = h->device};
	return &c->linked[c->n++];
}

static int emit(struct cpio *c, struct linked *l, struct import_member *m, struct err *e)
{
	m->size = l->size;
	m->offset = l->offset;
	return intake_member(c->i, m, e);
}

/* The names that came without content have that of L, too. */
static int settle(struct cpio *c, struct linked *l, struct err *e)
{
	for (; l->n > 0; c->waiting--) {
		struct import_member *name = &l->names[l->n - 1];
		int rc = emit(c, l, name, e);

		free((char *)name->path);
		l->n--;
		if (rc != 0)
			return -1;
	}
	return 0;
}

static void linked_free(struct cpio *c)
{
	for (size_t k = 0; k < c->n; k++) {
		while (c->linked[k].n > 0)
			free((char *)c->linked[k].names[--c->linked[k].n].path);
		free(c->linked[k].names);
	}
	free(c->linked);
}

static int wait_for_content(struct cpio *c, struct linked *l, const struct import_member *m, struct err *e)
{
	struct import_member *name;

	if (c->waiting++ == NAMES_MAX)
		return err_set(e, VERDICT_TOO_LARGE, "%s holds more than %d hard links", c->i->name, NAMES_MAX);
	if (l->n == l->room) {
		size_t room = l->room ? l->room * 2 : 4;
		struct import_member *more = realloc(l->names, room * sizeof *more);

		if (!more)
			return err_set(e, VERDICT_SYSTEM, "out of memory");
		l->names = more;
		l->room = room;
	}
	name = &l->names[l->n];
	*name = *m;
	name->path = strdup(m->path);
	if (!name->path)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	l->n++;
	return 0;
}

static int take_linked(struct cpio *c, const struct header *h, struct import_member *m, struct err *e)
{
	struct linked *l = find(c, h, e);
	unsigned char hash[HASH_SIZE];
	uint64_t offset = c->i->spooled;

	if (!l)
		return -1;
	if (h->size == 0)
		return l->has_content ? emit(c, l, m, e) : wait_for_content(c, l, m, e);
	if (content(c, h, hash, e) != 0)
		return -1;
	if (l->has_content && (l->size != h->size || !crypto_equal(l->hash, hash, HASH_SIZE)))
		return intake_refuse(c->i, m->path, e, "it is a hard link, which has other content");
	if (!l->has_content) {
		l->has_content = true;
		l->size = h->size;
		l->offset = offset;
		memcpy(l->hash, hash, HASH_SIZE);
		if (settle(c, l, e) != 0)
			return -1;
	}
	return emit(c, l, m, e);
}

/* --- entries --- */

static int take_link(struct cpio *c, const struct header *h, struct import_member *m, struct err *e)
{
	char *target;
	int rc;

	if (h->size > TARGET_MAX_LEN)
		return malformed(c, e, "a link's target is longer than any path");
	target = text(c, (size_t)h->size, e);
	if (!target)
		return -1;
	m->kind = IMPORT_LINK;
	m->target = target;
	if (strlen(target) != h->size)
		rc = intake_refuse(c->i, m->path, e, "it is damaged: its target holds a NUL");
	else
		rc = intake_member(c->i, m, e);
	free(target);
	return rc == 0 ? pad(c, h, h->size, e) : -1;
}

static int take_file(struct cpio *c, const struct header *h, struct import_member *m, struct err *e)
{
	unsigned char hash[HASH_SIZE];

	m->kind = IMPORT_FILE;
	if (h->nlink > 1)
		return take_linked(c, h, m, e);
	m->size = h->size;
	m->offset = c->i->spooled;
	return intake_member(c->i, m, e) == 0 ? content(c, h, hash, e) : -1;
}

static int take_entry(struct cpio *c, const struct header *h, char *name, struct err *e)
{
	bool is_dir = S_ISDIR(h->mode), root;
	struct import_member m = {.mode = h->mode & 07777, .uid = h->uid, .gid = h->gid};

	m.path = intake_plain(name, is_dir, &root);
	if (S_ISREG(h->mode))
		return take_file(c, h, &m, e);
	if (S_ISLNK(h->mode))
		return take_link(c, h, &m, e);
	if (is_dir && h->size == 0) {
		m.kind = IMPORT_DIR;
		return root ? 0 : intake_member(c->i, &m, e);
	}
	if (feed_skip(&c->f, h->size, e) != 0 || pad(c, h, h->size, e) != 0)
		return -1;
	return intake_refuse(c->i, m.path, e, "%s", is_dir ? "it is a directory with content" : intake_kind_fault(h->mode));
}

/* One entry. Returns 1, 0 when it was the last, -1. */
static int take(struct cpio *c, struct err *e)
{
	struct header h;
	char *name;
	int rc = next_header(c, &h, e);

	if (rc == 0)
		return err_set(e, VERDICT_TRUNCATED, "%s has no end-of-archive mark: it may have been cut off", c->i->name);
	if (rc != 1)
		return -1;
	name = text(c, h.name_size, e);
	if (!name || pad(c, &h, h.head + h.name_size, e) != 0)
		rc = -1;
	else if (strlen(name) != h.name_size - 1)
		rc = malformed(c, e, "a name does not end where it says");
	else if (strcmp(name, "TRAILER!!!") == 0)
		rc = 0;
	else
		rc = take_entry(c, &h, name, e) == 0 ? 1 : -1;
	free(name);
	return rc;
}

int cpio_read(struct intake *i, struct stream *s, struct err *e)
{
	struct cpio c = {.i = i, .f = {.s = s}};
	int rc;

	do
		rc = take(&c, e);
	while (rc == 1 && intake_progress(i, e) == 0);
	if (rc == 1)
		rc = -1;
	for (size_t k = 0; rc == 0 && k < c.n; k++)
		rc = settle(&c, &c.linked[k], e); /* what still waits is empty */
	if (rc == 0)
		rc = feed_end(&c.f, "cpio archive", e);
	linked_free(&c);
	return rc;
}
