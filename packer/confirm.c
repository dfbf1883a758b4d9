/* SPDX-License-Identifier: ISC */
/* Looks at what is about to be signed as a second person would. */
#include "packer/confirm.h"

#include <stdlib.h>
#include <string.h>

#include "boards/board.h"

static struct span span_of(const char *text)
{
	return (struct span){text, strlen(text)};
}

static int confirm_board(const struct build_options *o, const char *id, const struct board *known, size_t n, struct tree *t, struct err *e)
{
	const char *near = NULL;

	for (size_t i = 0; i < n; i++) {
		const char *const names[] = {known[i].id, known[i].hardware};

		for (size_t k = 0; k < 2; k++) {
			if (strcmp(id, names[k]) == 0)
				return 0;
			if (text_is_near(span_of(id), span_of(names[k])))
				near = names[k];
		}
	}
	if (near && !o->allow_board)
		return err_set(e, VERDICT_USAGE, "--board `%s': no board is known by this id, which is almost %s; expected: --board %s, or --allow-board when `%s' is meant",
			       id, near, near, id);
	return tree_warn(t, id, e, "no board is known by this id; `firmflash boards' lists those that are, --boards DIR names your own profiles");
}

int confirm_boards(const struct build_options *o, struct tree *t, struct err *e)
{
	struct board_dirs dirs;
	struct board *known = NULL;
	size_t n = 0;
	int rc = -1;

	if (board_dirs_init(&dirs, o->boards_dir, e) || board_list(&known, &n, &dirs, o->boards_dir ? e : NULL))
		return o->boards_dir ? -1 : 0;
	for (size_t i = 0; i < o->nboards; i++)
		if (confirm_board(o, o->boards[i].id, known, n, t, e) != 0)
			goto out;
	rc = 0;
out:
	free(known);
	return rc;
}

/* --- the tree --- */

static bool begins_with(const char *path, const char *folder)
{
	size_t n = strlen(folder);

	return strncmp(path, folder, n) == 0 && path[n] == '/';
}

/* Folders that stand at the root of a board's system (hier(7)) or of a card's part of it (boards/card.h). */
static bool is_usual(const char *folder)
{
	static const char *const usual[] = {"bin", "boot", "card", "config", "dev", "etc", "home", "lib", "lib64", "media", "mnt", "nvdata",
					    "opt", "proc", "root", "run", "sbin", "srv", "sys", "tmp", "usr", "var", "www"};

	for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
		if (strcmp(folder, usual[i]) == 0)
			return true;
	return false;
}

/* The folder that all of the tree lies in, or NULL. The tree is sorted and has all parents: it comes first. */
static const char *only_folder(const struct tree *t)
{
	const char *folder = t->entries[0].path;

	if (t->n < 2 || t->entries[0].type != ENTRY_DIR)
		return NULL;
	for (size_t i = 1; i < t->n; i++)
		if (!begins_with(t->entries[i].path, folder))
			return NULL;
	return folder;
}

int confirm_tree(const struct build_options *o, const struct tree *t, struct err *e)
{
	char quoted[NOTES_QUOTED_MAX];
	const char *folder;

	if (t->n == 0)
		return o->allow_empty ? 0 : err_set(e, VERDICT_USAGE, "%s is empty: a bundle of it would install nothing; expected: files, or --allow-empty", o->input);
	folder = only_folder(t);
	if (!folder || o->allow_folder || is_usual(folder))
		return 0;
	for (size_t i = 0; i < o->nwrites; i++)
		if (begins_with(o->writes[i].path, folder))
			return 0;
	for (size_t i = 0; i < o->nruns; i++)
		if (begins_with(o->runs[i].path, folder))
			return 0;
	return err_set(e, VERDICT_USAGE, "all of %s lies in the folder \"%s\", where a board would look for none of it: --strip %u takes the folder off, "
					 "--allow-folder keeps it", o->input, err_quote(quoted, sizeof quoted, folder, strlen(folder)), o->rules.strip + 1);
}
