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
#include "flasher/output.h"

/* What all targets share. */
struct writing {
	const struct card_options *o;
	const struct board *board;
	int bundle;
	struct card_receipt receipt;
	struct interrupt interrupt;
};

static struct card_wish wish_of(struct writing *w)
{
	return (struct card_wish){.board = w->board,
				  .revision = w->o->revision,
				  .have_revision = w->o->have_revision,
				  .trust = &w->o->trust,
				  .size = w->o->size,
				  .hash_bundle = w->o->receipt != NULL,
				  .quiet = w->o->quiet,
				  .interrupt = &w->interrupt};
}

static int open_bundle(const char *name, struct err *e)
{
	int fd = strcmp(name, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)
					: open(name, O_RDONLY | O_NOCTTY | O_CLOEXEC);

	return fd >= 0 ? fd : err_errno(e, "cannot open %s", name);
}

/* Over another file only when that was asked for, also where the file came up while this one was made. */
static int put_in_place(const struct card_options *o, struct io_new *file, struct err *e)
{
	return o->force ? io_new_commit(file, e) : io_new_commit_exclusive(file, e);
}

/* An image file: it appears whole, or not at all. */
static int write_image(struct writing *w, struct card_made *made, const char *target, struct err *e)
{
	struct card_wish wish = wish_of(w);
	struct io_new file;
	int rc;

	if (interrupt_watch(&w->interrupt, e))
		return -1;
	if (io_new_open(&file, target, 0644, e))
		return -1;
	rc = card_make(made, file.fd, w->bundle, &wish, e) || interrupt_check(&w->interrupt, e) || put_in_place(w->o, &file, e) ? -1 : 0;
	io_new_discard(&file);
	return rc;
}

static int write_one_image(struct writing *w)
{
	struct card_result result = {.act = "written", .target = w->o->targets[0]};
	struct err e = {.verdict = VERDICT_SYSTEM};
	struct card_made made;

	if (write_image(w, &made, w->o->targets[0], &e))
		result.failure = &e;
	else
		result.made = &made;
	return cmd_card_conclude(w->o, &w->receipt, &result);
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

struct many {
	struct writing *w;
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
static int open_targets(struct many *m, struct err *e)
{
	const struct card_options *o = m->w->o;

	for (size_t i = 0; i < m->n; i++) {
		struct target *t = &m->targets[i];

		t->is_disk = disk_is_device(t->name);
		if (!t->is_disk)
			continue;
		if (disk_open(&t->disk, t->name, o->most, m->w->bundle, e) || disk_confirm(&t->disk, confirmation(o, &t->disk), e))
			return -1;
		burn_disk_init(&t->device, &t->disk);
	}
	return 0;
}

static int make_image(struct many *m, struct err *e)
{
	struct card_wish wish = wish_of(m->w);

	m->image = memfd_create("firmseal-card", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (m->image < 0)
		return err_errno(e, "cannot make the card in memory");
	if (card_make(&m->made, m->image, m->w->bundle, &wish, e))
		return -1;
	if (fcntl(m->image, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
		return err_errno(e, "cannot seal the card in memory");
	for (size_t i = 0; i < m->n; i++)
		if (m->targets[i].is_disk && m->targets[i].disk.size < m->made.size)
			return err_set(e, VERDICT_TOO_LARGE, "a card of %llu MiB does not fit on %s (--size makes a smaller one)",
				       (unsigned long long)m->made.size >> 20, m->targets[i].name);
	return 0;
}

static bool is_zero(const unsigned char *bytes, size_t len)
{
	return bytes[0] == 0 && memcmp(bytes, bytes + 1, len - 1) == 0;
}

/* Zeros are left out: the new file has them anyway. */
static int copy_used(struct many *m, int fd, struct err *e)
{
	unsigned char *buf = malloc(BURN_ALIGN);
	struct medium_file medium;
	int rc = 0;

	if (!buf)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	medium_file_init(&medium, fd);
	for (uint64_t at = 0; rc == 0 && at < m->made.used; at += BURN_ALIGN) {
		rc = at % BURN_BLOCK == 0 ? interrupt_check(&m->w->interrupt, e) : 0;
		if (rc == 0)
			rc = medium_read(m->image, at, buf, BURN_ALIGN, e);
		if (rc == 0 && !is_zero(buf, BURN_ALIGN))
			rc = medium.base.write(&medium.base, at, buf, BURN_ALIGN, e);
	}
	free(buf);
	return rc;
}

static int copy_image(struct many *m, const char *name, struct err *e)
{
	struct io_new file;
	int rc;

	if (io_new_open(&file, name, 0644, e))
		return -1;
	rc = ftruncate(file.fd, (off_t)m->made.size) ? err_errno(e, "cannot make %s as large as the card", name) : copy_used(m, file.fd, e);
	if (rc == 0)
		rc = put_in_place(m->w->o, &file, e);
	io_new_discard(&file);
	return rc;
}

static bool tell(void *owner, uint64_t done)
{
	struct many *m = owner;

	progress_update(&m->progress, done);
	return interrupt_check(&m->w->interrupt, NULL) == 0;
}

/* All disks at a time. */
static int burn_disks(struct many *m, struct err *e)
{
	struct burn_image image = {m->image, m->made.used, (uint64_t)m->made.start * 512};
	struct burn *burns = calloc(m->n, sizeof *burns);
	size_t n = 0;

	if (!burns)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	for (size_t i = 0; i < m->n; i++)
		if (m->targets[i].is_disk)
			burns[n++].device = &m->targets[i].device.base;
	progress_begin(&m->progress, "writing", burn_work(&image), m->w->o->quiet);
	(void)burn_all(burns, n, &image, tell, m);
	progress_end(&m->progress);
	n = 0;
	for (size_t i = 0; i < m->n; i++) {
		if (!m->targets[i].is_disk)
			continue;
		m->targets[i].failed = burns[n].rc != 0;
		m->targets[i].e = burns[n++].e;
	}
	free(burns);
	return 0;
}

/* While a person types, a signal ends the program at once: nothing has been touched. */
static int write_all(struct many *m, struct err *e)
{
	if (open_targets(m, e) || interrupt_watch(&m->w->interrupt, e) || make_image(m, e) || burn_disks(m, e))
		return -1;
	for (size_t i = 0; i < m->n; i++)
		if (!m->targets[i].is_disk)
			m->targets[i].failed = copy_image(m, m->targets[i].name, &m->targets[i].e) != 0;
	return 0;
}

static struct card_result result_of(const struct target *t)
{
	return (struct card_result){.act = "written", .target = t->name, .serial = t->disk.fd >= 0 ? t->disk.serial : NULL};
}

static int conclude_each(const struct many *m)
{
	int status = STATUS_DONE;

	for (size_t i = 0; i < m->n; i++) {
		struct card_result r = result_of(&m->targets[i]);

		r.made = &m->made;
		r.failure = m->targets[i].failed ? &m->targets[i].e : NULL;
		status = cmd_card_both(status, cmd_card_conclude(m->w->o, &m->w->receipt, &r));
	}
	return status;
}

/* None was written, for one reason. */
static int conclude_none(const struct many *m, const struct err *why)
{
	int status = STATUS_DONE;

	for (size_t i = 0; i < m->n; i++) {
		struct card_result r = result_of(&m->targets[i]);

		r.failure = why;
		status = cmd_card_both(status, cmd_card_keep(m->w->o, &m->w->receipt, &r));
	}
	cli_fail(why);
	return status;
}

static int write_many(struct writing *w)
{
	struct many m = {.w = w, .n = w->o->ntargets, .image = -1, .targets = calloc(w->o->ntargets, sizeof *m.targets)};
	struct err e = {.verdict = VERDICT_SYSTEM};
	int status;

	if (!m.targets)
		return cli_fail(&(struct err){.verdict = VERDICT_SYSTEM, .message = "out of memory"});
	for (size_t i = 0; i < m.n; i++) {
		m.targets[i].name = w->o->targets[i];
		m.targets[i].disk.fd = -1;
	}
	status = write_all(&m, &e) ? conclude_none(&m, &e) : conclude_each(&m);
	for (size_t i = 0; i < m.n; i++)
		disk_close(&m.targets[i].disk);
	if (m.image >= 0)
		close(m.image);
	free(m.targets);
	return status;
}

int cmd_card_write(const struct card_options *o, const struct board *board)
{
	struct writing w = {.o = o, .board = board, .interrupt = {.fd = -1}};
	struct err e = {.verdict = VERDICT_SYSTEM};
	int status;

	for (size_t i = 0; i < o->ntargets; i++)
		if (!disk_is_device(o->targets[i]) && output_prove(o->targets[i], o->force, &e))
			return cli_fail_as(&e, o->json);
	w.bundle = open_bundle(o->bundle, &e);
	if (w.bundle < 0)
		return cli_fail_as(&e, o->json);
	if (card_receipt_open(&w.receipt, o->receipt, &e)) {
		close(w.bundle);
		return cli_fail_as(&e, o->json);
	}
	status = o->ntargets == 1 && !disk_is_device(o->targets[0]) ? write_one_image(&w) : write_many(&w);
	if (card_receipt_close(&w.receipt, &e))
		status = cli_fail(&e);
	close(w.bundle);
	interrupt_end(&w.interrupt);
	return status;
}
