/* SPDX-License-Identifier: ISC */
/* From a plan or a ledger to an exit status. */
#include "flasher/fleet_run.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/io.h"
#include "flasher/link_http.h"
#include "flasher/link_sim.h"
#include "flasher/report_fill.h"
#include "flasher/rollout.h"

enum { PATH_BYTES = 4096, METRICS_S = 15 };

struct fleet_run {
	struct fleet_options options;
	struct plan plan;
	struct ledger *ledger;
	struct ledger_device *devices;
	struct credentials *credentials;
	struct rollout_kind *kinds;
	size_t nkinds;
	struct loop *loop;
	struct link_maker *maker;
	struct sim_board *boards;      /* of a dry run */
	uint64_t clock_ms;
	struct rollout *rollout;
	struct report_filled report;
	struct live live;
	uint64_t seen_sent, seen_ms, metrics_ms;
	int signals;
	char *kept[FLEET_TRUST_MAX + 12]; /* options that the ledger kept */
	size_t nkept;
};

static uint64_t wall_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* --- what a resume needs is kept in the ledger --- */

/* Where a relative path leads to from another directory, nobody knows: so it is kept absolute. */
static int keep_path(struct ledger *l, const char *key, const char *path, struct err *e)
{
	char absolute[2 * PATH_BYTES], here[PATH_BYTES];

	if (!path)
		return 0;
	if (path[0] == '/')
		return ledger_set(l, key, path, e);
	if (!getcwd(here, sizeof here))
		return err_errno(e, "cannot tell the current directory");
	if (snprintf(absolute, sizeof absolute, "%s/%s", here, path) >= LEDGER_VALUE_MAX)
		return err_set(e, VERDICT_USAGE, "the path of %s is too long", key);
	return ledger_set(l, key, absolute, e);
}

static int keep_options(struct fleet_run *f, struct err *e)
{
	const struct fleet_options *o = &f->options;
	char key[32], port[16];

	snprintf(port, sizeof port, "%u", (unsigned)o->api_port);
	if (keep_path(f->ledger, "bundle", o->bundle ? o->bundle : f->plan.bundle, e) ||
	    keep_path(f->ledger, "credentials", o->credentials, e) ||
	    keep_path(f->ledger, "password-file", o->password_file, e) || keep_path(f->ledger, "boards", o->boards_dir, e) ||
	    keep_path(f->ledger, "metrics", o->metrics, e) || ledger_set(f->ledger, "api-port", port, e) ||
	    (o->user && ledger_set(f->ledger, "user", o->user, e)) || (o->dry_run && ledger_set(f->ledger, "dry-run", "yes", e)))
		return -1;
	for (size_t i = 0; i < o->ntrust; i++) {
		snprintf(key, sizeof key, "trust.%zu", i);
		if (keep_path(f->ledger, key, o->trust[i], e))
			return -1;
	}
	return 0;
}

/* Sets *OPTION from the ledger unless it was given. */
static int recall(struct fleet_run *f, const char **option, const char *key, struct err *e)
{
	char *value;

	if (*option)
		return 0;
	value = malloc(LEDGER_VALUE_MAX + 1);
	if (!value)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	f->kept[f->nkept++] = value;
	if (ledger_get(f->ledger, key, value, e))
		return -1;
	if (value[0])
		*option = value;
	return 0;
}

static int recall_options(struct fleet_run *f, struct err *e)
{
	struct fleet_options *o = &f->options;
	bool login = o->credentials || o->password_file || o->password_fd >= 0;
	const char *port = NULL, *dry = NULL;
	char key[32];

	if (recall(f, &o->bundle, "bundle", e) || recall(f, &o->boards_dir, "boards", e) ||
	    recall(f, &o->metrics, "metrics", e) || recall(f, &port, "api-port", e) || recall(f, &dry, "dry-run", e))
		return -1;
	if (dry)
		return err_set(e, VERDICT_USAGE, "this is the ledger of a dry run: there is nothing to be resumed");
	if (!login && (recall(f, &o->credentials, "credentials", e) || recall(f, &o->password_file, "password-file", e) ||
		       recall(f, &o->user, "user", e)))
		return -1;
	if (!o->have_api_port && port && text_number(&o->api_port, (struct span){port, strlen(port)}, UINT16_MAX))
		return err_set(e, VERDICT_USAGE, "the ledger's port is no number");
	for (bool given = o->ntrust > 0; !given && o->ntrust < FLEET_TRUST_MAX;) {
		const char *file = NULL;

		snprintf(key, sizeof key, "trust.%zu", o->ntrust);
		if (recall(f, &file, key, e))
			return -1;
		if (!file)
			break;
		o->trust[o->ntrust++] = file;
	}
	return 0;
}

/* --- making ready --- */

static int read_credentials(struct fleet_run *f, struct err *e)
{
	const struct fleet_options *o = &f->options;
	struct secret *password = NULL;

	if (o->dry_run)
		return 0;
	if (o->credentials) {
		if (credentials_read(&f->credentials, o->credentials, e))
			return -1;
	} else if (!o->password_file && o->password_fd < 0) {
		return err_set(e, VERDICT_USAGE, "the password came by a descriptor, and is wanted again (--password-fd)");
	} else if (secret_read(&password, o->password_file, o->password_fd, e) ||
		   credentials_single(&f->credentials, o->user ? o->user : "root", password, e)) {
		secret_free(&password);
		return -1;
	}
	for (size_t i = 0; i < f->plan.n; i++)
		if (f->plan.devices[i].wave && !credentials_find(f->credentials, f->plan.devices[i].board.credential))
			return err_set(e, VERDICT_USAGE, "%s wants the credential \"%s\", which there is none of",
				       f->plan.devices[i].board.mac,
				       f->plan.devices[i].board.credential[0] ? f->plan.devices[i].board.credential : "default");
	return 0;
}

static bool have_kind(const struct fleet_run *f, const char *id)
{
	for (size_t k = 0; k < f->nkinds; k++)
		if (strcmp(f->kinds[k].board.id, id) == 0)
			return true;
	return false;
}

/* The bundle is verified anew, must be the one that was planned with, and becomes what each kind of board is sent. */
static int add_kind(struct fleet_run *f, const char *id, const struct board_dirs *dirs, const struct trust *trust, struct err *e)
{
	struct rollout_kind *more = realloc(f->kinds, (f->nkinds + 1) * sizeof *more);
	struct policy any = {0};
	struct rollout_kind *k;

	if (!more)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	f->kinds = more;
	k = &more[f->nkinds];
	*k = (struct rollout_kind){.image.fd = -1};
	if (board_find(&k->board, dirs, id, e) || image_open(&k->image, f->options.bundle, trust, &any, e))
		return -1;
	f->nkinds++;
	if (k->image.size != f->plan.size || memcmp(k->image.hash, f->plan.hash, HASH_SIZE) != 0)
		return err_set(e, VERDICT_USAGE, "%s is not the bundle that the plan was made with", f->options.bundle);
	return image_select(&k->image, &k->board, trust, e);
}

static int open_images(struct fleet_run *f, struct err *e)
{
	struct trust *trust = calloc(1, sizeof *trust);
	struct board_dirs dirs;
	int rc = -1;

	if (!trust)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	if (f->options.ntrust == 0) {
		err_set(e, VERDICT_USAGE, "--pubkey FILE or --keyring FILE is missing");
		goto out;
	}
	for (size_t i = 0; i < f->options.ntrust; i++)
		if (trust_add_any_file(trust, f->options.trust[i], e))
			goto out;
	if (board_dirs_init(&dirs, f->options.boards_dir, e))
		goto out;
	for (size_t i = 0; i < f->plan.n; i++)
		if (f->plan.devices[i].wave && !have_kind(f, f->plan.devices[i].board.board) &&
		    add_kind(f, f->plan.devices[i].board.board, &dirs, trust, e))
			goto out;
	rc = 0;
out:
	free(trust);
	return rc;
}

static struct fleet_run *fresh(const struct fleet_options *o, struct err *e)
{
	struct fleet_run *f = calloc(1, sizeof *f);

	if (!f) {
		err_set(e, VERDICT_SYSTEM, "out of memory");
		return NULL;
	}
	f->options = *o;
	if (secret_protect_process(e) || crypto_init_verify(e)) {
		free(f);
		return NULL;
	}
	return f;
}

static int load(struct fleet_run *f, struct err *e)
{
	f->devices = calloc(f->plan.n + 1, sizeof *f->devices);
	if (!f->devices)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	return ledger_load(f->ledger, &f->plan, f->devices, e);
}

int fleet_run_create(struct fleet_run **out, const struct fleet_options *o, struct err *e)
{
	struct fleet_run *f = fresh(o, e);
	char *text = NULL;
	size_t len;
	int rc = -1;

	*out = NULL;
	if (!f)
		return -1;
	if (io_read_file(&text, &len, o->file, PLAN_FILE_MAX, e) || plan_parse(&f->plan, o->file, text, len, e))
		goto out;
	if (!f->options.bundle)
		f->options.bundle = f->plan.bundle;
	if (read_credentials(f, e) || open_images(f, e)) /* before there is a ledger: a mistake leaves nothing behind */
		goto out;
	if (ledger_create(&f->ledger, o->ledger ? o->ledger : "", text, len, &f->plan, e) || keep_options(f, e) ||
	    ledger_put_note(f->ledger, wall_ms(), "begun", o->dry_run ? "a dry run" : "", e) || ledger_commit(f->ledger, e) ||
	    load(f, e))
		goto out;
	*out = f;
	f = NULL;
	rc = 0;
out:
	free(text);
	fleet_run_free(&f);
	return rc;
}

/* Addresses of today, by MAC. */
static int take_inventory(struct fleet_run *f, struct err *e)
{
	struct inventory inv;
	int rc = -1;

	if (!f->options.inventory)
		return 0;
	if (inventory_read(&inv, f->options.inventory, e))
		goto out;
	for (size_t i = 0; i < f->plan.n; i++) {
		const struct inventory_board *b = inventory_find(&inv, f->devices[i].session.mac);

		if (!b || strcmp(b->address.text, f->devices[i].address) == 0)
			continue;
		snprintf(f->devices[i].address, sizeof f->devices[i].address, "%s", b->address.text);
		if (ledger_put(f->ledger, (uint32_t)i, &f->devices[i], NULL, 0, wall_ms(), e))
			goto out;
	}
	rc = 0;
out:
	inventory_free(&inv);
	return rc;
}

/* A halt stays in force until somebody lifts it: whoever ran into it counts no more. */
static int lift(struct fleet_run *f, struct err *e)
{
	char *why = malloc(LEDGER_VALUE_MAX + 1);
	int rc = -1;

	if (!why)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	if (ledger_get(f->ledger, "halted", why, e))
		goto out;
	if (why[0] && !f->options.lift) {
		err_set(e, VERDICT_HALTED, "%s. `--lift' goes on all the same", why);
		goto out;
	}
	for (size_t i = 0; why[0] && i < f->plan.n; i++) {
		f->devices[i].counted = false;
		if (ledger_put(f->ledger, (uint32_t)i, &f->devices[i], NULL, 0, wall_ms(), e))
			goto out;
	}
	if (why[0] && (ledger_set(f->ledger, "halted", "", e) || ledger_put_note(f->ledger, wall_ms(), "lift", why, e)))
		goto out;
	rc = 0;
out:
	free(why);
	return rc;
}

int fleet_run_open(struct fleet_run **out, const struct fleet_options *o, struct err *e)
{
	struct fleet_run *f = fresh(o, e);
	char *text = NULL;
	size_t len;
	int rc = -1;

	*out = NULL;
	if (!f)
		return -1;
	if (ledger_open(&f->ledger, o->file, true, e) || ledger_plan(f->ledger, &text, &len, e) ||
	    plan_parse(&f->plan, "the ledger's plan", text, len, e) || recall_options(f, e) || load(f, e) || lift(f, e) ||
	    read_credentials(f, e) || open_images(f, e) || take_inventory(f, e) ||
	    ledger_put_note(f->ledger, wall_ms(), "resume", "", e) || ledger_commit(f->ledger, e))
		goto out;
	*out = f;
	f = NULL;
	rc = 0;
out:
	free(text);
	fleet_run_free(&f);
	return rc;
}

static bool named(const char *states, const char *word)
{
	size_t n = strlen(word);

	for (; *states; states += strcspn(states, ",") + (states[strcspn(states, ",")] ? 1 : 0))
		if (strcspn(states, ",") == n && memcmp(states, word, n) == 0)
			return true;
	return false;
}

/* Every word must be a state in which a board can have ended badly. */
static int check_states(const char *states, struct err *e)
{
	char word[32];

	while (*states) {
		size_t n = strcspn(states, ",");
		enum session_state s;

		snprintf(word, sizeof word, "%.*s", (int)(n < sizeof word ? n : sizeof word - 1), states);
		if (session_state_find(&s, word) || !session_bad(s))
			return err_set(e, VERDICT_USAGE, "states to retry are rejected, failed, unknown, needs-card");
		states += n + (states[n] ? 1 : 0);
	}
	return 0;
}

int fleet_run_retry(struct fleet_run *f, const char *states, struct err *e)
{
	if (check_states(states, e))
		return -1;
	for (size_t i = 0; i < f->plan.n; i++) {
		struct ledger_device *d = &f->devices[i];

		if (!f->plan.devices[i].wave || !named(states, session_state_word(d->session.state)))
			continue;
		session_retry(&d->session);
		d->counted = false;
		d->ended_ms = 0;
		if (ledger_put(f->ledger, (uint32_t)i, d, &d->session.state, 1, wall_ms(), e))
			return -1;
	}
	return ledger_commit(f->ledger, e);
}

/* --- running --- */

static void on_view(void *owner, struct rollout *r)
{
	struct fleet_run *f = owner;
	const char *why, *state = rollout_state(r, &why);
	uint64_t now = rollout_now(r), sent = f->maker->sent ? f->maker->sent(f->maker) : 0;

	report_refresh(&f->report, &f->plan, f->devices, state, why, rollout_wave(r), now);
	if (now > f->seen_ms)
		f->report.report.rate = (sent - f->seen_sent) * 1000 / (now - f->seen_ms);
	f->seen_sent = sent;
	f->seen_ms = now;
	if (!f->options.quiet)
		live_draw(&f->live, &f->report.report);
	if (f->options.metrics && (now >= f->metrics_ms || strcmp(state, "running") != 0)) {
		struct err e; /* a monitor that goes blind must not stop the run */

		(void)report_metrics_file(f->options.metrics, &f->report.report, &e);
		f->metrics_ms = now + (uint64_t)METRICS_S * 1000;
	}
}

static void on_signal(void *owner, int number)
{
	struct fleet_run *f = owner;

	(void)number;
	if (f->signals++ == 0)
		rollout_drain(f->rollout);
	else
		rollout_stop(f->rollout);
}

static int open_links(struct fleet_run *f, struct err *e)
{
	struct sim_options sim = {.plan = &f->plan, .clock_ms = &f->clock_ms};
	struct link_http_options http = {.rate = f->plan.limits.rate, .timeout_ms = f->plan.limits.timeout_ms,
					 .api_port = (uint16_t)f->options.api_port};

	if (loop_open(&f->loop, f->options.dry_run ? LOOP_VIRTUAL : LOOP_MONOTONIC, e))
		return -1;
	if (!f->options.dry_run)
		return link_http_open(&f->maker, f->loop, &http, e);
	f->boards = calloc(f->plan.n + 1, sizeof *f->boards);
	if (!f->boards)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	sim.loop = f->loop;
	sim.boards = f->boards;
	if (f->options.faults && link_sim_deal(f->boards, f->plan.n, f->options.faults, e))
		return -1;
	return link_sim_open(&f->maker, &sim, e);
}

static int open_rollout(struct fleet_run *f, struct err *e)
{
	struct rollout_setup setup = {
		.loop = f->loop, .maker = f->maker, .plan = &f->plan, .kinds = f->kinds, .nkinds = f->nkinds,
		.credentials = f->credentials, .ledger = f->ledger, .devices = f->devices, .wall_ms = wall_ms(),
		.view = on_view, .owner = f};
	char *value = malloc(LEDGER_VALUE_MAX + 1);
	uint64_t opened = 0;
	int rc = -1;

	if (!value)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	if (ledger_get(f->ledger, "opened", value, e) == 0) {
		(void)text_number(&opened, (struct span){value, strlen(value)}, PLAN_WAVES_MAX);
		setup.opened = (unsigned)opened + f->options.open_gate;
		rc = rollout_open(&f->rollout, &setup, e);
	}
	free(value);
	return rc;
}

static int status_of(const struct fleet_run *f, enum rollout_end end)
{
	bool bad = false, unknown = false;

	for (size_t i = 0; i < f->plan.n; i++) {
		enum session_state s = f->devices[i].session.state;

		unknown = unknown || s == SESSION_UNKNOWN || (s == SESSION_ASKING && end != ROLLOUT_STOPPED);
		bad = bad || session_bad(s);
	}
	/* As with `push', unknown comes before failed; but a run that was not finished is said to be so first. */
	return end != ROLLOUT_DONE ? STATUS_HALTED : unknown ? STATUS_UNKNOWN : bad ? STATUS_SOME_FAILED : STATUS_DONE;
}

int fleet_run_go(struct fleet_run *f, int *status, struct err *e)
{
	enum rollout_end end = ROLLOUT_STOPPED;
	int rc = -1;

	if (report_fill(&f->report, &f->plan, f->devices, e) || open_links(f, e) || open_rollout(f, e) ||
	    loop_signals(f->loop, on_signal, f, e))
		return -1;
	f->seen_ms = rollout_now(f->rollout);
	if (!f->options.quiet)
		live_begin(&f->live, stderr);
	rc = rollout_run(f->rollout, &end, e);
	if (!f->options.quiet)
		live_end(&f->live);
	if (rc)
		return -1;
	*status = status_of(f, end);
	if (f->options.json)
		return report_take_notes(&f->report, f->ledger, e) || report_json(stdout, &f->report.report, e) ? -1 : 0;
	return report_text(stdout, &f->report.report, e);
}

void fleet_run_free(struct fleet_run **out)
{
	struct fleet_run *f = *out;

	if (!f)
		return;
	rollout_free(&f->rollout);
	if (f->options.dry_run)
		link_sim_free(&f->maker);
	else
		link_http_free(&f->maker);
	loop_free(&f->loop);
	for (size_t k = 0; k < f->nkinds; k++)
		image_close(&f->kinds[k].image);
	free(f->kinds);
	credentials_free(&f->credentials);
	ledger_close(&f->ledger);
	report_filled_free(&f->report);
	plan_free(&f->plan);
	free(f->devices);
	free(f->boards);
	for (size_t i = 0; i < f->nkept; i++)
		free(f->kept[i]);
	free(f);
	*out = NULL;
}
