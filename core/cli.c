/* SPDX-License-Identifier: ISC */
/* Verbs, help, versions, and how an error is said. */
#include "core/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/deflate.h"
#include "core/json.h"

static const struct program *program;
static const struct verb *verb;
static bool json_wanted; /* --json is among the arguments */

/* A descriptor 0, 1 or 2 that is closed would be handed out for a file, and messages would go into it. */
static int keep_standard_descriptors(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd < 0)
		return -1;
	close(fd);
	return 0;
}

static void print_synopsis(FILE *out, const struct verb *v)
{
	fprintf(out, "usage: %s %s %s\n", program->name, v->name, v->synopsis);
}

static void print_help(FILE *out)
{
	fprintf(out, "%s - %s\n\n", program->name, program->purpose);
	for (const struct verb *v = program->verbs; v->name; v++)
		fprintf(out, "  %-10s %s\n", v->name, v->help);
	fprintf(out, "\n`%s help VERB' shows a verb's arguments.\n", program->name);
}

static void print_version(void)
{
	printf("%s " FIRMSEAL_VERSION " (deflate: %s)\n", program->name, deflate_engine());
}

static const struct verb *find_verb(const char *name)
{
	for (const struct verb *v = program->verbs; v->name; v++)
		if (strcmp(v->name, name) == 0)
			return v;
	return NULL;
}

static int help_verb(const char *name)
{
	const struct verb *v = find_verb(name);

	if (!v)
		return cli_usage("there is no verb `%s'", name);
	print_synopsis(stdout, v);
	printf("%s.\n", v->help);
	return cli_done(STATUS_DONE);
}

int cli_run(const struct program *p, int argc, char **argv)
{
	program = p;
	if (keep_standard_descriptors() != 0) {
		fprintf(stderr, "%s: system: cannot keep the standard descriptors open: %s\n", p->name, strerror(errno));
		return STATUS_SYSTEM;
	}
	if (argc < 2) {
		print_help(stderr);
		return STATUS_USAGE;
	}
	if (strcmp(argv[1], "--version") == 0) {
		print_version();
		return cli_done(STATUS_DONE);
	}
	if (strcmp(argv[1], "--help") == 0 || (strcmp(argv[1], "help") == 0 && argc == 2)) {
		print_help(stdout);
		return cli_done(STATUS_DONE);
	}
	if (strcmp(argv[1], "help") == 0)
		return help_verb(argv[2]);
	verb = find_verb(argv[1]);
	for (int i = 2; i < argc; i++)
		json_wanted = json_wanted || strcmp(argv[i], "--json") == 0;
	if (!verb)
		return cli_usage("there is no verb `%s'", argv[1]);
	if (argc == 3 && strcmp(argv[2], "--help") == 0)
		return help_verb(argv[1]);
	return verb->run(argc - 1, argv + 1);
}

int cli_fail(const struct err *e)
{
	fprintf(stderr, "%s: %s: %s\n", program->name, verdict_word(e->verdict), e->message);
	return (int)verdict_status(e->verdict);
}

void cli_print_failure(FILE *out, const struct err *e)
{
	struct json j;

	json_begin(&j, out);
	json_open_object(&j, NULL);
	json_put_string(&j, "verdict", verdict_word(e->verdict));
	json_put_number(&j, "status", (uint64_t)verdict_status(e->verdict));
	json_put_string(&j, "message", e->message);
	json_close_object(&j);
	json_finish(&j);
}

int cli_fail_as(const struct err *e, bool json)
{
	if (json) {
		cli_print_failure(stdout, e);
		fflush(stdout);
	}
	return cli_fail(e);
}

void cli_relay(const char *text)
{
	fprintf(stderr, "%s: signer: %s\n", program->name, text);
}

int cli_usage(const char *format, ...)
{
	struct err e;
	va_list args;

	e.verdict = VERDICT_USAGE;
	va_start(args, format);
	vsnprintf(e.message, sizeof e.message, format, args);
	va_end(args);
	(void)cli_fail_as(&e, json_wanted);
	if (verb)
		print_synopsis(stderr, verb);
	else
		fprintf(stderr, "`%s help' lists the verbs.\n", program->name);
	return STATUS_USAGE;
}

int cli_done(int status)
{
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "%s: system: cannot write the output: %s\n", program->name, strerror(errno));
		return status == STATUS_DONE ? STATUS_SYSTEM : status;
	}
	return status;
}

int cli_number(uint64_t *out, const char *text, uint64_t max, const char *what, struct err *e)
{
	if (text_number(out, (struct span){text, strlen(text)}, max) != 0)
		return err_set(e, VERDICT_USAGE, "%s `%s' is no whole number from 0 to %" PRIu64, what, text, max);
	return 0;
}

int cli_board(char id[static TEXT_NAME_MAX + 1], uint64_t *revision, bool *have_rev, const char *text, struct err *e)
{
	const char *colon = strchr(text, ':');
	struct span name = {text, colon ? (size_t)(colon - text) : strlen(text)};

	if (!text_is_name(name))
		return err_set(e, VERDICT_USAGE, "`%s' is no board: want ID or ID:REVISION", text);
	memcpy(id, name.at, name.len);
	id[name.len] = '\0';
	*revision = 0;
	*have_rev = colon != NULL;
	return colon ? cli_number(revision, colon + 1, INT64_MAX, "revision", e) : 0;
}
