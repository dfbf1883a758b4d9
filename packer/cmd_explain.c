/* SPDX-License-Identifier: ISC */
/* firmpack explain */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cli.h"
#include "core/json.h"
#include "core/opened.h"
#include "packer/explain.h"
#include "packer/verbs.h"

static const char *word(const struct explain_answer *a)
{
	return a->reached ? verdict_word(a->verdict) : "not reached";
}

static void print_text(const struct explain_answer *answers, const char *bundle, enum verdict verdict)
{
	for (int i = 0; i < EXPLAIN_STEPS; i++)
		printf("%-10s %s%s%s\n", explain_name((enum explain_step)i), word(&answers[i]), answers[i].reached ? ": " : "",
		       answers[i].text);
	if (verdict == VERDICT_OK)
		printf("%s: the board takes it\n", bundle);
	else
		printf("%s: the board refuses it: %s\n", bundle, verdict_word(verdict));
}

static void print_json(const struct explain_answer *answers, const char *bundle, enum verdict verdict)
{
	struct json j;

	json_begin(&j, stdout);
	json_open_object(&j, NULL);
	json_put_string(&j, "verdict", verdict_word(verdict));
	json_put_number(&j, "status", (uint64_t)verdict_status(verdict));
	json_put_string(&j, "bundle", bundle);
	json_open_array(&j, "steps");
	for (int i = 0; i < EXPLAIN_STEPS; i++) {
		json_open_object(&j, NULL);
		json_put_string(&j, "step", explain_name((enum explain_step)i));
		json_put_bool(&j, "reached", answers[i].reached);
		if (answers[i].reached) {
			json_put_string(&j, "verdict", verdict_word(answers[i].verdict));
			json_put_string(&j, "message", answers[i].text);
		}
		json_close_object(&j);
	}
	json_close_array(&j);
	json_close_object(&j);
	json_finish(&j);
}

static int prepare(struct explain_question *q, char id[static TEXT_NAME_MAX + 1], struct opened *b, const struct open_options *o,
		   struct err *e)
{
	struct stat st;
	bool have_revision = false;

	*q = (struct explain_question){.trust = &b->trust, .policy = {.board = id, .product = o->product}};
	if (cli_board(id, &q->policy.revision, &have_revision, o->board, e) != 0 ||
	    (o->counter && cli_number(&q->policy.counter, o->counter, INT64_MAX, "counter", e) != 0) || opened_source(b, o, e) != 0)
		return -1;
	q->policy.any_revision = !have_revision;
	if (fstat(b->fd, &st) != 0 || !S_ISREG(st.st_mode))
		return err_set(e, VERDICT_USAGE, "%s is no regular file: it is read twice", o->bundle);
	return 0;
}

int cmd_explain(int argc, char **argv)
{
	static struct explain_answer answers[EXPLAIN_STEPS];
	static struct opened bundle = {.fd = -1};
	struct open_options options;
	struct explain_question question;
	struct err e = {.verdict = VERDICT_SYSTEM};
	char id[TEXT_NAME_MAX + 1];
	enum verdict verdict;

	if (open_options_parse(&options, argc, argv, OPEN_POLICY, 1, &e) != 0)
		return cli_wrong(&e);
	if (!options.board)
		return cli_usage("--board ID[:REV] is needed: the board that is asked about");
	if (crypto_init_verify(&e) != 0 || prepare(&question, id, &bundle, &options, &e) != 0) {
		opened_close(&bundle);
		return cli_fail_as(&e, options.json);
	}
	verdict = explain(answers, bundle.fd, &question);
	(options.json ? print_json : print_text)(answers, options.bundle, verdict);
	for (int i = 0; verdict != VERDICT_OK && i < EXPLAIN_STEPS; i++) {
		if (answers[i].reached && answers[i].verdict != VERDICT_OK) {
			err_set(&e, answers[i].verdict, "%s", answers[i].text);
			(void)cli_fail(&e);
			break;
		}
	}
	opened_close(&bundle);
	return cli_done((int)verdict_status(verdict));
}
