/* SPDX-License-Identifier: ISC */
/* `firmflash card': recovery cards, made and looked at, and how to use them. */
#define _GNU_SOURCE /* major, minor */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "core/cli.h"
#include "core/io.h"
#include "flasher/card_make.h"
#include "flasher/card_options.h"
#include "flasher/card_receipt.h"
#include "flasher/cmd.h"
#include "flasher/disk.h"
#include "flasher/guide.h"
#include "flasher/sysfs.h"

/* Says one target's result, and keeps it. Returns the exit status. */
static int conclude(const struct card_options *o, const struct card_result *r)
{
	struct err e = {.verdict = VERDICT_OK};
	int status = r->failure ? (int)verdict_status(r->failure->verdict) : STATUS_DONE;

	if (o->json)
		card_result_json(stdout, r, false);
	else if (!o->quiet)
		card_result_text(r);
	fflush(stdout);
	if (r->failure)
		cli_fail(r->failure);
	if (o->receipt && card_receipt_append(o->receipt, r, &e))
		return cli_fail(&e);
	return status;
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

static int write_card(const struct card_options *o, const struct board *board, struct err *e)
{
	struct card_wish wish = {.board = board,
				 .revision = o->revision,
				 .have_revision = o->have_revision,
				 .trust = &o->trust,
				 .size = o->size,
				 .hash_bundle = o->receipt != NULL,
				 .quiet = o->quiet};
	struct card_made made;
	struct card_result result = {.act = "written", .target = o->targets[0]};
	int bundle = open_bundle(o->bundle, e);

	if (bundle < 0 || write_image(&made, o->targets[0], bundle, &wish, e))
		result.failure = e;
	else
		result.made = &made;
	if (bundle >= 0)
		close(bundle);
	return conclude(o, &result);
}

/* The serial of the disk FD, or NULL when it is a file. That the disk may not be written to does not matter here. */
static const char *serial_of(struct disk *d, int fd)
{
	static const struct disk_roots roots = {"/sys", "/proc"};
	char name[DISK_NAME_MAX];
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISBLK(st.st_mode) ||
	    sysfs_name(roots.sys, major(st.st_rdev), minor(st.st_rdev), name) != 0)
		return NULL;
	(void)disk_judge(d, name, &roots, UINT64_MAX, NULL);
	return d->serial;
}

static int verify_card(const struct card_options *o, const struct board_dirs *dirs, const char *target)
{
	static struct card_state state;
	struct card_check check = {dirs, o->board[0] ? o->board : NULL, &o->trust, o->quiet};
	struct card_result result = {.act = "verified", .target = target};
	struct err e = {.verdict = VERDICT_OK};
	struct disk disk;
	bool known = false;
	int fd = open(target, O_RDONLY | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0) {
		err_errno(&e, "cannot open %s", target);
		result.failure = &e;
		return conclude(o, &result);
	}
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED); /* the card's bytes, not what memory kept of them */
	result.serial = serial_of(&disk, fd);
	if (card_verify(&state, &known, fd, &check, &e)) {
		err_prefix(&e, "%s", target);
		result.failure = &e;
	}
	result.made = known ? &state.made : NULL;
	result.state = &state;
	close(fd);
	return conclude(o, &result);
}

/* The worst of all: what cannot be told goes first. */
static int verify_cards(const struct card_options *o, const struct board_dirs *dirs)
{
	int status = STATUS_DONE;

	for (size_t i = 0; i < o->ntargets; i++) {
		int one = verify_card(o, dirs, o->targets[i]);

		status = status == STATUS_DONE ? one : one == STATUS_DONE || one == status ? status : STATUS_SOME_FAILED;
	}
	return status;
}

static int guide(const struct card_options *o, const struct board *b)
{
	enum guide_language language = guide_language(o->lang);
	struct err e = {.verdict = VERDICT_OK};

	if (!b->card.known) {
		err_set(&e, VERDICT_WRONG_BOARD, "no way to recover %s by a card is known: %s", b->id, b->card.reason);
		return cli_fail_as(&e, o->json);
	}
	if (o->act == CARD_SHEET)
		guide_sheet(stdout, b, language);
	else if (o->json)
		guide_json(stdout, b, language);
	else
		guide_steps(stdout, b, language);
	return STATUS_DONE;
}

int cmd_card(int argc, char **argv)
{
	static struct card_options options; /* with a keyring in it, too large for the stack */
	struct board_dirs dirs;
	struct board board;
	struct err e = {.verdict = VERDICT_OK};

	if (card_options_parse(&options, argc, argv, &e))
		return e.verdict == VERDICT_USAGE ? cli_usage("%s", e.message) : cli_fail_as(&e, options.json);
	if (crypto_init_verify(&e) || board_dirs_init(&dirs, options.boards_dir, &e))
		return cli_fail_as(&e, options.json);
	if (options.act == CARD_VERIFY)
		return cli_done(verify_cards(&options, &dirs));
	if (board_find(&board, &dirs, options.board, &e))
		return cli_fail_as(&e, options.json);
	if (options.act == CARD_STEPS || options.act == CARD_SHEET)
		return cli_done(guide(&options, &board));
	return cli_done(write_card(&options, &board, &e));
}
