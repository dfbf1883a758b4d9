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
#include "flasher/cmd.h"
#include "flasher/cmd_card.h"
#include "flasher/disk.h"
#include "flasher/guide.h"
#include "flasher/sysfs.h"

int cmd_card_keep(const struct card_options *o, struct card_receipt *receipt, const struct card_result *r)
{
	struct err e = {.verdict = VERDICT_SYSTEM};
	int status = r->failure ? (int)verdict_status(r->failure->verdict) : STATUS_DONE;

	if (o->json)
		card_result_json(stdout, r, false);
	else if (!o->quiet)
		card_result_text(r);
	fflush(stdout);
	return card_receipt_append(receipt, r, &e) ? cli_fail(&e) : status;
}

int cmd_card_conclude(const struct card_options *o, struct card_receipt *receipt, const struct card_result *r)
{
	int status = cmd_card_keep(o, receipt, r);

	if (r->failure)
		cli_fail(r->failure);
	return status;
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
	IGNORE(disk_judge(d, name, &roots, UINT64_MAX, NULL));
	return d->serial;
}

/* A FIFO would be waited for, and a directory has no bytes. */
static int open_card(const char *target, struct err *e)
{
	int fd = open(target, O_RDONLY | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return err_errno(e, "cannot open %s", target);
	if (fstat(fd, &st) == 0 && (S_ISREG(st.st_mode) || S_ISBLK(st.st_mode)))
		return fd;
	close(fd);
	return err_set(e, VERDICT_NOT_A_BUNDLE, "%s is neither a file nor a disk", target);
}

static int verify_card(const struct card_options *o, const struct board_dirs *dirs, struct card_receipt *receipt, const char *target)
{
	static struct card_state state;
	struct card_check check = {dirs, o->board[0] ? o->board : NULL, &o->trust, o->receipt != NULL, o->quiet};
	struct card_result result = {.act = "verified", .target = target};
	struct err e = {.verdict = VERDICT_SYSTEM};
	struct disk disk;
	bool known = false;
	int fd = open_card(target, &e);

	if (fd < 0) {
		result.failure = &e;
		return cmd_card_conclude(o, receipt, &result);
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
	return cmd_card_conclude(o, receipt, &result);
}

int cmd_card_both(int status, int one)
{
	return status == STATUS_DONE ? one : one == STATUS_DONE || one == status ? status : STATUS_SOME_FAILED;
}

static int verify_cards(const struct card_options *o, const struct board_dirs *dirs)
{
	struct err e = {.verdict = VERDICT_SYSTEM};
	struct card_receipt receipt;
	int status = STATUS_DONE;

	if (card_receipt_open(&receipt, o->receipt, &e))
		return cli_fail_as(&e, o->json);
	for (size_t i = 0; i < o->ntargets; i++)
		status = cmd_card_both(status, verify_card(o, dirs, &receipt, o->targets[i]));
	return card_receipt_close(&receipt, &e) ? cli_fail(&e) : status;
}

static int guide(const struct card_options *o, const struct board *b)
{
	enum guide_language language = guide_language(o->lang);
	struct err e = {.verdict = VERDICT_SYSTEM};

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
	struct err e = {.verdict = VERDICT_SYSTEM};

	if (card_options_parse(&options, argc, argv, &e))
		return cli_wrong(&e);
	if (crypto_init_verify(&e) || board_dirs_init(&dirs, options.boards_dir, &e))
		return cli_fail_as(&e, options.json);
	if (options.act == CARD_VERIFY)
		return cli_done(verify_cards(&options, &dirs));
	if (board_find(&board, &dirs, options.board, &e))
		return cli_fail_as(&e, options.json);
	if (options.act == CARD_STEPS || options.act == CARD_SHEET)
		return cli_done(guide(&options, &board));
	return cli_done(cmd_card_write(&options, &board));
}
