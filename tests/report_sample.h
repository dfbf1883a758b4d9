/* SPDX-License-Identifier: ISC */
/* A made-up rollout in which everything occurs, generated from the enums: every state, every class of failure, and boards that try to break out of
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
	size_t nbad;
};

/* Waves 1 to 3 are over or under way: among their boards each state occurs, and of those that end badly each class. */
static inline enum session_state sample_state(size_t i)
{
	if (i >= 300)
		return SESSION_WAITING;
	if (i >= 200)
		return (enum session_state)(i % SESSION_STATES);
	if (i % 53 == 17)
		return SESSION_FAILED;
	if (i < 8)
		return SESSION_ALREADY;
	return SESSION_SUCCESS;
}

/* Boards that end badly take the classes in turn, those that the state allows or not: the page must explain each. */
static inline enum session_class sample_class(struct sample *s, enum session_state state)
{
	if (!session_bad(state))
		return CLASS_NONE;
	s->nbad++;
	return (enum session_class)(1 + s->nbad % (SESSION_CLASSES - 1));
}

static inline void sample_device(struct sample *s, size_t i)
{
	struct report_device *d = &s->devices[i];

	snprintf(s->mac[i], SAMPLE_NAME, "02:aa:bb:00:%02x:%02x", (unsigned)(i / 256), (unsigned)(i % 256));
	snprintf(s->address[i], SAMPLE_NAME, "10.20.%u.%u", (unsigned)(1 + i / SAMPLE_RACK), (unsigned)(10 + i % SAMPLE_RACK));
	snprintf(s->rack[i], SAMPLE_NAME, "rack-%u", (unsigned)(1 + i / SAMPLE_RACK));
	*d = (struct report_device){.mac = s->mac[i], .address = s->address[i], .board = "zynq-s9", .site = "hall-1", .rack = s->rack[i],
				    .version_before = "2026.06.1", .version = "", .wave = (unsigned)(i < 10 ? 1 : i < 60 ? 2 : i < 300 ? 3 : 4),
				    .state = sample_state(i), .message = "", .attempts = 1};
	d->class = sample_class(s, d->state);
	if (d->class) {
		d->message = d->class == CLASS_REFUSED ? "the board says \"Cannot Find Signature!!!\"" : "what the board said of it";
		d->attempts = 3;
	}
	if (session_good(d->state))
		d->version = "2026.11.0";
	if (d->state > SESSION_WAITING)
		d->began_ms = s->report.began_ms + 4000 * i;
	if (session_ended(d->state))
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
	s->devices[12].rack = "=HYPERLINK(\"http://evil.example\")";
}

#endif
