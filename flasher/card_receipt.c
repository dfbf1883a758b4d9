/* SPDX-License-Identifier: ISC */
/* Receipts: one object a line, appended, so that a season's cards stand in one file. */
#include "flasher/card_receipt.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/cli.h"
#include "core/io.h"
#include "core/json.h"
#include "core/say.h"

static uint64_t now(void)
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");
	uint64_t seconds;

	if (epoch && text_number(&seconds, (struct span){epoch, strlen(epoch)}, INT64_MAX) == 0)
		return seconds;
	return (uint64_t)time(NULL);
}

static void put_made(struct json *j, const struct card_made *made)
{
	char hash[HASH_HEX + 1], id[KEYID_HEX + 1];

	json_put_string(j, "board", made->board);
	json_put_string(j, "product", made->head.product);
	json_put_string(j, "version", made->head.version);
	json_put_number(j, "counter", made->head.counter);
	text_put_hash(hash, made->manifest);
	json_put_string(j, "manifest_hash", hash);
	if (made->have_bundle) {
		text_put_hash(hash, made->bundle);
		json_put_string(j, "bundle_hash", hash);
	}
	json_open_array(j, "signers");
	for (size_t i = 0; i < made->signers.n; i++) {
		keyid_print(id, made->signers.ids[i]);
		json_put_string(j, NULL, id);
	}
	json_close_array(j);
	json_put_number(j, "files", made->files);
	json_put_number(j, "bytes", made->bytes);
	json_put_number(j, "size", made->size);
	json_put_number(j, "used", made->used);
}

static void put_differences(struct json *j, const struct card_state *s)
{
	json_put_number(j, "differences", s->ndifferences);
	json_open_array(j, "places");
	for (size_t i = 0; i < s->ndifferences && i < CARD_DIFFERENCES_MAX; i++) {
		json_open_object(j, NULL);
		json_put_number(j, "at", s->differences[i].at);
		json_put_number(j, "bytes", s->differences[i].len);
		json_put_string(j, "what", s->differences[i].what);
		json_close_object(j);
	}
	json_close_array(j);
}

void card_result_json(FILE *out, const struct card_result *r, bool with_time)
{
	struct json j;

	json_begin(&j, out);
	json_open_object(&j, NULL);
	json_put_string(&j, "verdict", verdict_word(r->failure ? r->failure->verdict : VERDICT_OK));
	json_put_number(&j, "status", r->failure ? (uint64_t)verdict_status(r->failure->verdict) : STATUS_DONE);
	if (r->failure)
		json_put_string(&j, "message", r->failure->message);
	json_put_string(&j, "act", r->act);
	json_put_string(&j, "target", r->target);
	if (r->serial)
		json_put_string(&j, "card", r->serial);
	if (with_time)
		json_put_number(&j, "time", now());
	if (r->made)
		put_made(&j, r->made);
	if (r->state)
		put_differences(&j, r->state);
	json_close_object(&j);
	json_finish(&j);
}

void card_result_text(const struct card_result *r)
{
	const struct card_made *m = r->made;
	char id[KEYID_HEX + 1];

	if (r->failure) {
		for (size_t i = 0; r->state && i < r->state->ndifferences && i < CARD_DIFFERENCES_MAX; i++)
			say(stderr, "%s: %" PRIu64 " bytes at byte %" PRIu64 ": %s\n", r->target, r->state->differences[i].len,
				r->state->differences[i].at, r->state->differences[i].what);
		return;
	}
	say(stdout, "%s: ok: %s: %s %s, counter %" PRIu64 ", for %s, signed by", r->target, r->act, m->head.product, m->head.version,
	       m->head.counter, m->board);
	for (size_t i = 0; i < m->signers.n; i++) {
		keyid_print(id, m->signers.ids[i]);
		say(stdout, " %s", id);
	}
	say(stdout, "; %" PRIu32 " files, %" PRIu64 " bytes, %" PRIu64 " MiB of %" PRIu64 " used\n", m->files, m->bytes,
	       (m->used + (1 << 20) - 1) >> 20, m->size >> 20);
}

int card_receipt_open(struct card_receipt *receipt, const char *file, struct err *e)
{
	struct stat st;

	*receipt = (struct card_receipt){file, -1};
	if (!file)
		return 0;
	if (strcmp(file, "-") == 0)
		return err_set(e, VERDICT_USAGE, "`-' is no file for receipts: --json says them on standard output");
	receipt->fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0644);
	if (receipt->fd < 0)
		return err_errno(e, "cannot write receipts to %s", file);
	if (fstat(receipt->fd, &st) == 0 && S_ISREG(st.st_mode))
		return 0;
	close(receipt->fd);
	receipt->fd = -1;
	return err_set(e, VERDICT_USAGE, "%s, for receipts, is no regular file", file);
}

int card_receipt_append(struct card_receipt *receipt, const struct card_result *r, struct err *e)
{
	char *text = NULL;
	size_t len = 0;
	FILE *memory;
	int rc = 0;

	if (!receipt->name)
		return 0;
	memory = open_memstream(&text, &len);
	if (!memory)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	card_result_json(memory, r, true);
	if (fclose(memory) != 0)
		rc = err_set(e, VERDICT_SYSTEM, "out of memory");
	else if (io_write_all(receipt->fd, text, len) || fsync(receipt->fd))
		rc = err_errno(e, "cannot write the receipt to %s", receipt->name);
	free(text);
	return rc;
}

int card_receipt_close(struct card_receipt *receipt, struct err *e)
{
	int fd = receipt->fd;

	receipt->fd = -1;
	return fd < 0 || close(fd) == 0 ? 0 : err_errno(e, "cannot close %s", receipt->name);
}
