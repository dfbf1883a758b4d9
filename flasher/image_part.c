/* SPDX-License-Identifier: ISC */
/* What stock boards are sent: a part of the bundle that was verified. The copy is sealed already, so what is taken out of it
 * here is what the signature vouched for; a file is checked against its hash once more on the way, by the reader. */
#define _GNU_SOURCE /* memfd_create, F_ADD_SEALS */
#include "flasher/image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/chunks.h"
#include "core/io.h"
#include "core/reader.h"
#include "core/ustar.h"

enum { THREADS_MAX = 16, MEMBERS_MAX = 2 * 64 + 3 }; /* members: FORMAT section 1 */

/* The part that is being made. */
struct part {
	int fd;
	uint64_t size;
	struct hash hash;
};

static int part_add(struct part *p, const void *bytes, size_t len, struct err *e)
{
	hash_update(&p->hash, bytes, len);
	p->size += len;
	return io_write_all(p->fd, bytes, len) == 0 ? 0 : err_errno(e, "cannot copy a part of the bundle to memory");
}

/* Walks the members, whose sizes were verified with all else, to the payload. */
static int copy_payload(struct part *p, const struct image *image, struct err *e)
{
	const unsigned char *map = image->map;
	uint64_t at = 0, size;

	for (int i = 0; i < MEMBERS_MAX && image->size - at >= USTAR_BLOCK; i++) {
		if (ustar_take_size(&size, map + at) || size > image->size - at - USTAR_BLOCK)
			break;
		if (memcmp(map + at, "payload.tar.gz", sizeof "payload.tar.gz") == 0)
			return part_add(p, map + at + USTAR_BLOCK, (size_t)size, e);
		at += USTAR_BLOCK + size + ustar_padding(size);
	}
	return err_set(e, VERDICT_SYSTEM, "the verified bundle has lost its payload");
}

static int copy_items(struct part *p, struct reader *reader, const char *path, struct err *e)
{
	struct reader_item item;
	bool found = false, inside = false;
	int rc;

	while ((rc = reader_next(reader, &item, e)) > 0) {
		if (item.what == READER_ENTRY) {
			inside = item.entry->type == ENTRY_FILE && strcmp(item.entry->path, path) == 0;
			found = found || inside;
		} else if (item.what == READER_DATA && inside && part_add(p, item.data, item.len, e)) {
			return -1;
		}
	}
	if (rc != 0 || reader_complete(reader, e) != ACCEPTED)
		return -1;
	return found ? 0 : err_set(e, VERDICT_USAGE, "the bundle's payload has no file %s, which is what such a board is sent", path);
}

static int copy_file(struct part *p, const struct image *image, const char *path, const struct trust *trust, struct err *e)
{
	struct source_memory source;
	struct reader *reader = NULL;
	int rc = -1;

	source_memory_init(&source, image->map, (size_t)image->size);
	if (reader_open(&reader, &source.base, trust, &policy_none, chunks_threads(THREADS_MAX), e) == 0)
		rc = copy_items(p, reader, path, e);
	reader_free(&reader);
	return rc;
}

/* Seals the part, and puts it in the bundle's place. */
static int replace(struct image *image, struct part *p, struct err *e)
{
	void *map;

	if (p->size == 0)
		return err_set(e, VERDICT_USAGE, "what such a board is sent is empty in this bundle");
	if (fcntl(p->fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
		return err_errno(e, "cannot seal a part of the bundle");
	map = mmap(NULL, (size_t)p->size, PROT_READ, MAP_SHARED, p->fd, 0);
	if (map == MAP_FAILED)
		return err_errno(e, "cannot map a part of the bundle");
	image_close(image);
	image->fd = p->fd;
	image->map = map;
	image->size = p->size;
	hash_final(&p->hash, image->hash, HASH_SIZE);
	p->fd = -1;
	return 0;
}

/* A name that stands in a header field: the file's own where it is plain, else one of ours. */
static void name_part(struct image *image, const struct board *board)
{
	const char *slash = strrchr(board->send_path, '/'), *base = slash ? slash + 1 : board->send_path;

	if (board->send == BOARD_SEND_PAYLOAD)
		snprintf(image->name, sizeof image->name, "%s-%s.tar.gz", image->head.product, image->head.version);
	else if (text_is_name((struct span){base, strlen(base)}))
		snprintf(image->name, sizeof image->name, "%s", base);
	else
		snprintf(image->name, sizeof image->name, "%s-%s.bin", image->head.product, image->head.version);
}

int image_select(struct image *image, const struct board *board, const struct trust *trust, struct err *e)
{
	struct part p = {.fd = -1};
	int rc = -1;

	if (board->send == BOARD_SEND_BUNDLE)
		return 0;
	p.fd = memfd_create("firmseal-part", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (p.fd < 0)
		return err_errno(e, "cannot make a private copy of a part of the bundle");
	hash_init(&p.hash, HASH_SIZE);
	if (board->send == BOARD_SEND_PAYLOAD ? copy_payload(&p, image, e) : copy_file(&p, image, board->send_path, trust, e))
		goto out;
	if (replace(image, &p, e))
		goto out;
	name_part(image, board);
	rc = 0;
out:
	if (p.fd >= 0)
		close(p.fd);
	return rc;
}
