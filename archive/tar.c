/* SPDX-License-Identifier: ISC */
/* tar: ustar, pax (POSIX.1-2017 pax), GNU and v7. What two programs that unpack it would understand differently is refused. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "archive/intake.h"

enum {
	BLOCK = 512, NAME_AT = 0, NAME_LEN = 100, MODE_AT = 100, UID_AT = 108, GID_AT = 116, SIZE_AT = 124, SUM_AT = 148, TYPE_AT = 156,
	LINK_AT = 157, MAGIC_AT = 257, PREFIX_AT = 345, PREFIX_LEN = 155, STAR_PREFIX_LEN = 131, STAR_AT = 508, ID_LEN = 8, SIZE_LEN = 12,
	SPARSE_MORE_AT = 482, SPARSE_MORE_NEXT = 504,
	PAX_MAX = 1 << 20, LONG_MAX_LEN = 64 << 10,
};

/* What extension headers say of the entry behind them. */
struct extra {
	bool any, pax;
	char *long_name, *long_link;  /* GNU's L and K */
	char *path, *target;          /* pax; also NULL-terminated */
	char *sparse_name;
	bool has_size, has_uid, has_gid, sparse, attributes;
	uint64_t size, uid, gid;
	const char *fault;            /* why the entry is refused, or NULL */
};

struct tar {
	struct intake *i;
	struct feed f;
	unsigned char block[BLOCK];
	bool pending;                 /* the block was looked at, and is still to be read */
	struct extra extra;
};

static void extra_clear(struct extra *x)
{
	free(x->long_name);
	free(x->long_link);
	free(x->path);
	free(x->target);
	free(x->sparse_name);
	*x = (struct extra){.any = false};
}

static int malformed(const struct tar *t, struct err *e, const char *what)
{
	return err_set(e, VERDICT_MALFORMED_HEADER, "%s is damaged near byte %" PRIu64 " of its tar: %s", t->i->name, t->f.taken, what);
}

/* --- a header's fields --- */

/* Octal digits between spaces and a NUL, or base-256 of GNU. Returns 0 or -1: neither, or negative. */
static int number(uint64_t *out, const unsigned char *at, size_t n)
{
	size_t k = 0;

	*out = 0;
	if (at[0] & 0x80) {
		if (at[0] != 0x80)
			return -1;
		for (k = 1; k < n; k++) {
			if (*out >> 56)
				return -1;
			*out = *out << 8 | at[k];
		}
		return 0;
	}
	while (k < n && at[k] == ' ')
		k++;
	for (; k < n && at[k] >= '0' && at[k] <= '7'; k++)
		*out = *out << 3 | (uint64_t)(at[k] - '0');
	return k == n || at[k] == ' ' || at[k] == '\0' ? 0 : -1;
}

/* The sum as POSIX has it, or of signed bytes as some old programs had it. */
static bool sum_is_right(const unsigned char *h)
{
	uint64_t stated;
	long plain = 0, sign = 0;

	if (number(&stated, h + SUM_AT, 8) != 0)
		return false;
	for (size_t k = 0; k < BLOCK; k++) {
		unsigned char c = k >= SUM_AT && k < SUM_AT + 8 ? ' ' : h[k];

		plain += c;
		sign += (signed char)c;
	}
	return (uint64_t)plain == stated || (sign >= 0 && (uint64_t)sign == stated);
}

bool tar_begins(const unsigned char *head, size_t n)
{
	return n >= BLOCK && (stream_is_zero(head, BLOCK) || sum_is_right(head));
}

/* The name of the header: a fresh string, or NULL. */
static char *header_name(const unsigned char *h)
{
	bool posix = memcmp(h + MAGIC_AT, "ustar", 6) == 0;
	size_t room = memcmp(h + STAR_AT, "tar", 4) == 0 ? STAR_PREFIX_LEN : PREFIX_LEN;
	size_t prefix = posix ? strnlen((const char *)h + PREFIX_AT, room) : 0, name = strnlen((const char *)h + NAME_AT, NAME_LEN);
	char *out = malloc(prefix + 1 + name + 1);

	if (!out)
		return NULL;
	memcpy(out, h + PREFIX_AT, prefix);
	if (prefix > 0)
		out[prefix++] = '/';
	memcpy(out + prefix, h + NAME_AT, name);
	out[prefix + name] = '\0';
	return out;
}

/* --- blocks --- */

/* The next block into t->block. Returns 1, 0 at the end, -1. */
static int next_block(struct tar *t, struct err *e)
{
	if (t->pending) {
		t->pending = false;
		return 1;
	}
	return feed_take(&t->f, t->block, BLOCK, e);
}

static int skip(struct tar *t, uint64_t size, struct err *e)
{
	return feed_skip(&t->f, size, e) == 0 ? feed_skip(&t->f, (BLOCK - size % BLOCK) % BLOCK, e) : -1;
}

/* A body of at most MAX bytes, NUL-terminated, as fresh memory. */
static char *body(struct tar *t, uint64_t size, uint64_t max, struct err *e)
{
	char *text;

	if (size > max) {
		(void)malformed(t, e, "an extension header is longer than any name");
		return NULL;
	}
	text = malloc((size_t)size + 1);
	if (!text) {
		err_set(e, VERDICT_SYSTEM, "out of memory");
		return NULL;
	}
	text[size] = '\0';
	if (feed_need(&t->f, text, (size_t)size, e) != 0 || feed_skip(&t->f, (BLOCK - size % BLOCK) % BLOCK, e) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

/* --- extension headers --- */

/* GNU's L and K: the name, then NULs. */
static int take_long(struct tar *t, char **out, uint64_t size, struct err *e)
{
	char *text;
	size_t len;

	if (*out)
		return malformed(t, e, "two long names for one entry");
	text = body(t, size, LONG_MAX_LEN, e);
	if (!text)
		return -1;
	*out = text;
	len = strlen(text);
	return stream_is_zero((const unsigned char *)text + len, (size_t)size - len) ? 0 : malformed(t, e, "a long name goes on behind its end");
}

struct record {
	const char *key, *value;
	size_t key_len, len;
};

/* The record of "LENGTH KEY=VALUE\n" at *AT, which is moved behind it. Returns 0 or -1. */
static int next_record(struct record *r, const char **at, const char *end)
{
	const char *p = *at, *equals, *stop;
	size_t len = 0;

	for (; p < end && *p >= '0' && *p <= '9' && len <= PAX_MAX; p++)
		len = len * 10 + (size_t)(*p - '0');
	if (p == *at || p == end || *p != ' ' || len > (size_t)(end - *at) || len <= (size_t)(p - *at) + 1)
		return -1;
	stop = *at + len - 1;
	p++;
	equals = memchr(p, '=', (size_t)(stop - p));
	if (*stop != '\n' || !equals || equals == p)
		return -1;
	*r = (struct record){.key = p, .value = equals + 1, .key_len = (size_t)(equals - p), .len = (size_t)(stop - equals - 1)};
	*at = stop + 1;
	return 0;
}

static bool is(const struct record *r, const char *key)
{
	return r->key_len == strlen(key) && memcmp(r->key, key, r->key_len) == 0;
}

static bool begins(const struct record *r, const char *key)
{
	return r->key_len >= strlen(key) && memcmp(r->key, key, strlen(key)) == 0;
}

static int decimal(uint64_t *out, const struct record *r)
{
	*out = 0;
	if (r->len == 0 || r->len > 19)
		return -1;
	for (size_t k = 0; k < r->len; k++) {
		if (r->value[k] < '0' || r->value[k] > '9')
			return -1;
		*out = *out * 10 + (uint64_t)(r->value[k] - '0');
	}
	return 0;
}

/* A name of pax: UTF-8 without NUL, else the entry is refused. The last of several holds, as POSIX has it. */
static int take_text(struct extra *x, char **out, const struct record *r, struct err *e)
{
	free(*out);
	*out = strndup(r->value, r->len);
	if (!*out)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	if (strlen(*out) != r->len)
		x->fault = "it is damaged: its name holds a NUL";
	else if (!intake_is_utf8(*out, r->len))
		x->fault = "it is damaged: its name is not UTF-8, as pax names must be";
	return 0;
}

static int take_record(struct tar *t, const struct record *r, struct err *e)
{
	struct extra *x = &t->extra;

	if (is(r, "path"))
		return take_text(x, &x->path, r, e);
	if (is(r, "linkpath"))
		return take_text(x, &x->target, r, e);
	if (is(r, "GNU.sparse.name"))
		return take_text(x, &x->sparse_name, r, e);
	if (is(r, "size")) {
		x->has_size = true;
		return decimal(&x->size, r) == 0 ? 0 : malformed(t, e, "a pax size is not a number");
	}
	if (is(r, "uid")) {
		x->has_uid = true;
		return decimal(&x->uid, r) == 0 ? 0 : malformed(t, e, "a pax uid is not a number");
	}
	if (is(r, "gid")) {
		x->has_gid = true;
		return decimal(&x->gid, r) == 0 ? 0 : malformed(t, e, "a pax gid is not a number");
	}
	if (begins(r, "GNU.sparse.") || is(r, "SCHILY.realsize"))
		x->sparse = true;
	if (begins(r, "SCHILY.xattr.") || begins(r, "LIBARCHIVE.xattr.") || begins(r, "RHT.security.") || begins(r, "SCHILY.acl."))
		x->attributes = true;
	return 0;
}

/* What a global header may say: nothing that changes what an entry is. Some programs apply it to all entries behind it, others do not. */
static int check_global(struct tar *t, const struct record *r, struct err *e)
{
	static const char *const harmless[] = {"comment", "mtime", "atime", "ctime", "uname", "gname", "charset"};
	char quoted[100];

	/* A vendor's words (star and others write some into each archive), but those that make another file of a file. */
	if (memchr(r->key, '.', r->key_len) && !begins(r, "GNU.sparse.") && !is(r, "SCHILY.realsize") && !is(r, "SCHILY.filetype"))
		return 0;
	for (size_t k = 0; k < sizeof harmless / sizeof harmless[0]; k++)
		if (is(r, harmless[k]))
			return 0;
	return err_set(e, VERDICT_MALFORMED_HEADER, "%s has a global pax header that sets \"%s\" for all entries, which programs "
		       "understand differently: repack it", t->i->name, err_quote(quoted, sizeof quoted, r->key, r->key_len));
}

static int take_pax(struct tar *t, uint64_t size, bool global, struct err *e)
{
	char *text;
	const char *at;
	struct record r;
	int rc;

	if (!global && t->extra.pax)
		return malformed(t, e, "two pax headers for one entry");
	t->extra.pax = t->extra.pax || !global;
	at = text = body(t, size, PAX_MAX, e);
	rc = text ? 0 : -1;

	while (rc == 0 && at < text + size) {
		if (next_record(&r, &at, text + size) != 0)
			rc = malformed(t, e, "a pax header has a record of the wrong length");
		else
			rc = global ? check_global(t, &r, e) : take_record(t, &r, e);
	}
	free(text);
	return rc;
}

/* --- entries --- */

static int content(struct tar *t, uint64_t size, struct err *e)
{
	const unsigned char *at;
	size_t n;

	for (uint64_t left = size; left > 0; left -= n)
		if (feed_run(&t->f, &at, &n, left, e) != 0 || intake_write(t->i, at, n, e) != 0)
			return -1;
	return feed_skip(&t->f, (BLOCK - size % BLOCK) % BLOCK, e);
}

/* Some programs state a size for a hard link and store nothing; where something is stored, unpackers differ. Returns 1 when content
 * follows, 0, or -1. */
static int link_has_content(struct tar *t, uint64_t size, struct err *e)
{
	int rc;

	if (size == 0)
		return 0;
	rc = next_block(t, e);
	if (rc != 1)
		return rc;
	t->pending = true;
	return !tar_begins(t->block, BLOCK);
}

static int refuse_hardlink(struct tar *t, const char *path, const char *target, uint64_t size, struct err *e)
{
	char quoted[320];

	t->pending = false;
	if (size < BLOCK)
		size = BLOCK;
	if (skip(t, size - BLOCK, e) != 0)
		return -1;
	return intake_refuse(t->i, path, e, "it is a hard link to \"%s\", which has other content",
			     err_quote(quoted, sizeof quoted, target, strlen(target)));
}

/* Old GNU's map of holes may go on in further blocks. */
static int skip_sparse(struct tar *t, const unsigned char *h, uint64_t size, struct err *e)
{
	bool more = h[TYPE_AT] == 'S' && h[SPARSE_MORE_AT] != 0;

	while (more) {
		if (feed_need(&t->f, t->block, BLOCK, e) != 0)
			return -1;
		more = t->block[SPARSE_MORE_NEXT] != 0;
	}
	return skip(t, size, e);
}

static int take_file(struct tar *t, struct import_member *m, const char *path, struct err *e)
{
	m->kind = IMPORT_FILE;
	m->path = path;
	m->offset = t->i->spooled;
	return intake_member(t->i, m, e) == 0 ? content(t, m->size, e) : -1;
}

static int take_typed(struct tar *t, struct import_member *m, char *name, char *target, const unsigned char *h, struct err *e)
{
	char type = (char)h[TYPE_AT];
	size_t len = strlen(name);
	uint64_t size = m->size;
	bool root = false, is_dir;
	const char *path;
	int rc;

	if ((type == '\0' || type == '0' || type == '7') && len > 0 && name[len - 1] == '/')
		type = '5'; /* as programs wrote directories before there was a type for them */
	is_dir = type == '5';
	path = intake_plain(name, is_dir, &root);
	if (t->extra.sparse || type == 'S')
		return intake_refuse(t->i, path, e, "it is a sparse file") == 0 ? skip_sparse(t, h, size, e) : -1;
	if (t->extra.fault)
		return intake_refuse(t->i, path, e, "%s", t->extra.fault) == 0 ? skip(t, strchr("123456", type) && type ? 0 : size, e) : -1;
	switch (type) {
	case '\0':
	case '0':
	case '7':
		return take_file(t, m, path, e);
	case '1':
		rc = link_has_content(t, size, e);
		if (rc < 0)
			return -1;
		m->target = intake_plain(target, false, &root);
		if (rc == 1)
			return refuse_hardlink(t, path, m->target, size, e);
		m->kind = IMPORT_HARDLINK;
		break;
	case '2':
		m->kind = IMPORT_LINK;
		m->target = target;
		break;
	case '3': return intake_refuse(t->i, path, e, "it is a character device");
	case '4': return intake_refuse(t->i, path, e, "it is a block device");
	case '6': return intake_refuse(t->i, path, e, "it is a FIFO");
	case '5':
		if (root)
			return 0;
		m->kind = IMPORT_DIR;
		break;
	default:
		return intake_refuse(t->i, path, e, "it is of no known kind") == 0 ? skip(t, size, e) : -1;
	}
	m->path = path;
	m->size = 0; /* whatever it says: no content follows, in any program */
	return intake_member(t->i, m, e);
}

static int take_entry(struct tar *t, const unsigned char *h, uint64_t size, struct err *e)
{
	struct extra *x = &t->extra;
	char *own = header_name(h), *own_target = strndup((const char *)h + LINK_AT, NAME_LEN);
	char *name = x->path ? x->path : x->long_name ? x->long_name : own;
	char *target = x->target ? x->target : x->long_link ? x->long_link : own_target;
	struct import_member m = {.size = x->has_size ? x->size : size};
	uint64_t mode = 0;
	bool root;
	int rc = -1;

	if (!own || !own_target) {
		err_set(e, VERDICT_SYSTEM, "out of memory");
		goto out;
	}
	if ((x->path && x->long_name) || (x->target && x->long_link)) {
		(void)malformed(t, e, "an entry has a long name in GNU's and another in pax's way");
		goto out;
	}
	if (x->sparse_name)
		name = x->sparse_name;
	if (number(&mode, h + MODE_AT, 8) != 0) {
		(void)malformed(t, e, "a mode is not a number");
		goto out;
	}
	m.mode = (uint32_t)(mode & 07777);
	m.uid = x->uid; /* one that is no number is refused if owners matter */
	m.gid = x->gid;
	if (!x->has_uid && number(&m.uid, h + UID_AT, ID_LEN) != 0)
		m.uid = UINT64_MAX;
	if (!x->has_gid && number(&m.gid, h + GID_AT, ID_LEN) != 0)
		m.gid = UINT64_MAX;
	rc = take_typed(t, &m, name, target, h, e);
	if (rc == 0 && x->attributes)
		rc = intake_warn(t->i, intake_plain(name, false, &root), e, "its extended attributes are left out: a bundle has none");
out:
	free(own);
	free(own_target);
	extra_clear(x);
	return rc;
}

static int take_header(struct tar *t, struct err *e)
{
	unsigned char h[BLOCK];
	uint64_t size;

	memcpy(h, t->block, BLOCK);
	if (!sum_is_right(h))
		return malformed(t, e, "a header's checksum is wrong");
	if (number(&size, h + SIZE_AT, SIZE_LEN) != 0 || size > INT64_MAX)
		return malformed(t, e, "a size is not a number");
	switch (h[TYPE_AT]) {
	case 'L':
		t->extra.any = true;
		return take_long(t, &t->extra.long_name, size, e);
	case 'K':
		t->extra.any = true;
		return take_long(t, &t->extra.long_link, size, e);
	case 'x':
	case 'X':
		t->extra.any = true;
		return take_pax(t, size, false, e);
	case 'g': return take_pax(t, size, true, e);
	case 'V': return skip(t, size, e); /* a label */
	case 'A': /* Solaris */
		t->extra.any = t->extra.attributes = true;
		return skip(t, size, e);
	case 'M': return err_set(e, VERDICT_MALFORMED_HEADER, "%s is one of several volumes, which is not supported: unpack it, and pack the "
				 "folder", t->i->name);
	default: return take_entry(t, h, size, e);
	}
}

/* The first block of zeros has been read. A single one at the very end is what some programs write; before more, it is damage. */
static int take_end(struct tar *t, struct err *e)
{
	int rc;

	if (t->extra.any)
		return malformed(t, e, "an extension header is the last");
	rc = next_block(t, e);
	if (rc == 1 && !stream_is_zero(t->block, BLOCK))
		return err_set(e, VERDICT_TRAILING_DATA, "%s goes on behind a block of zeros, which ends a tar (byte %" PRIu64 "): it is damaged, "
			       "or several archives were joined: unpack each into one folder, and pack that", t->i->name, t->f.taken - BLOCK);
	return rc < 0 ? -1 : feed_end(&t->f, "tar archive", e);
}

int tar_read(struct intake *i, struct stream *s, struct err *e)
{
	struct tar t = {.i = i, .f = {.s = s}};
	bool ended = false;
	int rc = 0;

	while (rc == 0 && !ended) {
		rc = next_block(&t, e);
		if (rc == 0) {
			rc = err_set(e, VERDICT_TRUNCATED, "%s has no end-of-archive mark: it may have been cut off", i->name);
		} else if (rc == 1) {
			ended = stream_is_zero(t.block, BLOCK);
			rc = ended ? take_end(&t, e) : take_header(&t, e);
		}
		if (rc == 0)
			rc = intake_progress(i, e);
	}
	extra_clear(&t.extra);
	return rc;
}
