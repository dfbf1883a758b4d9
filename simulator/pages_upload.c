/* SPDX-License-Identifier: ISC */
/* What a board makes of an upload, and how it says so in its dialect. */
#include <stdio.h>
#include <string.h>

#include "core/json.h"
#include "core/policy.h"
#include "simulator/pages.h"

/* A board's judgement. */
struct judged {
	bool taken;
	bool spoken;      /* by a verdict's word, too: boards with firmverify */
	struct err e;
};

/* A board with firmverify: the signature, then its own questions. */
static void judge_sealed(struct judged *j, const struct sim_board *b, const struct sim_image *image)
{
	const struct policy policy = {.board = b->kind->profile.hardware, .revision = b->kind->revision, .product = b->farm->options.product,
				      .counter = b->counter};

	j->spoken = true;
	j->e = image ? image->look.verdict : (struct err){VERDICT_MALFORMED_HEADER, "no file in the upload"};
	j->taken = image && image->look.good && policy_check(&policy, image->look.manifest, &j->e) == ACCEPTED;
}

/* A stock board: the newer ones want their own container to the byte, the older ones what tar can unpack. Both take a bundle
 * here, too, and believe all that stands in it. */
static void judge_stock(struct judged *j, const struct sim_board *b, bool exact, const struct sim_image *image)
{
	bool newer = b->kind->profile.dialect == BOARD_JSON;

	if (!image)
		err_set(&j->e, VERDICT_MALFORMED_HEADER, "6");
	else if (newer && !exact)
		err_set(&j->e, VERDICT_MALFORMED_HEADER, "file size error");
	else if (!newer && image->look.kind == LOOK_OTHER)
		err_set(&j->e, VERDICT_NOT_A_BUNDLE, "tar: invalid magic");
	else
		j->taken = true;
}

static void judge(struct judged *j, struct sim_board *b, bool exact, const struct sim_image *image)
{
	*j = (struct judged){.taken = false};
	if (behaves_as(&b->behaves, BEHAVE_BUSY) && (b->behaves.value == 0 || b->behaves.value > b->refusals)) {
		j->spoken = b->kind->sealed;
		err_set(&j->e, VERDICT_BUSY, "another install is under way");
	} else if (behaves_as(&b->behaves, BEHAVE_REFUSES)) {
		err_set(&j->e, VERDICT_BAD_SIGNATURE, "Cannot Find Signature!!!");
		j->spoken = b->kind->sealed;
	} else if (b->kind->sealed) {
		judge_sealed(j, b, image);
	} else {
		judge_stock(j, b, exact, image);
	}
}

static void say_html(FILE *out, const struct judged *j, const char *reboot)
{
	fputs("<html><head><title>Miner</title>\n<script>\nfunction done() { f_get(\"", out);
	fprintf(out, "%s\"); }\n</script></head>\n", reboot);
	if (j->taken)
		fputs("<body onload=\"done();\"><h2>System Upgrade Successed</h2>\n<fieldset>Rebooting System ... (please wait for 90 "
		      "seconds)</fieldset>", out);
	else
		fprintf(out, "<body><h2>System Upgrade Failed</h2>\n<fieldset><p>\n%s%s%s\n</p></fieldset>",
			j->spoken ? verdict_word(j->e.verdict) : "", j->spoken ? ": " : "", j->e.message);
	fputs("</body></html>\n", out);
}

static void say_json(FILE *out, const struct judged *j)
{
	char text[ERR_MESSAGE_MAX + 64], code[8] = "U000";
	struct json json;

	if (!j->taken)
		snprintf(code, sizeof code, "U00%u", (unsigned)verdict_status(j->e.verdict) % 10);
	snprintf(text, sizeof text, "%s%s%s", j->spoken ? verdict_word(j->e.verdict) : "Fail!", j->spoken ? ": " : " ", j->e.message);
	json_begin(&json, out);
	json_open_object(&json, NULL);
	json_put_string(&json, "stats", j->taken ? "success" : "error");
	json_put_string(&json, "code", code);
	json_put_string(&json, "msg", j->taken ? "OK!" : text);
	json_close_object(&json);
	json_finish(&json);
}

static void say_token(FILE *out, const struct judged *j)
{
	struct json json;

	json_begin(&json, out);
	json_open_object(&json, NULL);
	if (j->taken)
		json_put_number(&json, "after", 30);
	else
		json_put_string(&json, "err", j->e.message);
	json_close_object(&json);
	json_finish(&json);
}

static void say(struct reply *r, const struct sim_board *b, bool wipe, const struct judged *j)
{
	const struct board *p = &b->kind->profile;
	FILE *out = open_memstream(&r->body, &r->len);

	r->status = out ? 200 : 500;
	r->type = p->dialect == BOARD_JSON || p->dialect == BOARD_TOKEN ? "application/json" : p->dialect == BOARD_PLAIN ? "text/plain" : "text/html";
	if (!out)
		return;
	if (p->dialect == BOARD_JSON)
		say_json(out, j);
	else if (p->dialect == BOARD_TOKEN)
		say_token(out, j);
	else if (p->dialect == BOARD_PLAIN)
		fprintf(out, "%s\n", j->taken ? "System Upgrade Successed" : j->e.message);
	else
		say_html(out, j, wipe ? p->wipe.reboot : p->keep.reboot);
	fclose(out);
	if (j->spoken)
		snprintf(r->field, sizeof r->field, "Firmseal-Verdict: %s", verdict_word(j->taken ? VERDICT_OK : j->e.verdict));
}

void pages_uploaded(struct reply *r, struct sim_board *b, bool wipe, bool exact, const struct sim_image *image)
{
	const struct board_way *way = wipe ? &b->kind->profile.wipe : &b->kind->profile.keep;
	struct judged j;

	*r = (struct reply){.status = 200};
	judge(&j, b, exact, image);
	if (j.taken) {
		farm_write(b, image);
		b->wipes += wipe;
		r->reboot = !way->reboot[0];
	} else {
		b->refusals++;
	}
	say(r, b, wipe, &j);
}
