/* SPDX-License-Identifier: ISC */
/* A client from within: what client.c (libcurl's multi interface and the loop) and client_visit.c (one board's requests) share. */
#ifndef FLASHER_CLIENT_PARTS_H
#define FLASHER_CLIENT_PARTS_H

#include <curl/curl.h>
#include <sys/queue.h>

#include "flasher/client.h"

struct client {
	struct loop *loop;
	CURLM *multi;
	struct gate gate;        /* for all but images */
	struct loop_timer timer, sweep, kick;
	LIST_HEAD(visit_list, visit) active; /* those with a request under way */
	uint64_t sent;           /* by visits that are over */
};

struct visit {
	struct client *client;
	LIST_ENTRY(visit) link;
	CURL *curl;
	struct curl_slist *fields;
	char *bearer;            /* a whole header field, or NULL; wiped when freed */
	struct login login;
	const char *path;        /* of the request under way; the caller's */
	struct visit_options options;
	struct gate_pass pass;
	struct bucket_waiter waiter;
	visit_told *told;
	void *owner;
	bool active, paused;
	char error[CURL_ERROR_SIZE], failure[CURL_ERROR_SIZE];
	struct exchange exchange;
};

/* Hands V's request to libcurl; its clock runs from here on. Returns 0, or -1 when memory is out. */
int client_take_in(struct client *c, struct visit *v);

/* Takes V from libcurl, which does not call for it from here on, or from the gate. Safe when it is with neither. */
void client_take_out(struct client *c, struct visit *v);

/* V's request has ended with CODE: takes it out, and tells. V may be gone afterwards. */
void client_finish(struct client *c, struct visit *v, CURLcode code);

/* Sends V's request: the first time, and again with what its login took from the answer. Returns 0, or -1 when memory is out. */
int client_send(struct client *c, struct visit *v);

/* The bucket has a share for V. Called by it with a visit. */
void client_turn(void *visit);

#endif
