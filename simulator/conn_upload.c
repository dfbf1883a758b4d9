/* SPDX-License-Identifier: ISC */
/* An upload on its way to a board, and what boards do to it. */
#define _GNU_SOURCE /* SOCK_NONBLOCK and friends */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "simulator/conn_parts.h"

enum { SLOW_BUFFER = 64 << 10 }; /* bytes, so that the kernel does not take the image in a slow board's stead */

/* In the parts before the file there is a field of that name, and it says true. */
static bool field_says_true(const struct form *f, const char *name)
{
	char wanted[TEXT_NAME_MAX + 32];
	int n = snprintf(wanted, sizeof wanted, "name=\"%s\"\r\n\r\ntrue\r\n", name);

	for (size_t i = 0; i + (size_t)n <= f->head_len; i++)
		if (memcmp(f->head + i, wanted, (size_t)n) == 0)
			return true;
	return false;
}

/* The last byte is there: what the board makes of it goes out a moment later. */
static void upload_ends(struct conn *c)
{
	struct images *images = &c->board->farm->images;
	struct upload *u = c->upload;
	const char *keep_field = c->board->kind->profile.keep_field;
	const struct sim_image *image = u->begun && u->taking.at == u->form.file_size ? images_end(images, &u->taking) : NULL;
	struct reply r;

	if (*keep_field)
		u->wipe = !field_says_true(&u->form, keep_field);
	pages_uploaded(&r, c->board, u->wipe, form_exact(&u->form), image);
	images_drop(images, &u->taking);
	if (conn_behaves(c, BEHAVE_LOST) || conn_behaves(c, BEHAVE_SILENT)) {
		if (r.reboot)
			farm_reboot(c->board);
		reply_free(&r);
		if (conn_behaves(c, BEHAVE_LOST)) {
			conn_end(c, false);
			return;
		}
		c->state = STATE_MUTE;
		return;
	}
	conn_compose(c, &r);
	c->state = STATE_WRITING;
	if (c->board->farm->options.write_ms == 0) {
		conn_answer(c);
		return;
	}
	conn_wait(c, 0);
	conn_ring_in(c, c->board->farm->options.write_ms);
}

/* What some boards do half way. True when C is gone. */
static bool misbehaves_half_way(struct conn *c)
{
	struct behaves *b = &c->board->behaves;

	if (c->upload->form.got < c->upload->form.length / 2)
		return false;
	if (conn_behaves(c, BEHAVE_RESET)) {
		if (b->value > 0 && --b->value == 0)
			b->set &= ~(1u << BEHAVE_RESET);
		conn_end(c, true);
		return true;
	}
	if (conn_behaves(c, BEHAVE_HALF_CLOSED)) {
		(void)shutdown(c->watch.fd, SHUT_WR);
		c->state = STATE_MUTE;
	}
	return false;
}

/* Takes LEN bytes of the body. C may be gone afterwards. */
void conn_upload_takes(struct conn *c, const char *bytes, size_t len)
{
	struct images *images = &c->board->farm->images;
	struct upload *u = c->upload;
	struct span file;
	struct reply r = {.status = 413};

	c->body_left -= len;
	if (form_take(&u->form, bytes, len, &file)) {
		pages_uploaded(&r, c->board, u->wipe, false, NULL);
		conn_answer_after_body(c, &r);
		return;
	}
	if (u->form.begun && !u->begun) {
		u->begun = true;
		c->board->uploads++;
		if (u->form.file_size > 0 && images_begin(images, &u->taking, u->form.file_size)) {
			conn_answer_after_body(c, &r);
			return;
		}
	}
	if (file.len && images_take(images, &u->taking, file.at, file.len)) {
		conn_answer_after_body(c, &r);
		return;
	}
	if (misbehaves_half_way(c))
		return;
	if (c->state == STATE_FILE && c->body_left == 0)
		upload_ends(c);
}

int conn_upload_begin(struct conn *c, bool wipe)
{
	c->upload = calloc(1, sizeof *c->upload);
	if (!c->upload)
		return -1;
	form_begin(&c->upload->form, c->body_left, c->board->kind->profile.keep_field[0] != '\0');
	c->upload->wipe = wipe;
	c->upload->started_ms = reactor_now_ms();
	c->state = STATE_FILE;
	if (c->board->behaves.rate) {
		int size = SLOW_BUFFER;

		(void)setsockopt(c->watch.fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	}
	return 0;
}

size_t conn_upload_pace(struct conn *c)
{
	uint64_t ms = reactor_now_ms() - c->upload->started_ms, due = ms * c->board->behaves.rate / 1000;
	uint64_t got = c->upload->form.got;

	if (due > got)
		return due - got < CONN_SCRATCH ? (size_t)(due - got) : CONN_SCRATCH;
	return 0;
}
