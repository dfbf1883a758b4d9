/* SPDX-License-Identifier: ISC */
/* `firmsim ask' and `firmsim behaviours'. */
#include <stdio.h>
#include <string.h>

#include "core/cli.h"
#include "simulator/behaviour.h"
#include "simulator/cmd.h"
#include "simulator/control.h"

int cmd_ask(int argc, char **argv)
{
	char line[256];
	size_t n = 0;
	struct err e = {0};

	if (argc < 3)
		return cli_usage("SOCKET and a request are wanted");
	for (int i = 2; i < argc; i++) {
		int len = snprintf(line + n, sizeof line - n, "%s%s", i > 2 ? " " : "", argv[i]);

		if (len < 0 || (size_t)len >= sizeof line - n || strchr(argv[i], '\n'))
			return cli_usage("too long a request, or a newline in it");
		n += (size_t)len;
	}
	if (control_ask(argv[1], line, stdout, &e))
		return cli_fail(&e);
	return cli_done(STATUS_DONE);
}

int cmd_behaviours(int argc, char **argv)
{
	static const char *const what[BEHAVE_COUNT] = {
		[BEHAVE_RESET] = "resets the connection half way through an upload; VALUE: that often, then no more",
		[BEHAVE_HALF_CLOSED] = "ends its side of the connection half way, reads on, takes nothing",
		[BEHAVE_LOST] = "takes the image, and closes without an answer",
		[BEHAVE_SILENT] = "takes the image, and never answers",
		[BEHAVE_NOTHING] = "says that it took the image, and did not",
		[BEHAVE_REFUSES] = "refuses every image",
		[BEHAVE_BUSY] = "says that it is busy with another install; VALUE: that often, then no more",
		[BEHAVE_WRONG_VERSION] = "comes up with a version that nobody sent",
		[BEHAVE_LOOP] = "after the new image: reboots for ever",
		[BEHAVE_BRICKED] = "after the new image: never comes up again",
		[BEHAVE_MOVED] = "after the new image: comes up at another address",
		[BEHAVE_BAD] = "after the new image: is not healthy (rate, hash board, fans or heat)",
		[BEHAVE_INFECTED] = "lies about its version, takes no image, mines elsewhere, blocks pages",
		[BEHAVE_DEAD] = "is not there",
		[BEHAVE_HANGS] = "accepts connections and says nothing",
		[BEHAVE_NO_WEB] = "breaks off what comes to its web server, and mines",
		[BEHAVE_WRONG_PASSWORD] = "has a password that nobody knows",
		[BEHAVE_DEFAULT_PASSWORD] = "has the maker's password, root",
		[BEHAVE_SLOW] = "takes VALUE bytes a second",
		[BEHAVE_STALE] = "calls a client's first nonce stale",
		[BEHAVE_ONCE] = "takes a nonce once",
		[BEHAVE_NO_QOP] = "asks for Digest without qop",
		[BEHAVE_SHA256] = "asks for Digest with SHA-256",
		[BEHAVE_BASIC] = "asks for Basic",
	};

	if (argc > 1)
		return cli_usage("`%s' is one argument too many", argv[1]);
	for (unsigned i = 0; i < BEHAVE_COUNT; i++)
		printf("%-17s %s%s\n", behaviour_word((enum behaviour)i), what[i], i <= BEHAVE_LAST_EXCLUSIVE ? "" : " (on top of others)");
	return cli_done(STATUS_DONE);
}
