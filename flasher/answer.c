/* SPDX-License-Identifier: ISC */
/* Reads the four dialects of BOARDS.md 1.2, and firmverify's own verdict word beside them. */
#include "flasher/answer.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "flasher/page.h"

enum { QUOTE_MAX = 240 };

/* What a body says by itself. */
enum saying { SAYS_NOTHING, SAYS_YES, SAYS_NO };

struct said {
	enum saying saying;
	char why[QUOTE_MAX]; /* printable; "" when the body gives no reason */
};

/* Runs of white space become one blank, none at the ends: a message, not a layout. Returns the new length. */
static size_t squeeze(char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		bool space = memchr(" \t\r\n\f\v", text[i], 6) != NULL;

		if (!space)
			text[n++] = text[i];
		else if (n > 0 && text[n - 1] != ' ')
			text[n++] = ' ';
	}
	return n > 0 && text[n - 1] == ' ' ? n - 1 : n;
}

static void give_reason(struct said *s, char *text, size_t len)
{
	err_quote(s->why, sizeof s->why, text, squeeze(text, len));
}

static void read_page(struct said *s, const struct answer *a)
{
	struct page page;
	bool yes, no;

	if (page_read(&page, a->body, a->len))
		return;
	yes = page_find(&page, "System Upgrade Successed") != NULL;
	no = page_find(&page, "System Upgrade Failed") != NULL;
	if (no && !yes) {
		size_t len;
		char *reason = page_paragraph_after(&page, "System Upgrade Failed", &len);

		s->saying = SAYS_NO;
		give_reason(s, reason, len);
	} else if (yes && !no) {
		s->saying = SAYS_YES;
	}
	page_free(&page);
}

static void read_json(struct said *s, const struct answer *a)
{
	json_t *root = json_loadb(a->body, a->len, JSON_REJECT_DUPLICATES, NULL);
	const char *stats = json_string_value(json_object_get(root, "stats"));
	const char *code = json_string_value(json_object_get(root, "code"));
	const json_t *msg = json_object_get(root, "msg");
	char text[2 * QUOTE_MAX];
	int n;

	if (stats && code) {
		if (strcmp(stats, "success") == 0 && strcmp(code, "U000") == 0)
			s->saying = SAYS_YES;
		else if (strcmp(stats, "error") == 0 && strcmp(code, "U000") != 0)
			s->saying = SAYS_NO;
		n = snprintf(text, sizeof text, "%.64s %.256s", code,
			     json_is_string(msg) ? json_string_value(msg) : "");
		give_reason(s, text, n > 0 ? (size_t)n : 0);
	}
	json_decref(root);
}

/* True when TEXT holds WORD, in whatever case. */
static bool holds(const char *text, size_t len, const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; i + n <= len; i++)
		if (strncasecmp(text + i, word, n) == 0)
			return true;
	return false;
}

/* The plain dialect refuses with whatever its shell wrote on standard error. Only the phrases that stock scripts are
 * known to use count as a no: any other text could be half an answer, or somebody else's. */
static void read_plain(struct said *s, const struct answer *a)
{
	static const char *const refusals[] = {"System Upgrade Failed", "Cannot Find Signature",   "Not Signtured",
					       "Incorrect firmware",	"RUNME: CANNOT FIND CERT", "CANNOT VERIFY FW",
					       "FileList Check Failed", "CANNOT USE THIS RUNME"};
	char text[2 * QUOTE_MAX];
	size_t len = a->len < sizeof text ? a->len : sizeof text;
	bool no = false;

	memcpy(text, a->body, len);
	give_reason(s, text, len);
	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
		no = no || holds(a->body, a->len, refusals[i]);
	if (no && !holds(a->body, a->len, "System Upgrade Successed"))
		s->saying = SAYS_NO;
	else if (!no && strcmp(s->why, "System Upgrade Successed") == 0)
		s->saying = SAYS_YES;
}

/* An interface that speaks by HTTP statuses: with 200, an object that tells of no error. */
static void read_token(struct said *s, const struct answer *a)
{
	json_t *root = json_loadb(a->body, a->len, JSON_REJECT_DUPLICATES, NULL);
	const char *why = json_string_value(json_object_get(root, "err"));
	char text[2 * QUOTE_MAX];
	int n;

	if (!why)
		why = json_string_value(json_object_get(root, "error"));
	if (why) {
		n = snprintf(text, sizeof text, "%.400s", why);
		s->saying = SAYS_NO;
		give_reason(s, text, n > 0 ? (size_t)n : 0);
	} else if (json_is_object(root)) {
		s->saying = SAYS_YES;
	}
	json_decref(root);
}

static void read_body(struct said *s, enum board_dialect dialect, const struct answer *a)
{
	*s = (struct said){.saying = SAYS_NOTHING};
	switch (dialect) {
	case BOARD_HTML:
		read_page(s, a);
		break;
	case BOARD_JSON:
		read_json(s, a);
		break;
	case BOARD_PLAIN:
		read_plain(s, a);
		break;
	case BOARD_TOKEN:
		read_token(s, a);
		break;
	}
}

/* The board named a verdict. One that is about the board's own trouble of the moment is no refusal of the image. */
static void judged(struct result *r, enum verdict verdict, const char *why)
{
	enum outcome outcome = verdict == VERDICT_OK ? OUTCOME_ACCEPTED :
			       verdict == VERDICT_BUSY || verdict == VERDICT_SYSTEM ? OUTCOME_FAILED : OUTCOME_REJECTED;

	result_set(r, outcome, "%s%s%s", *why ? "the board says \"" : "", why, *why ? "\"" : "");
	r->judged = true;
	r->verdict = verdict;
}

/* An answer outside 2xx. 4xx: the server did not do what was asked (RFC 9110 section 15.5), except for 408, which it
 * also says when it lost patience with a request it had begun to act on. */
static void judge_status(struct result *r, const struct answer *a)
{
	if (a->status == 401)
		result_set(r, OUTCOME_FAILED, "the board asked for the password again (HTTP 401) and took no image");
	else if (a->status >= 300 && a->status < 400)
		result_set(r, OUTCOME_UNKNOWN, "the board answered with a redirect (HTTP %d), which is not followed",
			   a->status);
	else if (a->status >= 400 && a->status < 500 && a->status != 408)
		result_set(r, OUTCOME_REJECTED, "the board answered HTTP %d", a->status);
	else
		result_set(r, OUTCOME_UNKNOWN, "the board answered HTTP %d", a->status);
}

static void judge_unclear(struct result *r, const struct answer *a, const struct said *said)
{
	char quoted[QUOTE_MAX];
	const char *what = "the answer is in no form known of this board";

	if (said->saying == SAYS_YES && !a->sent)
		what = "the board claims success before it had the whole image";
	else if (said->saying != SAYS_NOTHING)
		what = "the board contradicts itself";
	else if (a->len == 0)
		what = "the answer is empty";
	err_quote(quoted, sizeof quoted, a->body, a->len < QUOTE_MAX ? a->len : QUOTE_MAX);
	result_set(r, OUTCOME_UNKNOWN, "%s%s%s%s", what, a->len ? ": \"" : "", quoted, a->len ? "\"" : "");
}

void answer_judge(struct result *r, enum board_dialect dialect, const struct answer *a, const char *lost)
{
	enum verdict verdict = VERDICT_OK;
	bool word = a->word[0] != '\0', known = word && verdict_find(&verdict, a->word) == 0;
	struct said said;
	bool yes;

	if (a->status == 0) {
		result_set(r, OUTCOME_UNKNOWN, "no answer came%s%s", lost ? ": " : "", lost ? lost : "");
		return;
	}
	read_body(&said, dialect, a);
	yes = said.saying == SAYS_YES && a->whole && a->sent;
	if (known && verdict != VERDICT_OK && said.saying != SAYS_YES)
		judged(r, verdict, said.why);
	else if (a->status != 200)
		judge_status(r, a);
	else if (said.saying == SAYS_NO && !(known && verdict == VERDICT_OK))
		result_set(r, OUTCOME_REJECTED, "the board says \"%s\"",
			   *said.why ? said.why : "System Upgrade Failed");
	else if (yes && known && verdict == VERDICT_OK)
		judged(r, verdict, "");
	else if (yes && !word)
		result_set(r, OUTCOME_ACCEPTED, "%s", "");
	else if (!a->whole)
		result_set(r, OUTCOME_UNKNOWN, "the answer broke off%s%s", lost ? ": " : "", lost ? lost : "");
	else
		judge_unclear(r, a, &said);
}

int answer_token(char out[static ANSWER_TOKEN_MAX + 1], const struct answer *a)
{
	json_t *root = json_loadb(a->body, a->len, JSON_REJECT_DUPLICATES, NULL);
	const char *token = json_string_value(json_object_get(root, "token"));
	size_t n = token ? strlen(token) : 0;
	int rc = -1;

	if (n > 0 && n <= ANSWER_TOKEN_MAX) {
		memcpy(out, token, n + 1);
		rc = 0;
	}
	json_decref(root);
	return rc;
}
