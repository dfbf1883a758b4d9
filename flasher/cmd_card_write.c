/* SPDX-License-Identifier: ISC */
/* `firmflash card': an image file at once; disks, or several of either, from a sealed copy in memory. */
#define _GNU_SOURCE /* memfd_create, F_ADD_SEALS */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/cli.h"
#include "core/io.h"
#include "core/progress.h"
#include "flasher/burn_disk.h"
#include "flasher/cmd_card.h"
#include "flasher/medium.h"

static struct card_wish wish_of(const struct card_options *o, const struct board *board)
{
	return (struct card_wish){.board = board,
				  .revision = o->revision,
				  .have_revision = o->have_revision,
				  .trust = &o->trust,
				  .size = o->size,
				  .hash_bundle = o->receipt != NULL,
				  .quiet = o->quiet};
}

static int open_bundle(const char *name, struct err *e)
{
	int fd = strcmp(name, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)
					: open(name, O_RDONLY | O_NOCTTY | O_CLOEXEC);

	return fd >= 0 ? fd : err_errno(e, "cannot open %s", name);
}

/* An image file: it appears whole, or not at all. */
static int write_image(struct card_made *made, const char *target, int bundle, const struct card_wish *wish, struct err *e)
{
	struct io_new file;
	int rc = -1;

	if (io_new_open(&file, target, 0644, e))
		return -1;
	if (card_make(made, file.fd, bundle, wish, e) || io_new_commit(&file, e))
		goto out;
	rc = 0;
out:
	io_new_discard(&file);
	return rc;
}

static int write_one_image(const struct card_options *o, const struct board *board, int bundle)
{
	struct card_wish wish = wish_of(o, board);
	struct card_result result = {.act = "written", .target = o->targets[0]};
	struct err e = {.verdict = VERDICT_OK};
	struct card_made made;

	if (write_image(&made, o->targets[0], bundle, &wish, &e))
		result.failure = &e;
	else
		result.made = &made;
	return cmd_card_conclude(o, &result);
}

/* --- several, or disks --- */

/* One target of many. */
struct target {
	const char *name;
	bool is_disk;
	struct disk disk;        /* open and confirmed */
	struct burn_disk device;
	struct err e;            /* why it cannot be written */
	bool failed;
};

struct writing {
	const struct card_options *o;
	struct target *targets;
	size_t n;
	int image;               /* in memory, sealed once it is whole */
	struct card_made made;
	struct progress progress;
};

/* The confirmation that is meant for disk D, of those that were given; any other one refuses it. */
static const char *confirmation(const struct card_options *o, const struct disk *d)
{
	for (size_t i = 0; i < o->nconfirm; i++)
		if (strcmp(o->confirm[i], d->serial) == 0)
			return o->confirm[i];
	return o->nconfirm ? o->confirm[0] : NULL;
}

/* All disks are opened and confirmed before the first one is touched: one that is refused refuses all. */
static int open_targets(struct writing *w, int bundle, struct err *e)
{
	for (size_t i = 0; i < w->n; i++) {
		struct target *t = &w->targets[i];

		t->name = w->o->targets[i];
		t->is_disk = disk_is_device(t->name);
		if (!t->is_disk)
			continue;
		if (disk_open(&t->disk, t->name, w->o->most, bundle, e) || disk_confirm(&t->disk, confirmation(w->o, &t->disk), e))
			return -1;
		burn_disk_init(&t->device, &t->disk);
	}
	return 0;
}

static int make_image(struct writing *w, const struct board *board, int bundle, struct err *e)
{
	struct card_wish wish = wish_of(w->o, board);

	w->image = memfd_create("firmseal-card", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (w->image < 0)
		return err_errno(e, "cannot make the card in memory");
	if (card_make(&w->made, w->image, bundle, &wish, e))
		return -1;
	if (fcntl(w->image, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
		return err_errno(e, "cannot seal the card in memory");
	for (size_t i = 0; i < w->n; i++)
		if (w->targets[i].is_disk && w->targets[i].disk.size < w->made.size)
			return err_set(e, VERDICT_TOO_LARGE, "a card of %llu MiB does not fit on %s (--size makes a smaller one)",
				       (unsigned long long)w->made.size >> 20, w->targets[i].name);
	return 0;
}

static bool is_zero(const unsigned char *bytes, size_t len)
{
	return bytes[0] == 0 && memcmp(bytes, bytes + 1, len - 1) == 0;
}

/* Zeros are left out: the new file has them anyway. */
static int copy_used(const struct writing *w, int fd, struct err *e)
{
	unsigned char *buf = malloc(BURN_ALIGN);
	struct medium_file medium;
	int rc = 0;

	if (!buf)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	medium_file_init(&medium, fd);
	for (uint64_t at = 0; rc == 0 && at < w->made.used; at += BURN_ALIGN) {
		rc = medium_read(w->image, at, buf, BURN_ALIGN, e);
		if (rc == 0 && !is_zero(buf, BURN_ALIGN))
			rc = medium.base.write(&medium.base, at, buf, BURN_ALIGN, e);
	}
	free(buf);
	return rc;
}

static int copy_image(const struct writing *w, const char *name, struct err *e)
{
	struct io_new file;
	int rc;

	if (io_new_open(&file, name, 0644, e))
		return -1;
	rc = ftruncate(file.fd, (off_t)w->made.size) ? err_errno(e, "cannot make %s as large as the card", name) : copy_used(w, file.fd, e);
	if (rc == 0)
		rc = io_new_commit(&file, e);
	io_new_discard(&file);
	return rc;
}

static void tell(void *owner, uint64_t done)
{
	progress_update(&((struct writing *)owner)->progress, done);
}

/* All disks at a time. */
static int burn_disks(struct writing *w, struct err *e)
{
	struct burn_image image = {w->image, w->made.used, (uint64_t)w->made.start * 512};
	struct burn *burns = calloc(w->n, sizeof *burns);
	size_t n = 0;

	if (!burns)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	for (size_t i = 0; i < w->n; i++)
		if (w->targets[i].is_disk)
			burns[n++].device = &w->targets[i].device.base;
	progress_begin(&w->progress, "writing", burn_work(&image), w->o->quiet);
	(void)burn_all(burns, n, &image, tell, w);
	progress_end(&w->progress);
	n = 0;
	for (size_t i = 0; i < w->n; i++) {
		if (!w->targets[i].is_disk)
			continue;
		w->targets[i].failed = burns[n].rc != 0;
		w->targets[i].e = burns[n++].e;
	}
	free(burns);
	return 0;
}

static int write_all(struct writing *w, const struct board *board, int bundle, struct err *e)
{
	if (open_targets(w, bundle, e) || make_image(w, board, bundle, e) || burn_disks(w, e))
		return -1;
	for (size_t i = 0; i < w->n; i++)
		if (!w->targets[i].is_disk)
			w->targets[i].failed = copy_image(w, w->targets[i].name, &w->targets[i].e) != 0;
	return 0;
}

static int conclude_all(const struct writing *w)
{
	int status = STATUS_DONE;

	for (size_t i = 0; i < w->n; i++) {
		const struct target *t = &w->targets[i];
		struct card_result r = {.act = "written",
					.target = t->name,
					.serial = t->is_disk ? t->disk.serial : NULL,
					.made = &w->made,
					.failure = t->failed ? &t->e : NULL};

		status = cmd_card_both(status, cmd_card_conclude(w->o, &r));
	}
	return status;
}

static int write_many(const struct card_options *o, const struct board *board, int bundle)
{
	struct writing w = {.o = o, .n = o->ntargets, .image = -1, .targets = calloc(o->ntargets, sizeof *w.targets)};
	struct card_result refused = {.act = "written", .target = o->targets[0]};
	struct err e = {.verdict = VERDICT_OK};
	int status;

	if (!w.targets)
		return cli_fail(&(struct err){.verdict = VERDICT_SYSTEM, .message = "out of memory"});
	for (size_t i = 0; i < w.n; i++)
		w.targets[i].disk.fd = -1;
	if (write_all(&w, board, bundle, &e)) {
		refused.failure = &e;
		status = cmd_card_conclude(o, &refused);
	} else {
		status = conclude_all(&w);
	}
	for (size_t i = 0; i < w.n; i++)
		disk_close(&w.targets[i].disk);
	if (w.image >= 0)
		close(w.image);
	free(w.targets);
	return status;
}

int cmd_card_write(const struct card_options *o, const struct board *board)
{
	struct err e = {.verdict = VERDICT_OK};
	int bundle = open_bundle(o->bundle, &e), status;

	if (bundle < 0)
		return cli_fail_as(&e, o->json);
	if (o->ntargets == 1 && !disk_is_device(o->targets[0]))
		status = write_one_image(o, board, bundle);
	else
		status = write_many(o, board, bundle);
	close(bundle);
	return status;
}
