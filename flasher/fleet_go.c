/* SPDX-License-Identifier: ISC */
/* A run that is ready is carried out: links, signals, the live table, the exit status. */
#include "flasher/fleet_parts.h"

#include <stdlib.h>
#include <string.h>

#include "flasher/link_http.h"

enum { METRICS_S = 15 };

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

		IGNORE(report_metrics_file(f->options.metrics, &f->report.report, &e));
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
		.credentials = f->credentials, .realm = f->options.realm, .ledger = f->ledger, .devices = f->devices, .wall_ms = fleet_wall_ms(),
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
