/* SPDX-License-Identifier: ISC */
/* Opening a disk for nobody else, and knowing it again. The only file that calls libblkid. */
#define _GNU_SOURCE /* major, minor */
#include "flasher/disk.h"

#include <blkid/blkid.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "core/say.h"
#include "flasher/sysfs.h"

#ifndef BLKGETDISKSEQ /* linux/fs.h since 5.15 */
#define BLKGETDISKSEQ _IOR(0x12, 128, uint64_t)
#endif

static const struct disk_roots real_roots = {"/sys", "/proc"};

bool disk_is_device(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return strncmp(path, "/dev/", 5) == 0; /* a file there would be lost at the next boot: surely a disk was meant */
	return !S_ISREG(st.st_mode);
}

/* --- what is on it --- */

/* Signatures that say: a part of something larger, though the kernel may not have put it together. */
static bool is_member(const char *type, const char *usage)
{
	return strcmp(usage, "raid") == 0 || strcmp(type, "zfs_member") == 0 || strcmp(type, "LVM2_member") == 0 || strcmp(type, "bcache") == 0;
}

static void add_held(struct disk *d, const char *type, const char *label)
{
	size_t n = strlen(d->holds);
	char quoted[64] = "";

	err_quote(quoted, sizeof quoted, label, strlen(label));
	snprintf(d->holds + n, sizeof d->holds - n, "%s%s%s%s", n ? ", " : "", type, *quoted ? " " : "", quoted);
}

/* Looks at SIZE bytes (0: all) at OFFSET. Returns 0, or -1 (unsafe-target). */
static int probe_area(struct disk *d, uint64_t offset, uint64_t size, struct err *e)
{
	blkid_probe p = blkid_new_probe();
	const char *type = "", *label = "", *usage = "";
	int rc = 0, found;

	if (!p || blkid_probe_set_device(p, d->fd, (blkid_loff_t)offset, (blkid_loff_t)size) != 0) {
		blkid_free_probe(p);
		return err_set(e, VERDICT_SYSTEM, "cannot look at what is on %s", d->name);
	}
	blkid_probe_enable_superblocks(p, 1);
	blkid_probe_set_superblocks_flags(p, BLKID_SUBLKS_TYPE | BLKID_SUBLKS_LABEL | BLKID_SUBLKS_USAGE);
	found = blkid_do_safeprobe(p); /* 0: something; 1: nothing; -2: more than one, of which any may be it */
	if (found == 0 && blkid_probe_lookup_value(p, "TYPE", &type, NULL) == 0) {
		blkid_probe_lookup_value(p, "LABEL", &label, NULL);
		blkid_probe_lookup_value(p, "USAGE", &usage, NULL);
		add_held(d, type, label);
		if (is_member(type, usage))
			rc = err_set(e, VERDICT_UNSAFE_TARGET, "%s is part of something larger: it holds a %s", d->name, type);
	}
	blkid_free_probe(p);
	return rc;
}

static int probe_contents(struct disk *d, struct err *e)
{
	blkid_probe p = blkid_new_probe();
	blkid_partlist list;
	int rc = probe_area(d, 0, 0, e);

	if (rc == 0 && p && blkid_probe_set_device(p, d->fd, 0, 0) == 0) {
		list = blkid_probe_get_partitions(p);
		for (int i = 0, n = list ? blkid_partlist_numof_partitions(list) : 0; rc == 0 && i < n; i++) {
			blkid_partition part = blkid_partlist_get_partition(list, i);

			rc = probe_area(d, (uint64_t)blkid_partition_get_start(part) * 512, (uint64_t)blkid_partition_get_size(part) * 512, e);
		}
	}
	blkid_free_probe(p);
	if (rc == 0 && d->holds[0] == '\0')
		snprintf(d->holds, sizeof d->holds, "nothing known");
	return rc;
}

/* --- the descriptor --- */

static int is_name(void *context, const char *disk)
{
	return strcmp(disk, context) == 0;
}

/* The bundle must not lie on the disk that it is written to. A mounted disk has been refused before; this is for the disk itself, and for
 * file systems whose numbers tell nothing. */
static int check_bundle(const struct disk *d, int fd, struct err *e)
{
	char name[DISK_NAME_MAX], wanted[DISK_NAME_MAX];
	struct stat st;
	dev_t dev;

	if (fd < 0)
		return 0;
	if (fstat(fd, &st) != 0)
		return err_errno(e, "cannot tell where the bundle lies");
	dev = S_ISBLK(st.st_mode) ? st.st_rdev : st.st_dev;
	if (sysfs_name(real_roots.sys, major(dev), minor(dev), name) != 0)
		return 0;
	memcpy(wanted, d->name, sizeof wanted);
	if (sysfs_disks_below(real_roots.sys, name, is_name, wanted) != 0)
		return err_set(e, VERDICT_UNSAFE_TARGET, "the bundle lies on %s itself, or that cannot be told", d->name);
	return 0;
}

int disk_same(const struct disk *d, struct err *e)
{
	uint64_t sequence = 0, size = 0;
	struct disk now;
	struct stat st;

	if (fstat(d->fd, &st) != 0 || !S_ISBLK(st.st_mode) || major(st.st_rdev) != d->major || minor(st.st_rdev) != d->minor)
		return err_set(e, VERDICT_UNSAFE_TARGET, "the descriptor is not that of %s any more", d->name);
	if (ioctl(d->fd, BLKGETSIZE64, &size) != 0 || size != d->size)
		return err_set(e, VERDICT_UNSAFE_TARGET, "%s has another size now: was the card changed?", d->name);
	if (d->sequence != 0 && (ioctl(d->fd, BLKGETDISKSEQ, &sequence) != 0 || sequence != d->sequence))
		return err_set(e, VERDICT_UNSAFE_TARGET, "%s is another medium now: was the card changed?", d->name);
	if (disk_judge(&now, d->name, &real_roots, UINT64_MAX, e) != 0)
		return -1;
	if (now.sequence != d->sequence || strcmp(now.serial, d->serial) != 0)
		return err_set(e, VERDICT_UNSAFE_TARGET, "%s has another serial now: was the card changed?", d->name);
	return 0;
}

int disk_open(struct disk *d, const char *path, uint64_t most, int bundle_fd, struct err *e)
{
	char name[DISK_NAME_MAX];
	struct stat st;

	*d = (struct disk){.fd = -1};
	if (stat(path, &st) != 0)
		return err_set(e, VERDICT_UNSAFE_TARGET, "%s: %s", path, strerror(errno));
	if (!S_ISBLK(st.st_mode))
		return err_set(e, VERDICT_UNSAFE_TARGET, "%s is neither a file nor a disk", path);
	if (sysfs_name(real_roots.sys, major(st.st_rdev), minor(st.st_rdev), name) != 0)
		return err_set(e, VERDICT_UNSAFE_TARGET, "%s is not known to the kernel as a disk", path);
	if (disk_judge(d, name, &real_roots, most, e) != 0 || check_bundle(d, bundle_fd, e) != 0)
		return -1;
	d->fd = open(path, O_RDWR | O_EXCL | O_CLOEXEC | O_NOCTTY); /* O_EXCL: fails while anything in the kernel holds the disk */
	if (d->fd < 0)
		return err_set(e, VERDICT_UNSAFE_TARGET, "cannot have %s alone: %s", path, strerror(errno));
	if (disk_same(d, e) != 0 || probe_contents(d, e) != 0) {
		disk_close(d);
		return -1;
	}
	return 0;
}

/* --- the person --- */

static const char *tail(const struct disk *d)
{
	size_t n = strlen(d->serial);

	return n > DISK_TAIL ? d->serial + n - DISK_TAIL : d->serial;
}

static int ask(const struct disk *d, struct err *e)
{
	char answer[64];
	FILE *tty = fopen("/dev/tty", "r+e");
	bool right = false;

	if (!tty)
		return err_set(e, VERDICT_UNSAFE_TARGET, "nobody is there to confirm: give --confirm %s", d->serial);
	say(tty, "%s: %s, %" PRIu64 " MB, serial %s, holds %s.\n", d->name, d->model[0] ? d->model : "a disk", d->size / 1000000, d->serial, d->holds);
	say(tty, "All of it will be lost. Type the last %zu characters of the serial: ", strlen(tail(d)));
	fflush(tty);
	if (fgets(answer, sizeof answer, tty)) {
		answer[strcspn(answer, "\n")] = '\0';
		right = strcmp(answer, tail(d)) == 0;
	}
	fclose(tty);
	return right ? 0 : err_set(e, VERDICT_UNSAFE_TARGET, "not confirmed; nothing was written");
}

int disk_confirm(const struct disk *d, const char *confirm, struct err *e)
{
	if (!confirm)
		return ask(d, e);
	if (strcmp(confirm, d->serial) != 0)
		return err_set(e, VERDICT_UNSAFE_TARGET, "--confirm names another serial than %s of %s", d->serial, d->name);
	return 0;
}

void disk_close(struct disk *d)
{
	if (d->fd >= 0)
		close(d->fd);
	d->fd = -1;
}
