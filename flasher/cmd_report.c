/* SPDX-License-Identifier: ISC */
/* `firmflash status' and `report': what the ledger knows, also while a run is under way. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/cli.h"
#include "core/say.h"
#include "flasher/cmd.h"
#include "flasher/output.h"
#include "flasher/report_fill.h"

typedef int report_form(FILE *out, const struct report *r, struct err *e);

/* A board that has another address looks dead, too: a scan is cheaper than a card. */
static void hint_cards(const struct report *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->ndevices; i++)
		n += report_needs_card(&r->devices[i]);
	if (n)
		say(stderr, "%zu %s a card. A board may only have moved to another address: before a card is made, `firmflash scan RANGE -o today.csv' and "
			    "`firmflash retry LEDGER --state needs-card --inventory today.csv' look for it\n", n, cli_many(n, "board needs", "boards need"));
}

/* What `apply' would have ended with; a run that is still going has not finished either. */
static enum status status_of(const struct report *r)
{
	size_t count[SESSION_STATES], bad = 0, unknown;

	report_count(r, 0, count);
	unknown = count[SESSION_UNKNOWN] + count[SESSION_ASKING];
	for (int s = 0; s < SESSION_STATES; s++)
		bad += session_bad((enum session_state)s) ? count[s] : 0;
	return strcmp(r->state, "done") != 0 ? STATUS_HALTED : unknown ? STATUS_UNKNOWN : bad ? STATUS_SOME_FAILED : STATUS_DONE;
}

/* *STATUS, unless it is NULL, becomes that of the run. */
static int load_and_write(const char *file, report_form *form, const char *to, bool force, enum status *status, struct err *e)
{
	struct report_filled filled = {0};
	struct ledger_device *devices = NULL;
	struct plan plan = {0};
	struct ledger *l = NULL;
	struct output out = {.file = NULL};
	int rc = -1;

	if (output_prove(to, force, e) || crypto_init_verify(e) || ledger_open(&l, file, false, e) ||
	    report_load(&filled, l, &plan, &devices, (uint64_t)time(NULL) * 1000, e) || output_open(&out, e) ||
	    form(out.file, &filled.report, e))
		goto out;
	if (status)
		*status = status_of(&filled.report);
	rc = output_commit(&out, to, force, e);
	if (rc == 0 && form == report_cards)
		hint_cards(&filled.report);
out:
	output_discard(&out);
	report_filled_free(&filled);
	plan_free(&plan);
	free(devices);
	ledger_close(&l);
	return rc;
}

int cmd_status(int argc, char **argv)
{
	static const struct option options[] = {{"json", no_argument, NULL, 'j'}, {"exit-status", no_argument, NULL, 'x'},
						{"needs-a-person", no_argument, NULL, 'p'}, {NULL, 0, NULL, 0}};
	enum status status = STATUS_DONE;
	struct err e = {0};
	bool json = false, person = false, tell = false;
	report_form *form;
	int option;

	while ((option = cli_option(argc, argv, "", options, &e)) != -1) {
		if (option == '?')
			return cli_wrong(&e);
		json = json || option == 'j';
		person = person || option == 'p';
		tell = tell || option == 'x';
	}
	if (argc - optind != 1)
		return cli_usage("one LEDGER is wanted");
	form = person ? (json ? report_person_json : report_person) : json ? report_json : report_text;
	return load_and_write(argv[optind], form, NULL, false, tell ? &status : NULL, &e) ? cli_fail_as(&e, json) : cli_done(status);
}

/* The number of the form that the name of a file asks for; 0: text. */
static int form_of(const char *to)
{
	static const struct {
		const char *end;
		int form;
	} ends[] = {{".html", 1}, {".htm", 1}, {".json", 2}, {".csv", 3}, {".xml", 4}, {".prom", 5}};
	const char *dot = to ? strrchr(to, '.') : NULL;

	for (size_t i = 0; dot && i < sizeof ends / sizeof *ends; i++)
		if (strcmp(dot, ends[i].end) == 0)
			return ends[i].form;
	return 0;
}

int cmd_report(int argc, char **argv)
{
	static report_form *const forms[] = {report_text,  report_html,    report_json, report_csv,
					     report_junit, report_metrics, report_cards};
	static const struct option options[] = {
		{"html", no_argument, NULL, 1},    {"json", no_argument, NULL, 2},  {"csv", no_argument, NULL, 3},
		{"junit", no_argument, NULL, 4},   {"metrics", no_argument, NULL, 5}, {"cards", no_argument, NULL, 6},
		{"output", required_argument, NULL, 'o'}, {"force", no_argument, NULL, 'f'}, {NULL, 0, NULL, 0}};
	const char *to = NULL;
	bool force = false;
	struct err e = {0};
	int option, form = 0;

	while ((option = cli_option(argc, argv, "o:", options, &e)) != -1) {
		if (option == '?')
			return cli_wrong(&e);
		if (option == 'o')
			to = optarg;
		else if (option == 'f')
			force = true;
		else if (form && form != option)
			return cli_usage("one form at a time");
		else
			form = option;
	}
	if (argc - optind != 1)
		return cli_usage("one LEDGER is wanted");
	form = form ? form : form_of(to);
	return load_and_write(argv[optind], forms[form], to, force, NULL, &e) ? cli_fail_as(&e, form == 2) : cli_done(STATUS_DONE);
}
