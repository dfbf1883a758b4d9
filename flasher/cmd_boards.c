/* SPDX-License-Identifier: ISC */
/* `firmflash boards`: which boards there are profiles for. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "boards/board.h"
#include "core/cli.h"
#include "core/json.h"
#include "core/say.h"
#include "flasher/cmd.h"

static void print_json(const struct board *b)
{
	struct json j;

	json_begin(&j, stdout);
	json_open_object(&j, NULL);
	json_put_string(&j, "board", b->id);
	json_put_string(&j, "title", b->title);
	if (b->family[0])
		json_put_string(&j, "family", b->family);
	json_open_array(&j, "models");
	for (size_t i = 0; i < b->nmodels; i++)
		json_put_string(&j, NULL, b->models[i]);
	json_close_array(&j);
	json_put_string(&j, "dialect", board_dialect_word(b->dialect));
	json_put_string(&j, "hardware", b->hardware);
	json_put_string(&j, "send", b->send == BOARD_SEND_BUNDLE ? "bundle" : b->send == BOARD_SEND_PAYLOAD ? "payload" : "file");
	json_put_bool(&j, "can_wipe", b->wipe.upgrade[0] != '\0');
	json_put_bool(&j, "reboots_itself", b->keep.reboot[0] == '\0');
	json_close_object(&j);
	json_finish(&j);
}

int cmd_boards(int argc, char **argv)
{
	static const struct option options[] = {
		{"boards", required_argument, NULL, 'b'}, {"json", no_argument, NULL, 'j'}, {NULL, 0, NULL, 0}};
	struct board *boards = NULL;
	const char *dir = NULL;
	struct board_dirs dirs;
	struct err e = {0};
	bool json = false;
	size_t n = 0;
	int option;

	while ((option = cli_option(argc, argv, "", options, &e)) != -1) {
		if (option == '?')
			return cli_wrong(&e);
		if (option == 'b')
			dir = optarg;
		else
			json = true;
	}
	if (optind != argc)
		return cli_usage("`%s' is one argument too many", argv[optind]);
	if (board_dirs_init(&dirs, dir, &e) || board_list(&boards, &n, &dirs, &e))
		return cli_fail_as(&e, json);
	for (size_t i = 0; i < n; i++) {
		if (json)
			print_json(&boards[i]);
		else
			say(stdout, "%-20s %s\n", boards[i].id, boards[i].title);
	}
	free(boards);
	return cli_done(STATUS_DONE);
}
