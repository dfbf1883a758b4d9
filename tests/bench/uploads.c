/* SPDX-License-Identifier: ISC */
/* The flasher's own engine, N boards at once: a probe and an upload each, without inventory, ledger and health.
 *     uploads FILE N PORT [RATE] */
#define _GNU_SOURCE /* memfd_create */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/io.h"
#include "flasher/http.h"
#include "flasher/limit.h"

struct one {
	struct http *http;
	struct address address;
};

static struct image image = {.fd = -1, .name = "bench-1.firm.tar"};
static struct client *client;
static size_t good, bad;

static void on_uploaded(void *owner, const struct result *r)
{
	struct one *one = owner;

	good += r->outcome == OUTCOME_ACCEPTED;
	if (r->outcome != OUTCOME_ACCEPTED && bad++ == 0)
		fprintf(stderr, "%s: %s: %s\n", one->address.text, outcome_word(r->outcome), r->text);
	http_close(&one->http);
}

static void on_probed(void *owner, const struct result *r)
{
	struct one *one = owner;

	if (r->outcome == OUTCOME_ACCEPTED)
		http_upload(one->http, &image, on_uploaded, one);
	else
		on_uploaded(owner, r);
}

static int fail(const struct err *e)
{
	fprintf(stderr, "uploads: %s\n", e->message);
	return 1;
}

static int read_image(const char *file, struct err *e)
{
	char *bytes;
	size_t len;

	if (io_read_file(&bytes, &len, file, (size_t)1 << 30, e))
		return -1;
	image.fd = memfd_create("image", MFD_CLOEXEC);
	image.size = len;
	if (image.fd < 0 || io_write_all(image.fd, bytes, len))
		return err_errno(e, "cannot copy the image");
	free(bytes);
	image.map = mmap(NULL, len, PROT_READ, MAP_SHARED, image.fd, 0);
	return image.map == MAP_FAILED ? err_errno(e, "cannot map the image") : 0;
}

int main(int argc, char **argv)
{
	static const struct board board = {.id = "bench", .dialect = BOARD_JSON, .probe = "/", .field = "file",
					   .keep = {.upgrade = "/cgi-bin/upgrade.cgi"}};
	size_t n = argc >= 4 ? (size_t)atoi(argv[2]) : 0;
	struct one *all = calloc(n + 1, sizeof *all);
	struct loop *loop = NULL;
	struct bucket bandwidth;
	uint32_t room;
	struct err e = {0};

	if (!n || !all)
		return 2;
	if (read_image(argv[1], &e) || limit_descriptors(&room, (uint32_t)n, &e) || client_start(&e) ||
	    loop_open(&loop, LOOP_MONOTONIC, &e) || client_open(&client, loop, &e))
		return fail(&e);
	bucket_init_bytes(&bandwidth, loop, argc > 4 ? strtoull(argv[4], NULL, 10) : 0);
	for (size_t i = 0; i < n; i++) {
		const struct http_options options = {&all[i].address, &board, false, 300000, &bandwidth};
		char text[48];

		snprintf(text, sizeof text, "127.0.%zu.%zu:%s", 1 + i / 250, 1 + i % 250, argv[3]);
		if (address_parse(&all[i].address, text, &e) || http_open(&all[i].http, client, &options, &e))
			return fail(&e);
		http_probe(all[i].http, on_probed, &all[i]);
	}
	if (loop_run(loop, &e))
		return fail(&e);
	fprintf(stderr, "%zu accepted, %zu not\n", good, bad);
	client_free(&client);
	loop_free(&loop);
	free(all);
	return bad ? 1 : 0;
}
