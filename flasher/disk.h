/* SPDX-License-Identifier: ISC */
/* Which disks a card may be written to: whole, removable or MMC, of a card's size, and in use by nobody. What the kernel says of a
 * disk is read from sysfs (Documentation/ABI/stable/sysfs-block); what is on it, by libblkid. Everything that is not known for
 * certain refuses the disk. */
#ifndef FLASHER_DISK_H
#define FLASHER_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

enum {
	DISK_NAME_MAX = 64,      /* bytes of a kernel name ("mmcblk0"), NUL included */
	DISK_TEXT_MAX = 128,     /* bytes of a model, serial, or a list of what is on the disk */
	DISK_TAIL = 4,           /* characters of the serial that a person types */
};

#define DISK_LEAST ((uint64_t)32 << 20)       /* bytes; smaller is no card */
#define DISK_MOST ((uint64_t)4 << 40)           /* bytes; the largest that may be allowed */
#define DISK_MOST_DEFAULT ((uint64_t)128 << 30) /* bytes; larger is likely somebody's backup */

/* Where the kernel tells of disks. Other roots than the real ones are for tests: disk_open takes none. */
struct disk_roots {
	const char *sys, *proc;  /* "/sys", "/proc" */
};

/* One whole disk. Plain record. */
struct disk {
	char name[DISK_NAME_MAX];
	char model[DISK_TEXT_MAX];   /* printable; "" when the kernel names none */
	char serial[DISK_TEXT_MAX];  /* printable; of the card, or of the reader it is in. Without one: NAME-BYTES */
	char holds[DISK_TEXT_MAX];   /* what is on it, for a person: "vfat BOOT, ext4"; filled by disk_open */
	unsigned major, minor;
	uint64_t size;               /* bytes */
	uint64_t sequence;           /* diskseq: another one whenever a medium is changed; 0 when the kernel counts none (before 5.15) */
	bool removable, mmc;
	int fd;                      /* of disk_open, or -1 */
};

/* Fills D with what sysfs says of disk NAME, and judges it. MOST: the largest size, in bytes. Returns 0 when a card may be written
 * to it, or -1: unsafe-target, and why (D is filled as far as it went); system. */
MUST_CHECK int disk_judge(struct disk *d, const char *name, const struct disk_roots *roots, uint64_t most, struct err *e);

/* Names all whole disks, sorted. The caller frees *NAMES as one block. Returns 0, or -1 (system). */
MUST_CHECK int disk_list(char (**names)[DISK_NAME_MAX], size_t *n, const struct disk_roots *roots, struct err *e);

/* True when PATH is no regular file and no name that could become one: a disk, or at least something to be refused as one. */
bool disk_is_device(const char *path);

/* Opens the disk whose device node is PATH for writing, and for nobody else (O_EXCL), after judging it; BUNDLE_FD (or -1) is a file that
 * must not lie on it. Returns 0, or -1: unsafe-target, system. */
MUST_CHECK int disk_open(struct disk *d, const char *path, uint64_t most, int bundle_fd, struct err *e);

/* Is the descriptor still the disk that was judged: device number, sequence, size, serial? To be asked right before the first write.
 * Returns 0, or -1 (unsafe-target). */
MUST_CHECK int disk_same(const struct disk *d, struct err *e);

/* Has a person confirm that all on D may be lost: CONFIRM is D's serial, as --confirm gave it; when NULL, the terminal is asked for
 * the serial's last characters. Returns 0, or -1: unsafe-target (not confirmed, or no terminal to ask). */
MUST_CHECK int disk_confirm(const struct disk *d, const char *confirm, struct err *e);

/* Safe on a zeroed record with fd -1. */
void disk_close(struct disk *d);

#endif
