/* SPDX-License-Identifier: ISC */
/* firmverify cgi */
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cli.h"
#include "verifier/cgi.h"
#include "verifier/confine.h"
#include "verifier/reboot.h"
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

/* For the server's log. E: why it was refused, or NULL. */
static void log_outcome(const struct cgi_outcome *o, const struct err *e)
{
	if (e) {
		cli_fail(e);
		return;
	}
	if (o->page == CGI_STATUS)
		return;
	fprintf(stderr, "firmverify: installed %s %s, counter %" PRIu64 "\n", o->result.product, o->result.version, o->result.counter);
	for (size_t i = 0; i < o->device.nsettings; i++)
		if (o->result.settings[i] != SETTING_NOT_ASKED)
			fprintf(stderr, "firmverify: setting %s: %s\n", o->device.settings[i], setting_fate_text(o->result.settings[i]));
}

/* Servers say it in either of these. */
static bool is_secure(void)
{
	const char *https = getenv("HTTPS"), *scheme = getenv("REQUEST_SCHEME");

	return (https && strcmp(https, "on") == 0) || (scheme && strcmp(scheme, "https") == 0);
}

static int serve(enum cgi_page page, const char *device_file)
{
	const struct cgi_request request = {.page = page,
					    .method = getenv("REQUEST_METHOD"),
					    .content_type = getenv("CONTENT_TYPE"),
					    .content_length = getenv("CONTENT_LENGTH"),
					    .from = {.host = getenv("HTTP_HOST"),
						     .origin = getenv("HTTP_ORIGIN"),
						     .fetch_site = getenv("HTTP_SEC_FETCH_SITE"),
						     .secure = is_secure()},
					    .body = STDIN_FILENO};
	struct err e = {.verdict = VERDICT_SYSTEM}, late = {.verdict = VERDICT_SYSTEM};
	const struct err *refusal = &e; /* until it is known to have gone well */
	struct cgi_outcome outcome = {.page = page};
	int status = STATUS_DONE;

	outlive_the_client();
	if (confine(&e) == 0 && crypto_init_verify(&e) == 0 && cgi_serve(&outcome, &request, device_file, &e) == 0 &&
	    (page == CGI_STATUS || outcome.result.done == ACCEPTED))
		refusal = NULL;
	log_outcome(&outcome, refusal);
	if (reply_write(stdout, &outcome, refusal, &late) != 0)
		status = cli_fail(&late);
	/* The image is in place, whether or not anybody heard so. */
	if (!refusal && page != CGI_STATUS && reboot_later(&outcome.device, &late) != 0)
		status = cli_fail(&late);
	return status;
}

int cmd_cgi(int argc, char **argv)
{
	struct err e = {.verdict = VERDICT_SYSTEM};
	static const struct option table[] = {
		{"device", required_argument, NULL, 'd'}, {"clear", no_argument, NULL, 'c'}, {"status", no_argument, NULL, 's'},
		{NULL, 0, NULL, 0}};
	const char *device_file = DEVICE_FILE_DEFAULT;
	bool clear = false, status = false;
	int c;

	while ((c = cli_option(argc, argv, "", table, &e)) != -1) {
		if (c == 'd')
			device_file = optarg;
		else if (c == 'c')
			clear = true;
		else if (c == 's')
			status = true;
		else
			return cli_wrong(&e);
	}
	if (optind != argc)
		return cli_usage("`%s' is none of upgrade.cgi, upgrade_clear.cgi, status.cgi", argv[optind]);
	if (clear && status)
		return cli_usage("--clear or --status, not both");
	if (!getenv("REQUEST_METHOD"))
		return cli_usage("there is no REQUEST_METHOD: this verb is run by a web server");
	return serve(status ? CGI_STATUS : clear ? CGI_UPGRADE_CLEAR : CGI_UPGRADE, device_file);
}
