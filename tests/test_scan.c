/* SPDX-License-Identifier: ISC */
/* What kind of board an answer tells of, and which answers are suspicious. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "flasher/facts.h"
#include "flasher/scan.h"

static void parse(struct board *b, const char *id, const char *more)
{
	char text[1024];
	struct err e = {0};
	int n = snprintf(text, sizeof text,
			 "board %s\ntitle T\n%sdialect json\nrealm farm\nprobe /p\nfield f\nsend bundle\nupgrade keep /u\nreboot keep itself\n",
			 id, more);

	if (board_parse(b, "x.board", text, (size_t)n, &e))
		fail_msg("%s", e.message);
}

static struct link_identity identity(const char *model, const char *subtype)
{
	struct link_identity id = {.version = "1.0"};

	snprintf(id.model, sizeof id.model, "%s", model);
	snprintf(id.subtype, sizeof id.subtype, "%s", subtype);
	return id;
}

static void the_control_board_decides_and_not_the_model(void **state)
{
	struct board boards[4];
	const struct scan_options o = {.boards = boards, .nboards = 4};
	char why[SCAN_NOTE_MAX];
	struct link_identity id;
	bool by_model;

	(void)state;
	parse(&boards[0], "old", "model Antminer A\nmodel Antminer B\n");
	parse(&boards[1], "cv", "model Antminer C\nsubtype CVCtrl_*\n");
	parse(&boards[2], "aml", "model Antminer C\nsubtype AMLCtrl_*\n");
	parse(&boards[3], "older", "model Antminer B\n");
	id = identity("Antminer C", "AMLCtrl_BHB42");
	assert_ptr_equal(scan_kind(&o, "farm", &id, &by_model, why), &boards[2]);
	assert_false(by_model);
	id = identity("Antminer A", "");
	assert_ptr_equal(scan_kind(&o, "farm", &id, &by_model, why), &boards[0]);
	assert_true(by_model);
	id = identity("Antminer B", ""); /* two profiles claim it: nobody guesses */
	assert_null(scan_kind(&o, "farm", &id, &by_model, why));
	assert_non_null(strstr(why, "both"));
	id = identity("Antminer C", "");
	assert_null(scan_kind(&o, "farm", &id, &by_model, why));
	assert_non_null(strstr(why, "no profile"));
	id = identity("Antminer A", "");
	assert_null(scan_kind(&o, "router", &id, &by_model, why));
}

/* Whoever is reached by Digest cannot say that it is a board that is sent the password itself, by its name or its model. */
static void no_board_makes_its_protocol_weaker(void **state)
{
	static const char token[] = "board vnish\ntitle T\nmodel Antminer A\ndialect token\nprobe /p\nunlock /u pw\nfield f\nsend payload\nupgrade keep /u\n"
				    "reboot keep itself\n";
	struct board boards[2];
	const struct scan_options o = {.boards = boards, .nboards = 2};
	struct link_identity id = identity("Antminer A", "");
	char why[SCAN_NOTE_MAX];
	struct err e;
	bool by_model;

	(void)state;
	if (board_parse(&boards[0], "vnish.board", token, sizeof token - 1, &e))
		fail_msg("%s", e.message);
	parse(&boards[1], "old", "model Antminer B\n");
	assert_false(scan_told_board(&o, "vnish"));
	assert_true(scan_told_board(&o, "old"));
	assert_true(scan_told_board(&o, "not-known-yet"));
	assert_null(scan_kind(&o, "farm", &id, &by_model, why));
	assert_null(scan_kind(&o, "", &id, &by_model, why));
}

static void only_realms_of_boards_are_known(void **state)
{
	struct board b;
	struct scan_options o = {.boards = &b, .nboards = 1};

	(void)state;
	parse(&b, "x", "");
	assert_true(scan_realm_known(&o, "farm"));
	assert_false(scan_realm_known(&o, "Farm"));
	assert_false(scan_realm_known(&o, ""));
	o.realms[o.nrealms++] = "ours";
	assert_true(scan_realm_known(&o, "ours"));
}

static void signs_are_seen(void **state)
{
	static const struct {
		const char *version, *hostname, *other, *live, *conf;
		unsigned signs;
	} cases[] = {
		{"1.0", "antMiner", "1.0", "a u\n", "a u\n", 0},
		{"1.0", "", "", "", "", 0},
		{"Fri Nov 17 17:57:49 CST 2017", "a-b.c", "", "a u\n", "a u\nb u\n", 0},
		{"FR-1.12(251009-S21)", "", "", "", "", 0},
		{"1.0", "", "0.9", "", "", SIGN_VERSIONS},
		{"", "", "0.9", "", "", SIGN_ODD_VERSION},
		{"1.0\\x1b[2J", "", "", "", "", SIGN_ODD_VERSION},
		{"1.0;id", "", "", "", "", SIGN_ODD_VERSION},
		{"1.0", "a;reboot", "", "", "", SIGN_HOSTNAME},
		{"1.0", "$(id)", "", "", "", SIGN_HOSTNAME},
		{"1.0", "", "", "a u\n", "a other\n", SIGN_POOLS},
		{"1.0", "", "", "a u\nevil x\n", "a u\nb u\n", SIGN_POOLS},
		{"1.0", "", "", "a u", "a u\n", 0},
		{"1.0", "", "", "", "a u\n", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct link_identity id = {.mac = ""};
		unsigned got;

		snprintf(id.version, sizeof id.version, "%s", cases[i].version);
		snprintf(id.hostname, sizeof id.hostname, "%s", cases[i].hostname);
		got = scan_signs(&id, cases[i].other, cases[i].live, cases[i].conf);
		if (got != cases[i].signs)
			fail_msg("case %zu: signs %#x, wanted %#x", i, got, cases[i].signs);
	}
}

static void what_boards_say_is_taken_with_care(void **state)
{
	static const char good[] = "{\"board\":\"zynq-s9\",\"revision\":3}";
	static const char *const bad[] = {"{\"board\":\"../x\",\"revision\":3}", "{\"board\":\"x\",\"revision\":-1}",
					  "{\"board\":\"x\",\"revision\":\"3\"}", "{\"board\":\"x\"}", "{}", "", "[]"};
	static const char conf[] = "{\"pools\":[{\"url\":\"a\",\"user\":\"u\",\"pass\":\"p\"},{\"url\":\"\"},{\"url\":\"b\",\"user\":\"v\"}]}";
	char id[TEXT_NAME_MAX + 1] = "", pools[FACTS_POOLS_MAX];
	uint64_t revision = 0;

	(void)state;
	assert_int_equal(facts_board(id, &revision, good, sizeof good - 1), 0);
	assert_string_equal(id, "zynq-s9");
	assert_int_equal(revision, 3);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(facts_board(id, &revision, bad[i], strlen(bad[i])), -1);
	assert_string_equal(id, "zynq-s9");
	assert_int_equal(facts_conf_pools(pools, conf, sizeof conf - 1), 0);
	assert_string_equal(pools, "a u\nb v\n");
	assert_int_equal(facts_conf_pools(pools, "{}", 2), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_control_board_decides_and_not_the_model),
		cmocka_unit_test(no_board_makes_its_protocol_weaker),
		cmocka_unit_test(only_realms_of_boards_are_known),
		cmocka_unit_test(signs_are_seen),
		cmocka_unit_test(what_boards_say_is_taken_with_care),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
