/* SPDX-License-Identifier: ISC */
/* Canonical ustar headers. */
#include "core/ustar.h"

#include <stdbool.h>
#include <string.h>

#include "core/path.h"

/* Field offsets and widths of the ustar header (POSIX.1-2017, pax, table "ustar Header Block"). */
enum {
	NAME = 0, MODE = 100, UID = 108, GID = 116, SIZE = 124, MTIME = 136, CHECKSUM = 148, TYPE = 156, LINKNAME = 157,
	MAGIC = 257, DEVMAJOR = 329, DEVMINOR = 337, PREFIX = 345,
};

/* DIGITS octal digits and a NUL. */
static void put_octal(unsigned char *at, int digits, uint64_t value)
{
	at[digits] = 0;
	while (digits-- > 0) {
		at[digits] = (unsigned char)('0' + (value & 7));
		value >>= 3;
	}
}

static void put_checksum(unsigned char *header)
{
	unsigned sum = 0;

	memset(header + CHECKSUM, ' ', 8);
	for (int i = 0; i < USTAR_BLOCK; i++)
		sum += header[i];
	put_octal(header + CHECKSUM, 6, sum);
	header[CHECKSUM + 7] = ' ';
}

/* Name and prefix. A directory's name ends in a slash, which counts when a long name is split. */
static void put_path(unsigned char *out, const char *path, bool is_dir)
{
	char name[PATH_MAX_LEN + 2] = "";
	size_t len = strnlen(path, PATH_MAX_LEN), skip = 0;
	int prefix;

	memcpy(name, path, len);
	if (is_dir)
		name[len++] = '/';
	prefix = path_ustar_split(name, len);
	if (prefix > 0) {
		skip = (size_t)prefix + 1;
		memcpy(out + PREFIX, name, skip - 1);
	}
	memcpy(out + NAME, name + skip, len - skip < 100 ? len - skip : 100);
}

void ustar_header(unsigned char out[static USTAR_BLOCK], const struct ustar_entry *entry)
{
	memset(out, 0, USTAR_BLOCK);
	put_path(out, entry->path, entry->type == USTAR_DIR);
	put_octal(out + MODE, 7, entry->mode);
	put_octal(out + UID, 7, entry->uid);
	put_octal(out + GID, 7, entry->gid);
	put_octal(out + SIZE, 11, entry->size);
	put_octal(out + MTIME, 11, entry->mtime);
	out[TYPE] = (unsigned char)entry->type;
	memcpy(out + LINKNAME, entry->target, strnlen(entry->target, LINK_MAX_LEN));
	memcpy(out + MAGIC, "ustar\00000", 8);
	put_octal(out + DEVMAJOR, 7, 0);
	put_octal(out + DEVMINOR, 7, 0);
	put_checksum(out);
}

void ustar_member(unsigned char out[static USTAR_BLOCK], const char *name, uint64_t size)
{
	struct ustar_entry entry = {
		.type = USTAR_FILE, .path = name, .target = "", .mode = 0644, .size = size, .mtime = USTAR_MEMBER_MTIME,
	};

	ustar_header(out, &entry);
}

int ustar_take_size(uint64_t *size, const unsigned char header[static USTAR_BLOCK])
{
	uint64_t v = 0;

	for (int i = 0; i < 11; i++) {
		unsigned char c = header[SIZE + i];

		if (c < '0' || c > '7')
			return -1;
		v = v << 3 | (uint64_t)(c - '0');
	}
	if (header[SIZE + 11] != 0)
		return -1;
	*size = v;
	return 0;
}
