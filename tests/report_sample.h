/* SPDX-License-Identifier: ISC */
/* A made-up rollout in which everything occurs: every state, every class of failure, and boards that try to break out of
 * the page. The same at every run. */
#ifndef TESTS_REPORT_SAMPLE_H
#define TESTS_REPORT_SAMPLE_H

#include <stdio.h>
#include <string.h>

#include "flasher/report.h"

enum { SAMPLE_BOARDS = 360, SAMPLE_RACK = 30, SAMPLE_NAME = 24 };

#define SAMPLE_HOSTILE "<script src=\"http://evil.example/x.js\"></script>'\"><img src=//evil.example/p.png>\x1b[2J\xe2\x80\xae&amp;"

struct sample {
	struct report report;
	struct report_device devices[SAMPLE_BOARDS];
	char mac[SAMPLE_BOARDS][SAMPLE_NAME], address[SAMPLE_BOARDS][SAMPLE_NAME], rack[SAMPLE_BOARDS][SAMPLE_NAME];
	struct report_wave waves[4];
	struct report_event events[5];
};

static inline enum report_state sample_state(size_t i)
{
	if (i >= 300)
		return REPORT_WAITING;
	if (i % 53 == 17)
		return REPORT_FAILED;
	if (i % 71 == 20)
		return REPORT_UNKNOWN;
	if (i == 47 || i == 163)
		return REPORT_NEEDS_CARD;
	if (i == 88 || i == 89)
		return REPORT_REJECTED;
	if (i % 67 == 9)
		return REPORT_SKIPPED;
	if (i < 8)
		return REPORT_ALREADY;
	if (i < 230)
		return REPORT_SUCCESS;
	return (enum report_state)(REPORT_HEALTHY - (i - 230) / 9);
}

static inline void sample_device(struct sample *s, size_t i)
{
	static const char *const faults[] = {"unreachable", "login", "lost", "health", "no-return"};
	static const char *const says[] = {"Failed to connect: Connection timed out", "wrong user or password (HTTP 401)",
					   "no answer came: Recv failure: Connection reset by peer",
					   "hash rate 9012 GH/s, 13650 before; 2 of 3 hash boards",
					   "did not come back within 10 min of the reboot"};
	struct report_device *d = &s->devices[i];
	bool bad;

	snprintf(s->mac[i], SAMPLE_NAME, "02:aa:bb:00:%02x:%02x", (unsigned)(i / 256), (unsigned)(i % 256));
	snprintf(s->address[i], SAMPLE_NAME, "10.20.%u.%u", (unsigned)(1 + i / SAMPLE_RACK), (unsigned)(10 + i % SAMPLE_RACK));
	snprintf(s->rack[i], SAMPLE_NAME, "rack-%02u", (unsigned)(1 + i / SAMPLE_RACK % 8));
	*d = (struct report_device){s->mac[i], s->address[i], "zynq-s9", i < 8 * SAMPLE_RACK ? "hall-1" : "hall-2", s->rack[i],
				    "2026.06.1", "", (unsigned)(i < 10 ? 1 : i < 60 ? 2 : i < 300 ? 3 : 4), sample_state(i),
				    "", "", 1, 0, 0};
	bad = report_state_bad(d->state);
	if (bad) {
		d->fault = d->state == REPORT_REJECTED ? "refused" : d->state == REPORT_NEEDS_CARD ? "no-return" :
			   d->state == REPORT_UNKNOWN ? "lost" : faults[i % 4];
		d->message = d->state == REPORT_REJECTED ? "the board says \"Cannot Find Signature!!!\"" :
			     d->state == REPORT_NEEDS_CARD ? says[4] : d->state == REPORT_UNKNOWN ? says[2] : says[i % 4];
		d->attempts = 3;
	}
	if (report_state_good(d->state))
		d->version = "2026.11.0";
	if (d->state > REPORT_WAITING)
		d->began_ms = s->report.began_ms + 4000 * i;
	if (d->state >= REPORT_SUCCESS)
		d->ended_ms = d->began_ms + 240000 + 7919 * i % 120000;
}

static inline void sample_fill(struct sample *s)
{
	static const struct report_wave waves[4] = {
		{"canary", "done", 10}, {"", "done", 50}, {"", "halted", 240}, {"", "waiting", 60}};
	const uint64_t began = 1795552200000;
	const struct report_event events[5] = {
		{began, "begun", "360 boards in 4 waves"},
		{began + 340000, "wave", "wave 1 (canary) done: 10 of 10 good; gate opened by hand"},
		{began + 640000, "wave", "wave 2 done: 46 of 50 good"},
		{began + 1500000, "halt", "wave 3: 4 failures of class unreachable, limit 2 percent of 240"},
		{began + 1560000, "drain", "uploads in flight are let finish"}};

	memset(s, 0, sizeof *s);
	memcpy(s->waves, waves, sizeof waves);
	memcpy(s->events, events, sizeof events);
	s->report = (struct report){
		.plan = "7d9f2c31b0aa4e6f", .product = "antminer-s9", .version = "2026.11.0",
		.image = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0", .image_size = 24012345,
		.state = "halted", .why = "wave 3: more than 2 percent of its boards failed (unreachable)", .began_ms = began,
		.now_ms = began + 1600000, .rate = 41200000, .devices = s->devices, .ndevices = SAMPLE_BOARDS, .waves = s->waves,
		.nwaves = 4, .events = s->events, .nevents = 5};
	for (size_t i = 0; i < SAMPLE_BOARDS; i++)
		sample_device(s, i);
	s->devices[17].message = s->devices[17].version = SAMPLE_HOSTILE;
	s->devices[17].fault = SAMPLE_HOSTILE;
	s->devices[12].rack = "=HYPERLINK(\"http://evil.example\")";
}

#endif
