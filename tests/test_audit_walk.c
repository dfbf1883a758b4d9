/* SPDX-License-Identifier: ISC */
/* The walk of an audit over a directory that lists what no sound file system lists. */
#define _GNU_SOURCE /* DT_REG */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <unistd.h>

#include "core/manifest.h"
#include "verifier/audit.h"

enum { LONG_NAME = 700 }; /* FAT in UTF-8 lists up to 765 bytes, FUSE up to 1024 */

static union {
	struct dirent entry;
	char room[sizeof(struct dirent) + LONG_NAME + 1];
} listed;
static unsigned calls;

/* In place of the C library's: one entry, and the end. */
struct dirent *readdir(DIR *dir)
{
	(void)dir;
	if (calls++ > 0)
		return NULL;
	listed.entry.d_type = DT_REG;
	memset(listed.room + offsetof(struct dirent, d_name), 'n', LONG_NAME);
	return &listed.entry;
}

static void a_name_too_long_is_told(void **state)
{
	static const char text[] = "firmseal-manifest 1\nproduct p\nversion 1\ncounter 1\ncreated 0\nboard b 0 0\npayload 1024 65536 1\n"
				   "chunk 10 0000000000000000000000000000000000000000000000000000000000000000\n";
	char root[] = "/tmp/firmseal-audit-XXXXXX", *copy = strdup(text);
	struct audit_options o = {.threads = 1};
	struct audit_result result;
	const struct finding *found;
	struct manifest *m = NULL;

	(void)state;
	assert_non_null(mkdtemp(root));
	assert_int_equal(manifest_parse(&m, copy, sizeof text - 1, NULL), 0);
	o.root = root;
	o.m = m;
	assert_int_equal(audit_run(&result, &o, NULL), 0);
	assert_int_equal(calls, 2);
	assert_string_equal(audit_word(result.verdict), "suspect");
	assert_int_equal(findings_count(result.findings), 1);
	found = findings_at(result.findings, 0);
	assert_string_equal(finding_word(found->kind), "unreadable");
	assert_string_equal(found->detail, "it lists a name of 700 bytes, too long to be looked at");
	findings_free(&result.findings);
	manifest_free(&m);
	assert_int_equal(rmdir(root), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_too_long_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
