/* SPDX-License-Identifier: ISC */
/* `firmsim run': builds the farm, says where it is, and runs it until told to stop. */
#include <arpa/inet.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "core/cli.h"
#include "core/io.h"
#include "core/json.h"
#include "simulator/cmd.h"
#include "simulator/control.h"
#include "simulator/server.h"

enum {
	OPT_BOARD = 1, OPT_SEALED, OPT_PASSWORD_FILE, OPT_PUBKEY, OPT_KEYRING, OPT_PRODUCT, OPT_COUNTER, OPT_USER, OPT_FIRST, OPT_HTTP_PORT,
	OPT_API_PORT, OPT_CONTROL, OPT_STATE, OPT_VERSION, OPT_BAD_VERSION, OPT_BEHAVE, OPT_SCENARIO, OPT_SEED, OPT_BOOT_MS,
	OPT_SPREAD_MS, OPT_WRITE_MS, OPT_LEAVE_MS, OPT_BOARDS,
	MS_MAX = 3600000,
};

static const struct option long_options[] = {
	{"board", required_argument, NULL, OPT_BOARD},
	{"sealed", required_argument, NULL, OPT_SEALED},
	{"password-file", required_argument, NULL, OPT_PASSWORD_FILE},
	{"pubkey", required_argument, NULL, OPT_PUBKEY},
	{"keyring", required_argument, NULL, OPT_KEYRING},
	{"product", required_argument, NULL, OPT_PRODUCT},
	{"counter", required_argument, NULL, OPT_COUNTER},
	{"user", required_argument, NULL, OPT_USER},
	{"first", required_argument, NULL, OPT_FIRST},
	{"http-port", required_argument, NULL, OPT_HTTP_PORT},
	{"api-port", required_argument, NULL, OPT_API_PORT},
	{"control", required_argument, NULL, OPT_CONTROL},
	{"state", required_argument, NULL, OPT_STATE},
	{"version", required_argument, NULL, OPT_VERSION},
	{"bad-version", required_argument, NULL, OPT_BAD_VERSION},
	{"behave", required_argument, NULL, OPT_BEHAVE},
	{"scenario", required_argument, NULL, OPT_SCENARIO},
	{"seed", required_argument, NULL, OPT_SEED},
	{"boot-ms", required_argument, NULL, OPT_BOOT_MS},
	{"spread-ms", required_argument, NULL, OPT_SPREAD_MS},
	{"write-ms", required_argument, NULL, OPT_WRITE_MS},
	{"leave-ms", required_argument, NULL, OPT_LEAVE_MS},
	{"boards", required_argument, NULL, OPT_BOARDS},
	{NULL, 0, NULL, 0},
};

/* All that one run holds. */
struct run {
	struct farm farm;
	const char *control, *state, *boards_dir, *password_file;
	struct { const char *text; bool sealed; } kinds[FARM_KINDS_MAX];
	struct watch signals;
};

static int take_kind(struct run *run, const char *value, bool sealed, struct err *e)
{
	if (run->farm.nkinds == FARM_KINDS_MAX)
		return err_set(e, VERDICT_USAGE, "more than %d kinds of boards", FARM_KINDS_MAX);
	run->kinds[run->farm.nkinds].text = value;
	run->kinds[run->farm.nkinds++].sealed = sealed;
	return 0;
}

static int take_first(struct farm_options *o, const char *value, struct err *e)
{
	struct in_addr a;

	if (inet_pton(AF_INET, value, &a) != 1)
		return err_set(e, VERDICT_USAGE, "--first: `%s' is no IPv4 address", value);
	o->first = ntohl(a.s_addr);
	if (o->first >> 24 != 127 || (o->first & 0xff) == 0 || (o->first & 0xff) == 0xff)
		return err_set(e, VERDICT_USAGE, "--first: `%s' is no host of 127.0.0.0/8, and nowhere else is anything simulated",
			       value);
	return 0;
}

static int take_port(uint16_t *out, const char *value, const char *what, struct err *e)
{
	uint64_t port;

	if (cli_number(&port, value, UINT16_MAX, what, e))
		return -1;
	*out = (uint16_t)port;
	return 0;
}

/* It is a version, and stands in pages and answers. */
static int take_name(const char **out, const char *value, const char *what, struct err *e)
{
	if (!text_is_name((struct span){value, strlen(value)}))
		return err_set(e, VERDICT_USAGE, "%s: want letters, digits and . _ + -, at most %d of them", what, TEXT_NAME_MAX);
	*out = value;
	return 0;
}

static int take(struct run *run, int option, const char *value, struct err *e)
{
	struct farm_options *o = &run->farm.options;

	switch (option) {
	case OPT_BOARD: return take_kind(run, value, false, e);
	case OPT_SEALED: return take_kind(run, value, true, e);
	case OPT_PASSWORD_FILE: run->password_file = value; return 0;
	case OPT_PUBKEY: return trust_add_file(&o->trust, value, e);
	case OPT_KEYRING: return trust_add_keyring_file(&o->trust, value, e);
	case OPT_PRODUCT: return take_name(&o->product, value, "--product", e);
	case OPT_COUNTER: return cli_number(&o->counter, value, INT64_MAX, "--counter", e);
	case OPT_USER: return take_name(&o->user, value, "--user", e);
	case OPT_FIRST: return take_first(o, value, e);
	case OPT_HTTP_PORT: return take_port(&o->http_port, value, "--http-port", e);
	case OPT_API_PORT: return take_port(&o->api_port, value, "--api-port", e);
	case OPT_CONTROL: run->control = value; return 0;
	case OPT_STATE: run->state = value; return 0;
	case OPT_VERSION: return take_name(&o->version, value, "--version", e);
	case OPT_BAD_VERSION: return take_name(&o->bad_version, value, "--bad-version", e);
	case OPT_BEHAVE: return scenario_add(&o->scenario, value, e);
	case OPT_SCENARIO: return scenario_add_file(&o->scenario, value, e);
	case OPT_SEED: return cli_number(&o->seed, value, INT64_MAX, "--seed", e);
	case OPT_BOOT_MS: return cli_number(&o->boot_ms, value, MS_MAX, "--boot-ms", e);
	case OPT_SPREAD_MS: return cli_number(&o->spread_ms, value, MS_MAX, "--spread-ms", e);
	case OPT_WRITE_MS: return cli_number(&o->write_ms, value, MS_MAX, "--write-ms", e);
	case OPT_LEAVE_MS: return cli_number(&o->leave_ms, value, MS_MAX, "--leave-ms", e);
	case OPT_BOARDS: run->boards_dir = value; return 0;
	default: return err_set(e, VERDICT_USAGE, "this verb has no such option");
	}
}

/* "ID[:REV][=COUNT]", and the profile of ID. */
static int find_kind(struct farm_kind *kind, const char *text, const struct board_dirs *dirs, struct err *e)
{
	char id[TEXT_NAME_MAX + 1], spec[2 * TEXT_NAME_MAX];
	const char *equals = strchr(text, '=');
	uint64_t count = 1;
	bool have_rev;

	if (equals && cli_number(&count, equals + 1, FARM_BOARDS_MAX, "the number of boards", e))
		return -1;
	snprintf(spec, sizeof spec, "%.*s", equals ? (int)(equals - text) : (int)sizeof spec - 1, text);
	if (cli_board(id, &kind->revision, &have_rev, spec, e))
		return -1;
	kind->count = (size_t)count;
	return board_find(&kind->profile, dirs, id, e);
}

static int read_password(struct run *run, struct err *e)
{
	struct farm_options *o = &run->farm.options;
	char *text = NULL;
	size_t len, n;
	int rc = -1;

	if (!run->password_file)
		return err_set(e, VERDICT_USAGE, "--password-file FILE is missing");
	if (io_read_file(&text, &len, run->password_file, 4096, e))
		return -1;
	n = strcspn(text, "\n");
	if (n == 0 || n >= sizeof o->password) {
		err_set(e, VERDICT_USAGE, "the password is empty, or over %zu bytes", sizeof o->password - 1);
		goto out;
	}
	memcpy(o->password, text, n);
	o->password[n] = '\0';
	rc = 0;
out:
	free(text);
	return rc;
}

static int prepare(struct run *run, struct err *e)
{
	struct farm *f = &run->farm;
	struct board_dirs dirs;
	bool sealed = false;

	if (crypto_init_verify(e) || board_dirs_init(&dirs, run->boards_dir, e) || read_password(run, e))
		return -1;
	if (f->nkinds == 0)
		return err_set(e, VERDICT_USAGE, "--board ID or --sealed ID is missing");
	for (size_t i = 0; i < f->nkinds; i++) {
		if (find_kind(&f->kinds[i], run->kinds[i].text, &dirs, e))
			return -1;
		f->kinds[i].sealed = run->kinds[i].sealed;
		sealed = sealed || run->kinds[i].sealed;
	}
	if (sealed && trust_is_empty(&f->options.trust))
		return err_set(e, VERDICT_USAGE, "--sealed wants --pubkey FILE or --keyring FILE: whose bundles do those boards take?");
	return farm_init(f, e);
}

static int save_state(const struct run *run, struct err *e)
{
	char *text = NULL;
	size_t len = 0;
	struct json j;
	FILE *out;
	int rc = -1;

	if (!run->state)
		return 0;
	out = open_memstream(&text, &len);
	if (!out)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	json_begin(&j, out);
	for (size_t i = 0; i < run->farm.n; i++)
		farm_print_board(&j, &run->farm.boards[i]);
	if (fclose(out)) {
		err_errno(e, "cannot make up the state");
		goto out;
	}
	rc = io_write_new(run->state, text, len, 0644, false, e);
out:
	free(text);
	return rc;
}

/* SIGUSR1: the state; anything else that comes here: the end. */
static void on_signal(struct watch *w, uint32_t events)
{
	struct run *run = (struct run *)((char *)w - offsetof(struct run, signals));
	struct signalfd_siginfo info;
	struct err e;

	(void)events;
	if (read(w->fd, &info, sizeof info) != sizeof info)
		return;
	if (info.ssi_signo != SIGUSR1)
		run->farm.reactor.stop = true;
	else if (save_state(run, &e))
		cli_fail(&e);
}

static int watch_signals(struct run *run, struct err *e)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGUSR1);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return err_errno(e, "cannot block signals");
	run->signals = (struct watch){on_signal, signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)};
	if (run->signals.fd < 0 || reactor_add(&run->farm.reactor, &run->signals, EPOLLIN))
		return err_errno(e, "cannot wait for signals");
	return 0;
}

/* One line, once all doors are open: whoever started this waits for it. */
static int announce(const struct run *run, struct err *e)
{
	const struct farm *f = &run->farm;
	char first[FARM_ADDRESS_LEN + 1], last[FARM_ADDRESS_LEN + 1];
	struct json j;

	farm_print_address(first, farm_address(f, 0));
	farm_print_address(last, farm_address(f, f->n - 1));
	json_begin(&j, stdout);
	json_open_object(&j, NULL);
	json_put_number(&j, "boards", f->n);
	json_put_string(&j, "first", first);
	json_put_string(&j, "last", last);
	json_put_number(&j, "http_port", f->options.http_port);
	json_put_number(&j, "api_port", f->options.api_port);
	json_put_bool(&j, "shared_listeners", server_shares());
	json_close_object(&j);
	json_finish(&j);
	return fflush(stdout) == 0 ? 0 : err_errno(e, "cannot say that the farm is ready");
}

static int run_farm(struct run *run, struct err *e)
{
	struct farm *f = &run->farm;
	int rc = -1;

	if (reactor_init(&f->reactor, e))
		return -1;
	if (watch_signals(run, e) || server_open(f, e) || (run->control && control_open(f, run->control, e)) || announce(run, e))
		goto out;
	if (reactor_run(&f->reactor, e) || save_state(run, e))
		goto out;
	rc = 0;
out:
	control_close();
	server_close(f);
	if (run->signals.fd >= 0)
		close(run->signals.fd);
	reactor_close(&f->reactor);
	return rc;
}

int cmd_run(int argc, char **argv)
{
	struct run *run = calloc(1, sizeof *run); /* tables of profiles and rules: too large for a stack */
	struct err e = {0};
	int option, status;

	if (!run)
		return cli_usage("out of memory");
	run->signals.fd = -1;
	run->farm.options = (struct farm_options){.first = 127u << 24 | 16u << 16 | 1, .api_port = 4028, .http_port = 8080,
						  .version = "1.0", .user = "root", .default_password = "root", .seed = 1,
						  .boot_ms = 2000, .leave_ms = 50};
	while ((option = cli_option(argc, argv, "", long_options, &e)) != -1) {
		if (option == '?' || take(run, option, optarg, &e)) {
			status = cli_wrong(&e);
			goto out;
		}
	}
	if (optind != argc) {
		status = cli_usage("`%s' is one argument too many", argv[optind]);
		goto out;
	}
	if (prepare(run, &e) || run_farm(run, &e))
		status = cli_wrong(&e);
	else
		status = cli_done(STATUS_DONE);
out:
	farm_free(&run->farm);
	free(run);
	return status;
}
