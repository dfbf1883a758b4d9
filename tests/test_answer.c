/* SPDX-License-Identifier: ISC */
/* What answers mean: each dialect's yes and no, and that nothing else counts as either. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flasher/answer.h"

#define JSON_YES "{\"stats\":\"success\",\"code\":\"U000\",\"msg\":\"OK!\"}"
#define JSON_NO "{\"stats\":\"error\",\"code\":\"U003\",\"msg\":\"Fail!\"}"

/* A page as stock boards write it: a paragraph and a script before the heading. */
#define PAGE(heading, rest)                                                                                            \
	"<?xml version=\"1.0\"?><html><head><!--[if IE 6]><p>x</p><![endif]--><script src=\"/a.js\"></script>\n"       \
	"<script>function f() { if (1 < 2) go(\"/cgi-bin/reboot.cgi\"); }</script><title>Ant Miner</title></head>\n"   \
	"<body onload=\"f();\"><p class=\"skiplink\"><a href=\"#content\">Skip to content</a></p>\n"                   \
	"<h2><a id=\"content\" name=\"content\">" heading "</a></h2><fieldset>" rest "</fieldset></body></html>\n"
#define PAGE_YES PAGE("System Upgrade Successed", "<span>Rebooting System ...<br />(please wait for 90 seconds)</span>")
#define PAGE_NO(reason) PAGE("System Upgrade Failed", "<p>" reason "</p><table></table>")

struct row {
	enum board_dialect dialect;
	const char *body, *word; /* WORD: Firmseal-Verdict, or NULL */
	enum outcome outcome;
	const char *text;        /* must be in the result's text */
};

static struct answer whole(const char *body, size_t len)
{
	return (struct answer){.status = 200, .sent = true, .whole = true, .body = body, .len = len};
}

static void judge(const struct row *row)
{
	struct answer a = whole(row->body, strlen(row->body));
	struct result r = {.outcome = OUTCOME_COUNT};

	if (row->word)
		snprintf(a.word, sizeof a.word, "%s", row->word);
	answer_judge(&r, row->dialect, &a, NULL);
	if (r.outcome != row->outcome || !strstr(r.text, row->text))
		fail_msg("%s: %s \"%s\", wanted %s \"%s\"", row->body, outcome_word(r.outcome), r.text,
			 outcome_word(row->outcome), row->text);
	for (const char *p = r.text; *p; p++)
		assert_in_range((unsigned char)*p, 0x20, 0x7e);
}

static void judge_all(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		judge(&rows[i]);
}

static void pages(void **state)
{
	static const struct row rows[] = {
		{BOARD_HTML, PAGE_YES, NULL, OUTCOME_ACCEPTED, ""},
		{BOARD_HTML, "<html><body>System Upgrade Successed</body></html>", NULL, OUTCOME_ACCEPTED, ""},
		{BOARD_HTML, PAGE_NO("\nCannot Find Signature!!!\n"), NULL, OUTCOME_REJECTED,
		 "says \"Cannot Find Signature!!!\""},
		{BOARD_HTML, PAGE_NO(""), NULL, OUTCOME_REJECTED, "System Upgrade Failed"},
		{BOARD_HTML, "<h1>System upgrade failed</h1>", NULL, OUTCOME_REJECTED, "System Upgrade Failed"},
		{BOARD_HTML, PAGE_NO("a<b>b</b> \n c<script>alert(1)</script>d"), NULL, OUTCOME_REJECTED,
		 "says \"ab cd\""},
		{BOARD_HTML, PAGE_NO("\x1b[31mred\x9b \"quoted\""), NULL, OUTCOME_REJECTED, "\\x9b \\x22quoted\\x22"},
		{BOARD_HTML, PAGE_NO("no &#39;x&#39; &lt;b&gt;&amp;lt; &bogus; &"), NULL, OUTCOME_REJECTED,
		 "says \"no 'x' <b>&lt; &bogus; &\""},
		/* Words in a script, a comment, an attribute or the title were said to nobody. */
		{BOARD_HTML, "<script>var s = 'System Upgrade Successed'</script>", NULL, OUTCOME_UNKNOWN,
		 "no form known"},
		{BOARD_HTML, "<!-- System Upgrade Successed -->", NULL, OUTCOME_UNKNOWN, "no form known"},
		{BOARD_HTML, "<a title=\"> System Upgrade Successed\">x</a>", NULL, OUTCOME_UNKNOWN, "no form known"},
		{BOARD_HTML, "<title>System Upgrade Successed</title>", NULL, OUTCOME_UNKNOWN, "no form known"},
		{BOARD_HTML, "<script>System Upgrade Successed", NULL, OUTCOME_UNKNOWN, "no form known"},
		{BOARD_HTML, "System Upgrade Succeeded", NULL, OUTCOME_UNKNOWN, "no form known"},
		{BOARD_HTML, "", NULL, OUTCOME_UNKNOWN, "empty"},
		{BOARD_HTML, "<p>System Upgrade Successed</p><p>System Upgrade Failed</p>", NULL, OUTCOME_UNKNOWN,
		 "no form known"},
		{BOARD_HTML, JSON_YES, NULL, OUTCOME_UNKNOWN, "no form known"},
		{BOARD_HTML, "<", NULL, OUTCOME_UNKNOWN, "no form known"},
		{BOARD_HTML, "<p", NULL, OUTCOME_UNKNOWN, "no form known"},
		{BOARD_HTML, "1 < 2: System Upgrade Successed", NULL, OUTCOME_ACCEPTED, ""},
	};

	(void)state;
	judge_all(rows, sizeof rows / sizeof *rows);
}

static void objects(void **state)
{
	static const struct row rows[] = {
		{BOARD_JSON, JSON_YES, NULL, OUTCOME_ACCEPTED, ""},
		{BOARD_JSON, " " JSON_YES "\r\n", NULL, OUTCOME_ACCEPTED, ""},
		{BOARD_JSON, JSON_NO, NULL, OUTCOME_REJECTED, "says \"U003 Fail!\""},
		{BOARD_JSON, "{\"stats\":\"error\",\"code\":\"U001\",\"msg\":6}", NULL, OUTCOME_REJECTED,
		 "says \"U001\""},
		{BOARD_JSON, "{\"stats\":\"error\",\"code\":\"U001\",\"msg\":\"\\u001b[2J\\\"\"}", NULL,
		 OUTCOME_REJECTED, "\\x1b[2J\\x22"},
		/* Both members must say it. */
		{BOARD_JSON, "{\"stats\":\"success\",\"code\":\"U001\"}", NULL, OUTCOME_UNKNOWN, "no form known"},
		{BOARD_JSON, "{\"stats\":\"error\",\"code\":\"U000\"}", NULL, OUTCOME_UNKNOWN, "no form known"},
		{BOARD_JSON, "{\"stats\":\"success\"}", NULL, OUTCOME_UNKNOWN, "no form known"},
		{BOARD_JSON, "{\"code\":\"U000\"}", NULL, OUTCOME_UNKNOWN, "no form known"},
		{BOARD_JSON, "{\"stats\":true,\"code\":\"U000\"}", NULL, OUTCOME_UNKNOWN, "no form known"},
		{BOARD_JSON, "{\"stats\":\"Success\",\"code\":\"U000\"}", NULL, OUTCOME_UNKNOWN, "no form known"},
		{BOARD_JSON, "{\"stats\":\"error\",\"stats\":\"success\",\"code\":\"U000\"}", NULL, OUTCOME_UNKNOWN,
		 "no form known"},
		{BOARD_JSON, "[" JSON_YES "]", NULL, OUTCOME_UNKNOWN, "no form known"},
		{BOARD_JSON, JSON_YES JSON_NO, NULL, OUTCOME_UNKNOWN, "no form known"},
		{BOARD_JSON, JSON_YES "x", NULL, OUTCOME_UNKNOWN, "no form known"},
		{BOARD_JSON, "\"success U000\"", NULL, OUTCOME_UNKNOWN, "no form known"},
		{BOARD_JSON, PAGE_YES, NULL, OUTCOME_UNKNOWN, "no form known"},
		{BOARD_JSON, "", NULL, OUTCOME_UNKNOWN, "empty"},
	};

	(void)state;
	judge_all(rows, sizeof rows / sizeof *rows);
}

static void lines(void **state)
{
	static const struct row rows[] = {
		{BOARD_TOKEN, "{\"after\":30}", NULL, OUTCOME_ACCEPTED, ""},
		{BOARD_TOKEN, "{\"err\":\"Wrong model\"}", NULL, OUTCOME_REJECTED, "says \"Wrong model\""},
		{BOARD_TOKEN, "{\"error\":\"busy\"}", NULL, OUTCOME_REJECTED, "says \"busy\""},
		{BOARD_TOKEN, "[]", NULL, OUTCOME_UNKNOWN, "no form known"},
		{BOARD_TOKEN, "", NULL, OUTCOME_UNKNOWN, "empty"},
		{BOARD_PLAIN, "System Upgrade Successed", NULL, OUTCOME_ACCEPTED, ""},
		{BOARD_PLAIN, "System Upgrade Successed\n", NULL, OUTCOME_ACCEPTED, ""},
		{BOARD_PLAIN, "Cannot Find Signature!!!\n", NULL, OUTCOME_REJECTED, "Cannot Find Signature!!!"},
		{BOARD_PLAIN, "tar: x\nInstaller Not Signtured!!!\n", NULL, OUTCOME_REJECTED,
		 "tar: x Installer Not Signtured!!!"},
		{BOARD_PLAIN, "System Upgrade Successed, or so", NULL, OUTCOME_UNKNOWN, "no form known"},
		{BOARD_PLAIN, "System Upgrade Successed\nCannot Find Signature!!!", NULL, OUTCOME_UNKNOWN,
		 "no form known"},
		{BOARD_PLAIN, "tar: short read", NULL, OUTCOME_UNKNOWN, "no form known"},
		{BOARD_PLAIN, "<h1>System Upgrade Successed</h1>", NULL, OUTCOME_UNKNOWN, "no form known"},
		{BOARD_PLAIN, "", NULL, OUTCOME_UNKNOWN, "empty"},
	};

	(void)state;
	judge_all(rows, sizeof rows / sizeof *rows);
}

static void verdict_words(void **state)
{
	static const struct row rows[] = {
		{BOARD_JSON, JSON_YES, "ok", OUTCOME_ACCEPTED, ""},
		{BOARD_HTML, PAGE_YES, "ok", OUTCOME_ACCEPTED, ""},
		{BOARD_JSON, JSON_NO, "wrong-board", OUTCOME_REJECTED, "U003 Fail!"},
		{BOARD_HTML, PAGE_NO("bad-signature: no"), "bad-signature", OUTCOME_REJECTED, "bad-signature: no"},
		{BOARD_JSON, "?", "rollback", OUTCOME_REJECTED, ""},
		{BOARD_JSON, JSON_NO, "busy", OUTCOME_FAILED, "U003 Fail!"},
		{BOARD_JSON, JSON_NO, "system", OUTCOME_FAILED, "U003 Fail!"},
		/* The word and the text must not contradict each other. */
		{BOARD_JSON, JSON_YES, "wrong-board", OUTCOME_UNKNOWN, "contradicts"},
		{BOARD_JSON, JSON_NO, "ok", OUTCOME_UNKNOWN, "contradicts"},
		{BOARD_JSON, "?", "ok", OUTCOME_UNKNOWN, "no form known"},
		/* A word that nobody knows is no word, but it spoils a yes. */
		{BOARD_JSON, JSON_YES, "splendid", OUTCOME_UNKNOWN, "contradicts"},
		{BOARD_JSON, JSON_YES, "OK", OUTCOME_UNKNOWN, "contradicts"},
		{BOARD_JSON, JSON_NO, "splendid", OUTCOME_REJECTED, "U003 Fail!"},
	};
	struct answer a = whole(JSON_NO, strlen(JSON_NO));
	struct result r;

	(void)state;
	judge_all(rows, sizeof rows / sizeof *rows);
	strcpy(a.word, "rollback");
	answer_judge(&r, BOARD_JSON, &a, NULL);
	assert_true(r.judged);
	assert_int_equal(r.verdict, VERDICT_ROLLBACK);
	a.word[0] = '\0';
	answer_judge(&r, BOARD_JSON, &a, NULL);
	assert_false(r.judged);
}

static void statuses(void **state)
{
	static const struct {
		int status;
		enum outcome outcome;
	} rows[] = {{0, OUTCOME_UNKNOWN}, {200, OUTCOME_ACCEPTED}, {201, OUTCOME_UNKNOWN}, {204, OUTCOME_UNKNOWN},
		    {302, OUTCOME_UNKNOWN}, {400, OUTCOME_REJECTED}, {401, OUTCOME_FAILED}, {403, OUTCOME_REJECTED},
		    {404, OUTCOME_REJECTED}, {408, OUTCOME_UNKNOWN}, {413, OUTCOME_REJECTED}, {500, OUTCOME_UNKNOWN},
		    {503, OUTCOME_UNKNOWN}, {999, OUTCOME_UNKNOWN}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct answer a = whole(JSON_YES, strlen(JSON_YES));
		struct result r;

		a.status = rows[i].status;
		answer_judge(&r, BOARD_JSON, &a, "the line broke");
		assert_int_equal(r.outcome, rows[i].outcome);
		strcpy(a.word, "too-large"); /* its own word counts whatever the status */
		a.body = JSON_NO;
		a.len = strlen(JSON_NO);
		answer_judge(&r, BOARD_JSON, &a, NULL);
		assert_int_equal(r.outcome, rows[i].status ? OUTCOME_REJECTED : OUTCOME_UNKNOWN);
	}
}

/* No part of a yes is a yes, but the whole. */
static void half_answers_are_unknown(void **state)
{
	static const char *const yes[] = {
		[BOARD_HTML] = PAGE_YES, [BOARD_JSON] = JSON_YES, [BOARD_PLAIN] = "System Upgrade Successed"};

	(void)state;
	for (size_t d = 0; d < sizeof yes / sizeof *yes; d++) {
		for (size_t len = 0; len <= strlen(yes[d]); len++) {
			char *copy = malloc(len + 1); /* so that a read behind the end is seen */
			struct answer a;
			struct result r;

			assert_non_null(copy);
			memcpy(copy, yes[d], len);
			a = whole(copy, len);
			a.whole = false;
			answer_judge(&r, (enum board_dialect)d, &a, "the line broke");
			assert_int_equal(r.outcome, OUTCOME_UNKNOWN);
			assert_non_null(strstr(r.text, "the line broke"));
			free(copy);
		}
	}
}

/* A board cannot have installed what it had not got. */
static void a_yes_before_the_image_is_unknown(void **state)
{
	struct answer a = whole(JSON_YES, strlen(JSON_YES));
	struct result r;

	(void)state;
	a.sent = false;
	answer_judge(&r, BOARD_JSON, &a, NULL);
	assert_int_equal(r.outcome, OUTCOME_UNKNOWN);
	assert_non_null(strstr(r.text, "before it had the whole image"));
	a.body = JSON_NO; /* a no may come early */
	a.len = strlen(JSON_NO);
	answer_judge(&r, BOARD_JSON, &a, NULL);
	assert_int_equal(r.outcome, OUTCOME_REJECTED);
}

static void huge_answers_are_bounded(void **state)
{
	char *body = malloc(ANSWER_MAX);
	struct answer a = whole(body, ANSWER_MAX);
	struct result r;

	(void)state;
	assert_non_null(body);
	for (int dialect = BOARD_HTML; dialect <= BOARD_PLAIN; dialect++) {
		static const char fill[] = "<[{\"\xff p";

		for (size_t i = 0; fill[i]; i++) {
			memset(body, fill[i], ANSWER_MAX);
			answer_judge(&r, (enum board_dialect)dialect, &a, NULL);
			assert_int_equal(r.outcome, OUTCOME_UNKNOWN);
			assert_true(strlen(r.text) < sizeof r.text);
		}
	}
	memset(body, 'A', ANSWER_MAX);
	memcpy(body, "System Upgrade Failed<p>", 24);
	answer_judge(&r, BOARD_HTML, &a, NULL);
	assert_int_equal(r.outcome, OUTCOME_REJECTED);
	assert_non_null(strstr(r.text, "AAAA...\""));
	free(body);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages),
		cmocka_unit_test(objects),
		cmocka_unit_test(lines),
		cmocka_unit_test(verdict_words),
		cmocka_unit_test(statuses),
		cmocka_unit_test(half_answers_are_unknown),
		cmocka_unit_test(a_yes_before_the_image_is_unknown),
		cmocka_unit_test(huge_answers_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
