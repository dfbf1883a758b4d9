/* SPDX-License-Identifier: ISC */
/* What a board may answer: the four dialects, the verdict word, the challenge. The first byte says which, and how it
 * arrived; the second picks the status; a word field runs to the first newline; the rest is the body. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "flasher/answer.h"
#include "flasher/challenge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { DIALECT = 3, WHOLE = 4, SENT = 8, WORD = 16 };

static void judge(unsigned flags, int status, const char *text, size_t size)
{
	struct answer a = {.status = status, .whole = flags & WHOLE, .sent = flags & SENT, .body = text, .len = size};
	const char *line = flags & WORD ? memchr(text, '\n', size) : NULL;
	struct result r = {.outcome = OUTCOME_COUNT};

	if (line && line - text <= ANSWER_WORD_MAX) {
		memcpy(a.word, text, (size_t)(line - text));
		a.body = line + 1;
		a.len = size - (size_t)(line + 1 - text);
	}
	answer_judge(&r, (enum board_dialect)(flags & DIALECT), &a, "lost");
	if (r.outcome >= OUTCOME_COUNT || strlen(r.text) >= sizeof r.text)
		abort();
	if (r.outcome == OUTCOME_ACCEPTED && (status != 200 || !a.whole || !a.sent))
		abort();
	if (r.outcome == OUTCOME_ACCEPTED && a.word[0] && strcmp(a.word, "ok") != 0)
		abort();
	for (const char *p = r.text; *p; p++)
		if (*p < 0x20 || *p > 0x7e)
			abort(); /* nothing that a terminal obeys */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int statuses[] = {200, 0, 401, 302, 413, 408, 500, 204};
	struct challenge c = {.digest = false};
	char *text;

	if (size < 2 || size > ANSWER_MAX)
		return 0;
	text = malloc(size - 2 + 1);
	if (!text)
		return 0;
	memcpy(text, data + 2, size - 2);
	if ((data[0] & DIALECT) <= BOARD_TOKEN) {
		judge(data[0], statuses[data[1] & 7], text, size - 2);
	} else {
		challenge_add(&c, "", text, size - 2);
		if (memchr(c.realm, '\0', sizeof c.realm) == NULL)
			abort();
	}
	free(text);
	return 0;
}
