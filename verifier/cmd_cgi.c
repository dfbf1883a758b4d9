/* SPDX-License-Identifier: ISC */
/* firmverify cgi */
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cli.h"
#include "verifier/cgi.h"
#include "verifier/reply.h"
#include "verifier/verbs.h"

static void pass_over(int signal)
{
	(void)signal;
}

/* A client that goes away shows as the end of the body, and the install then cleans up behind itself; web servers say it by
 * SIGTERM, too, which would leave that undone. A handler, where SIG_IGN would be handed on to hooks. */
static void outlive_the_client(void)
{
	struct sigaction act = {.sa_handler = pass_over, .sa_flags = SA_RESTART};

	sigemptyset(&act.sa_mask);
	sigaction(SIGPIPE, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGHUP, &act, NULL);
}

/* For the server's log. */
static void log_outcome(const struct cgi_outcome *outcome, const struct err *e)
{
	if (e->verdict == VERDICT_OK)
		fprintf(stderr, "firmverify: installed %s %s, counter %" PRIu64 "\n", outcome->result.product,
			outcome->result.version, outcome->result.counter);
	else
		cli_fail(e);
}

static int serve(const char *device_file)
{
	const struct cgi_request request = {.method = getenv("REQUEST_METHOD"),
					    .content_type = getenv("CONTENT_TYPE"),
					    .content_length = getenv("CONTENT_LENGTH"),
					    .body = STDIN_FILENO};
	struct err e = {.verdict = VERDICT_OK}, lost = {.verdict = VERDICT_OK};
	struct cgi_outcome outcome = {.dialect = DIALECT_HTML};

	umask(022);
	outlive_the_client();
	if (crypto_init_verify(&e) == 0)
		cgi_serve(&outcome, &request, device_file, &e);
	log_outcome(&outcome, &e);
	return reply_write(stdout, outcome.dialect, &outcome.result, &e, &lost) == 0 ? STATUS_DONE : cli_fail(&lost);
}

int cmd_cgi(int argc, char **argv)
{
	static const struct option table[] = {{"device", required_argument, NULL, 'd'}, {NULL, 0, NULL, 0}};
	const char *device_file = DEVICE_FILE_DEFAULT;
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "", table, NULL)) != -1) {
		if (c != 'd')
			return cli_usage("an option is unknown, ambiguous, or lacks its value");
		device_file = optarg;
	}
	if (optind != argc)
		return cli_usage("no arguments but --device");
	if (!getenv("REQUEST_METHOD"))
		return cli_usage("there is no REQUEST_METHOD: this verb is run by a web server");
	return serve(device_file);
}
