/* SPDX-License-Identifier: ISC */
/* Sectors in front of the data, and directories. */
#include "flasher/fat_volume.h"

#include <stdlib.h>
#include <string.h>

#include "core/bytes.h"
#include "flasher/fat_dir.h"

enum { FAT_BUFFER = 1 << 20, MEDIA = 0xf8, HEADS = 255, TRACK = 63, FSINFO = 1, SIGNATURE = 510 };
#define FAT32_END UINT32_C(0x0fffffff)
#define FAT16_END UINT32_C(0xffff)

static uint64_t at_sector(const struct fat_geometry *g, uint64_t sector)
{
	return (g->start + sector) * FAT_SECTOR;
}

/* The part that stands at another place in FAT16 and in FAT32: drive, serial number, label, type. */
static void put_tail(unsigned char *out, const struct fat_volume *v, const char *type)
{
	out[0] = 0x80;
	out[2] = 0x29;
	bytes_put_le32(out + 3, v->id);
	memcpy(out + 7, v->label, FAT_LABEL_SIZE);
	memcpy(out + 18, type, 8);
}

void fat_volume_boot(unsigned char out[static FAT_SECTOR], const struct fat_volume *v)
{
	static const unsigned char halt[] = {0xcd, 0x18, 0xf4, 0xeb, 0xfd}; /* int 18h; hlt; again: for a PC that starts from it */
	const struct fat_geometry *g = &v->geometry;
	size_t code = g->bits == 32 ? 90 : 62;

	memset(out, 0, FAT_SECTOR);
	out[0] = 0xeb;
	out[1] = (unsigned char)(code - 2);
	out[2] = 0x90;
	memcpy(out + 3, "FIRMSEAL", 8);
	bytes_put_le16(out + 11, FAT_SECTOR);
	out[13] = (unsigned char)g->cluster_sectors;
	bytes_put_le16(out + 14, (uint16_t)g->reserved);
	out[16] = 2;
	bytes_put_le16(out + 17, (uint16_t)g->root_entries);
	if (g->bits == 16 && g->total <= UINT16_MAX)
		bytes_put_le16(out + 19, (uint16_t)g->total);
	else
		bytes_put_le32(out + 32, g->total);
	out[21] = MEDIA;
	bytes_put_le16(out + 24, TRACK);
	bytes_put_le16(out + 26, HEADS);
	bytes_put_le32(out + 28, g->start);
	if (g->bits == 32) {
		bytes_put_le32(out + 36, g->fat_sectors);
		bytes_put_le32(out + 44, v->tree.nodes[0].first);
		bytes_put_le16(out + 48, FSINFO);
		bytes_put_le16(out + 50, FAT_BACKUP);
		put_tail(out + 64, v, "FAT32   ");
	} else {
		bytes_put_le16(out + 22, (uint16_t)g->fat_sectors);
		put_tail(out + 36, v, "FAT16   ");
	}
	memcpy(out + code, halt, sizeof halt);
	out[SIGNATURE] = 0x55;
	out[SIGNATURE + 1] = 0xaa;
}

static void fsinfo(unsigned char out[static FAT_SECTOR], const struct fat_geometry *g)
{
	uint32_t left = g->clusters - g->used;

	memset(out, 0, FAT_SECTOR);
	bytes_put_le32(out, 0x41615252);
	bytes_put_le32(out + 484, 0x61417272);
	bytes_put_le32(out + 488, left);
	bytes_put_le32(out + 492, left ? g->used + 2 : UINT32_MAX); /* the next free one */
	out[SIGNATURE] = 0x55;
	out[SIGNATURE + 1] = 0xaa;
}

/* Gap and reserved sectors, without the boot sector. */
static int write_reserved(const struct fat_volume *v, struct medium *m, struct err *e)
{
	const struct fat_geometry *g = &v->geometry;
	size_t len = ((size_t)g->reserved - 1) * FAT_SECTOR;
	unsigned char *sectors = calloc(1, len); /* from the volume's sector 1 */
	int rc;

	if (!sectors)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	if (g->bits == 32) {
		fsinfo(sectors, g);
		fat_volume_boot(sectors + (size_t)(FAT_BACKUP - 1) * FAT_SECTOR, v);
		fsinfo(sectors + (size_t)FAT_BACKUP * FAT_SECTOR, g);
	}
	memcpy(sectors + (size_t)(FAT_NOTE - 1) * FAT_SECTOR, v->note, FAT_SECTOR);
	rc = m->zero(m, FAT_SECTOR, (uint64_t)(g->start - 1) * FAT_SECTOR, e);
	if (!rc)
		rc = m->write(m, at_sector(g, 1), sectors, len, e);
	free(sectors);
	return rc;
}

/* A FAT that is being filled, one buffer after the other. */
struct filling {
	struct medium *m;
	unsigned char *buf;
	size_t n;           /* bytes in BUF */
	uint64_t at;        /* where BUF's first byte goes */
	unsigned bytes;     /* of an entry */
};

static int flush(struct filling *f, struct err *e)
{
	int rc = f->m->write(f->m, f->at, f->buf, f->n, e);

	f->at += f->n;
	f->n = 0;
	return rc;
}

static int put(struct filling *f, uint32_t entry, struct err *e)
{
	if (f->bytes == 4)
		bytes_put_le32(f->buf + f->n, entry);
	else
		bytes_put_le16(f->buf + f->n, (uint16_t)(entry & 0xffff));
	f->n += f->bytes;
	return f->n == FAT_BUFFER ? flush(f, e) : 0;
}

/* Ends of runs: bit C is set when cluster C is the last one of a file or directory. */
static unsigned char *ends_of(const struct fat_volume *v)
{
	unsigned char *ends = calloc(1, (size_t)v->geometry.used / 8 + 2);

	for (uint32_t i = 0; ends && i < v->tree.n; i++) {
		const struct fat_node *node = &v->tree.nodes[i];
		uint32_t last = node->first + node->clusters - 1;

		if (node->clusters)
			ends[last / 8] = (unsigned char)(ends[last / 8] | 1u << last % 8);
	}
	return ends;
}

static int write_fat(const struct fat_volume *v, struct filling *f, const unsigned char *ends, struct err *e)
{
	const struct fat_geometry *g = &v->geometry;
	uint32_t end = g->bits == 32 ? FAT32_END : FAT16_END;
	uint64_t stop = f->at + (uint64_t)g->fat_sectors * FAT_SECTOR;

	/* The first two are no clusters: the media byte, and "was left clean". */
	if (put(f, (end & ~UINT32_C(0xff)) | MEDIA, e) || put(f, end, e))
		return -1;
	for (uint32_t c = 2; c < g->used + 2; c++)
		if (put(f, ends[c / 8] >> c % 8 & 1 ? end : c + 1, e))
			return -1;
	if (f->n > 0 && flush(f, e))
		return -1;
	return f->m->zero(f->m, f->at, stop - f->at, e);
}

static int write_fats(const struct fat_volume *v, struct medium *m, struct err *e)
{
	struct filling f = {.m = m, .buf = malloc(FAT_BUFFER), .bytes = v->geometry.bits / 8};
	unsigned char *ends = ends_of(v);
	int rc = f.buf && ends ? 0 : err_set(e, VERDICT_SYSTEM, "out of memory");

	for (uint32_t i = 0; rc == 0 && i < 2; i++) {
		f.at = at_sector(&v->geometry, v->geometry.reserved + (uint64_t)i * v->geometry.fat_sectors);
		rc = write_fat(v, &f, ends, e);
	}
	free(f.buf);
	free(ends);
	return rc;
}

/* A directory, with zeros up to the end of its last cluster, or of FAT16's root area. */
static int write_dir(const struct fat_volume *v, uint32_t i, struct fat_time when, struct medium *m, struct err *e)
{
	const struct fat_geometry *g = &v->geometry;
	const struct fat_node *node = &v->tree.nodes[i];
	bool area = node->clusters == 0; /* FAT16's root */
	size_t len = area ? (size_t)g->root_entries * FAT_DIR_ENTRY
			  : (size_t)node->clusters * g->cluster_sectors * FAT_SECTOR;
	uint64_t at = area ? at_sector(g, g->data - g->root_entries * FAT_DIR_ENTRY / FAT_SECTOR) : fat_cluster_at(g, node->first);
	unsigned char *bytes = calloc(1, len);
	int rc;

	if (!bytes)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	fat_dir_entries(bytes, &v->tree, i, v->label, when);
	rc = m->write(m, at, bytes, len, e);
	free(bytes);
	return rc;
}

int fat_volume_write(const struct fat_volume *v, struct medium *m, struct err *e)
{
	struct fat_time when = fat_time_of(v->created);

	if (write_reserved(v, m, e) || write_fats(v, m, e))
		return -1;
	for (uint32_t i = 0; i < v->tree.n; i++)
		if (v->tree.nodes[i].dir && write_dir(v, i, when, m, e))
			return -1;
	return 0;
}

int fat_volume_slack(const struct fat_volume *v, uint32_t node, struct medium *m, struct err *e)
{
	const struct fat_node *file = &v->tree.nodes[node];
	uint64_t room = (uint64_t)file->clusters * v->geometry.cluster_sectors * FAT_SECTOR;

	if (room == file->size)
		return 0;
	return m->zero(m, fat_cluster_at(&v->geometry, file->first) + file->size, room - file->size, e);
}
