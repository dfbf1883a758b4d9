/* SPDX-License-Identifier: ISC */
/* Members and padding; large ones are moved within the kernel where it can. */
#define _GNU_SOURCE /* copy_file_range */
#include "packer/bundle_write.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/hold.h"
#include "core/io.h"
#include "core/ustar.h"

enum { COPY_BUFFER = 256 << 10, COPY_MAX = 64 << 20 };

struct output {
	const char *name;
	int fd;
	uint64_t size;
};

static int put(struct output *out, const void *bytes, size_t len, struct err *e)
{
	if (hold_check(e) != 0)
		return -1;
	if (io_write_all(out->fd, bytes, len) != 0)
		return err_errno(e, "cannot write %s", out->name);
	out->size += len;
	return 0;
}

static int put_header(struct output *out, const char *member, uint64_t size, struct err *e)
{
	unsigned char header[USTAR_BLOCK];

	ustar_member(header, member, size);
	return put(out, header, sizeof header, e);
}

static int put_padding(struct output *out, uint64_t size, struct err *e)
{
	static const unsigned char zeros[USTAR_BLOCK];

	return put(out, zeros, (size_t)ustar_padding(size), e);
}

/* Reads LEN bytes of FD from *AT on, through a buffer; hashes them too unless HASH is NULL. */
static int copy_through(struct output *out, int fd, off_t at, uint64_t len, struct hash *hash, struct err *e)
{
	unsigned char *buf = malloc(COPY_BUFFER);
	int rc = buf ? 0 : err_set(e, VERDICT_SYSTEM, "out of memory");

	while (rc == 0 && len > 0) {
		ssize_t n = pread(fd, buf, len < COPY_BUFFER ? (size_t)len : COPY_BUFFER, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			rc = n < 0 ? err_errno(e, "cannot read what goes into %s", out->name)
				   : err_set(e, VERDICT_SYSTEM, "a file became shorter while it was written to %s", out->name);
			break;
		}
		if (hash)
			hash_update(hash, buf, (size_t)n);
		rc = put(out, buf, (size_t)n, e);
		at += n;
		len -= (uint64_t)n;
	}
	free(buf);
	return rc;
}

/* True when the kernel says that it cannot copy between these two files itself. */
static bool cannot_copy(int error)
{
	return error == ENOSYS || error == EXDEV || error == EINVAL || error == EOPNOTSUPP || error == EPERM || error == EBADF;
}

static int put_payload(struct output *out, const struct bundle_parts *parts, struct err *e)
{
	off_t at = 0;
	uint64_t left = parts->packed;

	if (put_header(out, "payload.tar.gz", parts->packed, e) != 0)
		return -1;
	while (left > 0) {
		ssize_t n = copy_file_range(parts->payload, &at, out->fd, NULL, left < COPY_MAX ? (size_t)left : COPY_MAX, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && !cannot_copy(errno))
			return err_errno(e, "cannot write %s", out->name);
		if (n <= 0)
			break; /* 0: some file systems say so when they mean that they cannot */
		out->size += (uint64_t)n;
		left -= (uint64_t)n;
		if (hold_check(e) != 0)
			return -1;
	}
	if (copy_through(out, parts->payload, at, left, NULL, e) != 0)
		return -1;
	return put_padding(out, parts->packed, e);
}

static int put_text(struct output *out, const char *member, struct span text, struct err *e)
{
	if (put_header(out, member, text.len, e) != 0 || put(out, text.at, text.len, e) != 0)
		return -1;
	return put_padding(out, text.len, e);
}

static int put_attachment(struct output *out, const struct attachment *a, struct err *e)
{
	unsigned char found[HASH_SIZE];
	struct hash hash;

	hash_init(&hash, HASH_SIZE);
	if (put_header(out, a->name, a->size, e) != 0 || copy_through(out, a->fd, 0, a->size, &hash, e) != 0)
		return -1;
	hash_final(&hash, found, HASH_SIZE);
	if (memcmp(found, a->hash, HASH_SIZE) != 0)
		return err_set(e, VERDICT_SYSTEM, "the attachment %s changed meanwhile", a->name);
	return put_padding(out, a->size, e);
}

static int put_all(struct output *out, const struct bundle_parts *parts, struct err *e)
{
	static const unsigned char end[USTAR_END];

	if (put(out, parts->keyrings.at, parts->keyrings.len, e) != 0 || put_text(out, "manifest", parts->manifest, e) != 0 ||
	    (parts->signatures.len > 0 && put_text(out, "manifest.minisig", parts->signatures, e) != 0) ||
	    put_payload(out, parts, e) != 0)
		return -1;
	for (size_t i = 0; i < parts->attachments->n; i++)
		if (put_attachment(out, &parts->attachments->at[i], e) != 0)
			return -1;
	return put(out, end, sizeof end, e);
}

/* Copies LEN bytes from AT on. */
static int put_part(struct output *out, int fd, uint64_t at, uint64_t len, struct err *e)
{
	return copy_through(out, fd, (off_t)at, len, NULL, e);
}

int bundle_resign(const char *name, int bundle, uint64_t signatures_at, uint64_t rest_at, struct span signatures, struct err *e)
{
	struct io_new file;
	struct output out = {.name = name};
	struct stat st;
	int rc = -1;

	if (fstat(bundle, &st) != 0)
		return err_errno(e, "cannot look at the bundle");
	if ((uint64_t)st.st_size < rest_at)
		return err_set(e, VERDICT_TRUNCATED, "the bundle became shorter");
	if (io_new_open(&file, name, 0666, e) != 0)
		return -1;
	out.fd = file.fd;
	if (put_part(&out, bundle, 0, signatures_at, e) == 0 && put_text(&out, "manifest.minisig", signatures, e) == 0 &&
	    put_part(&out, bundle, rest_at, (uint64_t)st.st_size - rest_at, e) == 0)
		rc = io_new_commit(&file, e);
	io_new_discard(&file);
	return rc;
}

int bundle_write(const char *name, const struct bundle_parts *parts, uint64_t *size, struct err *e)
{
	struct io_new file;
	struct output out = {.name = name};
	int rc = -1;

	if (io_new_open(&file, name, 0666, e) != 0)
		return -1;
	out.fd = file.fd;
	if (put_all(&out, parts, e) == 0 && io_new_commit(&file, e) == 0) {
		*size = out.size;
		rc = 0;
	}
	io_new_discard(&file);
	return rc;
}
