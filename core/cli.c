/* SPDX-License-Identifier: ISC */
/* Verbs, help, versions, and how an error is said. */
#include "core/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/deflate.h"
#include "core/json.h"
#include "core/say.h"

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
	int width = 10;

	for (const struct verb *v = program->verbs; v->name; v++)
		if ((int)strlen(v->name) > width)
			width = (int)strlen(v->name);
	fprintf(out, "%s - %s\n\n", program->name, program->purpose);
	for (const struct verb *v = program->verbs; v->name; v++)
		fprintf(out, "  %-*s %s\n", width, v->name, v->help);
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

static bool asks_for_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

int cli_run(const struct program *p, int argc, char **argv)
{
	program = p;
	signal(SIGXFSZ, SIG_IGN); /* a file size limit is an error to report, not a reason to die in the middle */
	if (keep_standard_descriptors() != 0) {
		say(stderr, "%s: system: cannot keep the standard descriptors open: %s\n", p->name, strerror(errno));
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
	if (asks_for_help(argv[1]) || (strcmp(argv[1], "help") == 0 && argc == 2)) {
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
	if (argc > 2 && (strcmp(argv[argc - 1], "--help") == 0 || (argc == 3 && asks_for_help(argv[2]))))
		return help_verb(argv[1]);
	return verb->run(argc - 1, argv + 1);
}

int cli_fail(const struct err *e)
{
	say(stderr, "%s: %s: %s\n", program->name, verdict_word(e->verdict), e->message);
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
	say(stderr, "%s: signer: %s\n", program->name, text);
}

/* A cluster of short options is not behind optind yet when one of them is wrong. */
static bool is_short(char *const *argv)
{
	const char *next = argv[optind];

	return strncmp(argv[optind - 1], "--", 2) != 0 ||
	       (optopt > 0 && optopt < 256 && next && next[0] == '-' && next[1] != '-' && strchr(next + 1, optopt));
}

int cli_option(int argc, char **argv, const char *shorts, const struct option *table, struct err *e)
{
	char quoted[80];
	const char *word;
	int code;

	opterr = 0; /* errors are said in our own words */
	code = getopt_long(argc, argv, shorts, table, NULL);
	if (code != '?')
		return code;
	if (is_short(argv)) {
		char letter = (char)optopt;

		word = strchr(shorts, optopt);
		err_set(e, VERDICT_USAGE, word ? "option -%s lacks its value" : "there is no option -%s", err_quote(quoted, sizeof quoted, &letter, 1));
		return code;
	}
	word = argv[optind - 1];
	err_quote(quoted, sizeof quoted, word, strcspn(word, "="));
	if (optopt == 0)
		err_set(e, VERDICT_USAGE, "there is no option %s, or it is short for several", quoted);
	else
		err_set(e, VERDICT_USAGE, strchr(word, '=') ? "option %s takes no value" : "option %s lacks its value", quoted);
	return code;
}

/* Of more lines than these a synopsis hides the message that it stands behind. */
enum { SYNOPSIS_LINES = 4 };

static void print_usage(void)
{
	int lines = 1;

	for (const char *at = verb ? verb->synopsis : ""; *at; at++)
		lines += *at == '\n';
	if (!verb)
		fprintf(stderr, "`%s help' lists the verbs.\n", program->name);
	else if (lines > SYNOPSIS_LINES)
		fprintf(stderr, "`%s help %s' shows its arguments.\n", program->name, verb->name);
	else
		print_synopsis(stderr, verb);
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
	print_usage();
	return STATUS_USAGE;
}

int cli_wrong(const struct err *e)
{
	return e->verdict == VERDICT_USAGE ? cli_usage("%s", e->message) : cli_fail_as(e, json_wanted);
}

const char *cli_many(uint64_t n, const char *one, const char *many)
{
	return n == 1 ? one : many;
}

int cli_done(int status)
{
	if (fflush(stdout) != 0 || ferror(stdout)) {
		say(stderr, "%s: system: cannot write the output: %s\n", program->name, strerror(errno));
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

int cli_bytes(uint64_t *out, const char *text, uint64_t max, const char *what, struct err *e)
{
	static const char units[] = "KMGT";
	size_t n = strlen(text);
	const char *unit = n > 1 ? strchr(units, text[n - 1]) : NULL;
	unsigned shift = unit ? 10 + 10 * (unsigned)(unit - units) : 0;

	if (text_number(out, (struct span){text, n - (unit != NULL)}, max >> shift))
		return err_set(e, VERDICT_USAGE, "%s `%s' is not a number of bytes, alone or with K, M, G or T behind it, of at most %" PRIu64 " MiB", what,
			       text, max >> 20);
	*out <<= shift;
	return 0;
}

/* "2.5", at most three decimals, to thousandths. */
static int thousandths(uint64_t *out, struct span text)
{
	const char *dot = text.len ? memchr(text.at, '.', text.len) : NULL;
	size_t whole = dot ? (size_t)(dot - text.at) : text.len, n = dot ? text.len - whole - 1 : 0;
	uint64_t value, part = 0;

	if (text_number(&value, (struct span){text.at, whole}, 1000000000) != 0 || n > 3 || (dot && n == 0))
		return -1;
	for (size_t i = 0; i < 3; i++) {
		char c = i < n ? text.at[whole + 1 + i] : '0';

		if (c < '0' || c > '9')
			return -1;
		part = part * 10 + (uint64_t)(c - '0');
	}
	*out = value * 1000 + part;
	return 0;
}

int cli_duration(uint64_t *out_ms, const char *text, uint64_t max_ms, const char *what, struct err *e)
{
	static const struct {
		const char *name;
		uint64_t ms;
	} units[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};
	enum { UNITS = sizeof units / sizeof *units };
	const char *at = text;
	uint64_t sum = 0, value;
	size_t least = 0;

	if (thousandths(&sum, (struct span){text, strlen(text)}) == 0) { /* without a unit: seconds */
		if (sum > max_ms)
			goto bad;
		*out_ms = sum;
		return 0;
	}
	for (sum = 0; *at;) {
		size_t digits = strspn(at, "0123456789."), letters = strspn(at + digits, "dhms"), u = least;

		while (u < UNITS && !span_is((struct span){at + digits, letters}, units[u].name))
			u++;
		if (u == UNITS || thousandths(&value, (struct span){at, digits}) != 0)
			goto bad;
		if (value / 1000 > max_ms / units[u].ms) /* before the product, which could overflow */
			goto bad;
		value = value * units[u].ms / 1000;
		if (value > max_ms || sum > max_ms - value)
			goto bad;
		sum += value;
		least = u + 1;
		at += digits + letters;
	}
	if (at == text)
		goto bad;
	*out_ms = sum;
	return 0;
bad:
	return err_set(e, VERDICT_USAGE, "%s `%s\' is not a duration of at most %" PRIu64 " s: want seconds, or 500ms, 30s, 10m, 1h30m, 2d", what, text,
		       max_ms / 1000);
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
