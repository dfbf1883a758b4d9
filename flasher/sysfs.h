/* SPDX-License-Identifier: ISC */
/* Small looks at sysfs and procfs: attributes of block devices, who holds whom, what is mounted. */
#ifndef FLASHER_SYSFS_H
#define FLASHER_SYSFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "flasher/disk.h"

/* Opens SYS/class/block/NAME, a disk's or a partition's directory. Returns a descriptor, or -1 with errno set. */
int sysfs_block(const char *sys, const char *name);

/* Reads attribute PATH below DIR: its first line, other bytes than printable ASCII as '?', blanks at the ends taken off. Returns 0, or -1
 * with errno set when there is none; a longer one is cut. */
int sysfs_text(int dir, const char *path, char *out, size_t size);
/* The same, a decimal number. Returns 0, or -1 with errno set. */
int sysfs_number(int dir, const char *path, uint64_t *out);
/* Parses "MAJOR:MINOR". Returns 0, or -1 with errno set. */
int sysfs_parse_dev(const char *text, unsigned *major, unsigned *minor);
/* The same of attribute dev. Returns 0, or -1 with errno set. */
int sysfs_dev(int dir, unsigned *major, unsigned *minor);

/* The nearest ancestor of DIR's device with an attribute NAME: a USB reader's serial is that of its USB device. Returns 0 or -1. */
int sysfs_above(int dir, const char *name, char *out, size_t size);

/* Calls each(CONTEXT, NAME) for every entry of directory PATH below DIR, "." and ".." aside; stops when it does not return 0, and
 * returns that; 0 at the end, and when there is no such directory; -1 when it cannot be read. */
int sysfs_each(int dir, const char *path, int (*each)(void *context, const char *name), void *context);

/* The whole disks that block device NAME stands on, itself when it is one: through partitions, and through the slaves of md and dm. Calls
 * each(CONTEXT, DISK) for every one of them. Returns 0, what EACH returned, or -1 (cannot be told). */
int sysfs_disks_below(const char *sys, const char *name, int (*each)(void *context, const char *disk), void *context);

/* The name of block device MAJOR:MINOR. Returns 0, or -1 when it is none. */
int sysfs_name(const char *sys, unsigned major, unsigned minor, char out[static DISK_NAME_MAX]);

#endif
