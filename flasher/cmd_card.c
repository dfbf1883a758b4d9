/* SPDX-License-Identifier: ISC */
/* `firmflash card': recovery cards, made and looked at, and how to use them. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/cli.h"
#include "core/io.h"
#include "flasher/card_make.h"
#include "flasher/card_options.h"
#include "flasher/card_receipt.h"
#include "flasher/cmd.h"
#include "flasher/disk.h"

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

int cmd_card(int argc, char **argv)
{
	static struct card_options options; /* with a keyring in it, too large for the stack */
	struct board_dirs dirs;
	struct board board;
	struct err e = {.verdict = VERDICT_OK};

	if (card_options_parse(&options, argc, argv, &e))
		return e.verdict == VERDICT_USAGE ? cli_usage("%s", e.message) : cli_fail_as(&e, options.json);
	if (crypto_init_verify(&e) || board_dirs_init(&dirs, options.boards_dir, &e) ||
	    board_find(&board, &dirs, options.board, &e))
		return cli_fail_as(&e, options.json);
	return cli_done(write_card(&options, &board, &e));
}
