/* SPDX-License-Identifier: ISC */
/* Trees: from a directory, and from found entries as an archive gives them. */
#define _GNU_SOURCE
#include "tests/packing.h"

#include <sys/socket.h>
#include <sys/un.h>

/* --- trees --- */

static void sorts_as_bytes(void **state)
{
	static const char *const sorted[] = {" lead", "%41", "a", "a b", "a-b", "a/b", "a/b-", "a/b0", "b", "\xc3\xbc", "\xff"};
	struct tree *t;

	(void)state;
	assert_int_equal(mkdir("t/a", 0755), 0);
	put_text("t/b", "");
	put_text("t/a-b", "");
	put_text("t/a b", "");
	put_text("t/a/b0", "");
	put_text("t/a/b-", "");
	put_text("t/a/b", "");
	put_text("t/\xff", "");
	put_text("t/\xc3\xbc", "");
	put_text("t/%41", "");
	put_text("t/ lead", "");
	t = read_tree(&plain_rules);
	assert_paths(t, sorted, sizeof sorted / sizeof sorted[0]);
	assert_int_equal(t->refused.n, 0);
	tree_free(&t);
}

static const char *refusal(const struct tree *t, const char *path)
{
	for (size_t i = 0; i < t->refused.n; i++)
		if (strcmp(t->refused.at[i].path, path) == 0)
			return t->refused.at[i].reason;
	return "it is not refused";
}

static void tells_links_apart(void **state)
{
	static const char *const sorted[] = {"d", "d/f", "d/inside", "dangling", "root"};
	struct tree *t;

	(void)state;
	assert_int_equal(mkdir("t/d", 0755), 0);
	put_text("t/d/f", "x");
	assert_int_equal(symlink("../d/f", "t/d/inside"), 0);
	assert_int_equal(symlink("/etc/../proc/mounts", "t/root"), 0);
	assert_int_equal(symlink("nowhere", "t/dangling"), 0);
	assert_int_equal(symlink("../../etc", "t/d/outside"), 0);
	assert_int_equal(symlink("f/../../..", "t/d/sly"), 0);
	t = read_tree(&plain_rules);
	assert_paths(t, sorted, 5);
	assert_int_equal(t->entries[2].type, ENTRY_LINK);
	assert_string_equal(t->entries[2].target, "../d/f");
	assert_int_equal(t->entries[3].type, ENTRY_LINK);
	assert_int_equal(t->entries[4].type, ENTRY_ROOTLINK);
	assert_int_equal(t->refused.n, 2);
	assert_string_equal(refusal(t, "d/outside"), "its target \"../../etc\" is a link that leads out of the tree");
	assert_string_equal(refusal(t, "d/sly"), "its target \"f/../../..\" has a `..' component");
	tree_free(&t);
}

static void refuses_special_files(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "t/socket"};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	bool device = mknod("t/device", S_IFCHR | 0600, 0) == 0; /* root may */
	struct tree *t;

	(void)state;
	assert_int_equal(mkfifo("t/fifo", 0600), 0);
	assert_true(fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0);
	put_text("t/new\nline", "");
	put_text("t/back\\slash", "");
	t = read_tree(&plain_rules);
	assert_int_equal(t->n, 0);
	assert_string_equal(refusal(t, "fifo"), "it is a FIFO");
	assert_string_equal(refusal(t, "socket"), "it is a socket");
	if (device)
		assert_string_equal(refusal(t, "device"), "it is a character device");
	assert_string_equal(refusal(t, "new\\x0aline"), "its path has a control byte");
	assert_non_null(strstr(refusal(t, "back\\x5cslash"), "has a backslash"));
	close(fd);
	tree_free(&t);
}

static void takes_off_setid(void **state)
{
	static const struct tree_rules setid = {.allow_setid = true};
	struct tree *t;

	(void)state;
	put_text("t/su", "");
	assert_int_equal(chmod("t/su", 04755), 0);
	assert_int_equal(mkdir("t/tmp", 0755), 0);
	assert_int_equal(chmod("t/tmp", 01777), 0);
	t = read_tree(&plain_rules);
	assert_int_equal(t->entries[0].mode, 0755);
	assert_int_equal(t->entries[1].mode, 0777);
	assert_int_equal(t->warnings.n, 2);
	tree_free(&t);
	t = read_tree(&setid);
	assert_int_equal(t->entries[0].mode, 04755);
	assert_int_equal(t->entries[1].mode, 01777);
	assert_int_equal(t->warnings.n, 0);
	tree_free(&t);
}

static void owners_are_root_unless_kept(void **state)
{
	static const struct tree_rules keep = {.keep_owner = true};
	struct tree *t;

	(void)state;
	put_text("t/a", "");
	put_text("t/b", "");
	if (chown("t/a", 12, 34) != 0 || chown("t/b", 2097152, 0) != 0)
		skip(); /* not root */
	t = read_tree(&plain_rules);
	assert_int_equal(t->n, 2);
	assert_int_equal(t->entries[0].uid, 0);
	tree_free(&t);
	t = read_tree(&keep);
	assert_int_equal(t->n, 1);
	assert_int_equal(t->entries[0].uid, 12);
	assert_int_equal(t->entries[0].gid, 34);
	assert_string_equal(refusal(t, "b"), "its owner 2097152:0 is over 2097151");
	tree_free(&t);
}

/* --- trees from found entries, as an archive gives them --- */

static int add(struct tree *t, enum entry_type type, const char *path, const char *target)
{
	struct tree_found found = {.type = type, .path = path, .target = target, .mode = 0644};
	struct err e;

	return tree_add(t, &found, &e);
}

static void makes_missing_parents(void **state)
{
	static const char *const sorted[] = {"a", "a-b", "a/b", "a/b/c", "a/b/d", "z"};
	struct tree *t = tree_new(&plain_rules);
	struct err e;

	(void)state;
	assert_int_equal(add(t, ENTRY_FILE, "a/b/d", NULL), 1);
	assert_int_equal(add(t, ENTRY_FILE, "z", NULL), 1);
	assert_int_equal(add(t, ENTRY_FILE, "a-b", NULL), 1);
	assert_int_equal(add(t, ENTRY_FILE, "a/b/c", NULL), 1);
	assert_int_equal(tree_finish(t, &e), 0);
	assert_paths(t, sorted, sizeof sorted / sizeof sorted[0]);
	assert_int_equal(t->entries[0].type, ENTRY_DIR);
	assert_int_equal(t->entries[0].mode, 0755);
	tree_free(&t);
}

/* A path of up to 256 bytes is split at a slash; a directory's own last slash is no place for that. */
static void refuses_what_lies_in_a_directory_of_too_long_a_path(void **state)
{
	char path[130];
	struct err e;
	struct tree *t = tree_new(&plain_rules);

	(void)state;
	memset(path, 'n', 120);
	memcpy(path + 120, "/d/f", 5);
	assert_int_equal(add(t, ENTRY_FILE, path, NULL), 1);
	assert_int_equal(add(t, ENTRY_FILE, "a", NULL), 1);
	assert_int_equal(tree_finish(t, &e), 0);
	assert_int_equal(t->n, 1);
	assert_string_equal(t->entries[0].path, "a");
	assert_int_equal(t->refused.n, 1);
	assert_string_equal(refusal(t, path), "the path of a directory above it is too long for the format");
	tree_free(&t);
}

/* A parent that was made for an entry that is refused in the end must not stay behind. */
static void leaves_no_parent_of_what_it_refuses(void **state)
{
	static const char *const sorted[] = {"l"};
	struct tree *t = tree_new(&plain_rules);
	struct err e;

	(void)state;
	assert_int_equal(add(t, ENTRY_LINK, "l", "x"), 1);
	assert_int_equal(add(t, ENTRY_FILE, "l/deep/er/file", NULL), 1);
	assert_int_equal(tree_finish(t, &e), 0);
	assert_paths(t, sorted, 1);
	assert_string_equal(refusal(t, "l/deep/er/file"), "its path leads through a link");
	tree_free(&t);
}

static void bounds_the_number_of_entries(void **state)
{
	struct tree *t = tree_new(&plain_rules);
	struct tree_found found = {.type = ENTRY_FILE, .path = "..", .mode = 0644};
	struct err e;

	(void)state;
	for (int i = 0; i < TREE_ENTRIES_MAX; i++)
		assert_int_equal(tree_add(t, &found, &e), 0);
	assert_int_equal(t->refused.n, NOTES_MAX);
	assert_int_equal(t->refused.more, TREE_ENTRIES_MAX - NOTES_MAX);
	assert_int_equal(tree_add(t, &found, &e), -1);
	assert_int_equal(e.verdict, VERDICT_TOO_LARGE);
	tree_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(sorts_as_bytes, fresh),
		cmocka_unit_test_setup(tells_links_apart, fresh),
		cmocka_unit_test_setup(refuses_special_files, fresh),
		cmocka_unit_test_setup(takes_off_setid, fresh),
		cmocka_unit_test_setup(owners_are_root_unless_kept, fresh),
		cmocka_unit_test(makes_missing_parents),
		cmocka_unit_test(refuses_what_lies_in_a_directory_of_too_long_a_path),
		cmocka_unit_test(leaves_no_parent_of_what_it_refuses),
		cmocka_unit_test(bounds_the_number_of_entries),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
