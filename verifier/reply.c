/* SPDX-License-Identifier: ISC */
/* The page of the older boards and the object of the newer ones. */
#include "verifier/reply.h"

#include <inttypes.h>
#include <stdlib.h>

#include "core/json.h"

/* Text between tags; what is no printable ASCII becomes `?'. */
static void put_escaped(FILE *out, const char *text)
{
	for (const char *p = text; *p; p++) {
		switch (*p) {
		case '&': fputs("&amp;", out); break;
		case '<': fputs("&lt;", out); break;
		case '>': fputs("&gt;", out); break;
		case '"': fputs("&quot;", out); break;
		case '\'': fputs("&#39;", out); break;
		default: putc(*p >= 0x20 && *p <= 0x7e ? *p : '?', out); break;
		}
	}
}

/* The two headings and "Rebooting System" are what stock clients look for. As on stock boards, the page that took the image
 * does not reboot; who sent it then asks for reboot.cgi. */
static void write_page(FILE *out, const struct install_result *r, const struct err *refusal)
{
	bool good = refusal->verdict == VERDICT_OK;
	const char *heading = good ? "System Upgrade Successed" : "System Upgrade Failed";

	fprintf(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>%s</title></head>\n<body>\n", heading);
	fprintf(out, "<h1>%s</h1>\n", heading);
	if (good) {
		fprintf(out, "<p>%s %s, counter %" PRIu64 ", is installed and takes over at the next start.</p>\n", r->product,
			r->version, r->counter);
		if (r->hooks_skipped > 0)
			fprintf(out, "<p>%" PRIu32 " scripts in it were not run: this board does not allow them.</p>\n",
				r->hooks_skipped);
		fputs("<p>Rebooting System ... comes next: <a href=\"reboot.cgi\">reboot now</a>.</p>\n", out);
	} else {
		fprintf(out, "<p>%s: ", verdict_word(refusal->verdict));
		put_escaped(out, refusal->message);
		fputs("</p>\n<p>The board runs on as before.</p>\n", out);
	}
	fputs("</body>\n</html>\n", out);
}

static void write_object(FILE *out, const struct err *refusal)
{
	char code[8], text[ERR_MESSAGE_MAX + 64];
	const char *word = verdict_word(refusal->verdict);
	bool good = refusal->verdict == VERDICT_OK;
	struct json j;

	snprintf(code, sizeof code, "U00%d", (int)verdict_status(refusal->verdict));
	snprintf(text, sizeof text, "Fail! %s: %s", word, refusal->message);
	json_begin(&j, out);
	json_object(&j, NULL);
	json_string(&j, "stats", good ? "success" : "error");
	json_string(&j, "code", code);
	json_string(&j, "msg", good ? "OK!" : text);
	if (!good)
		json_string(&j, "verdict", word);
	json_end_object(&j);
	json_finish(&j);
}

int reply_write(FILE *out, enum dialect dialect, const struct install_result *r, const struct err *refusal, struct err *e)
{
	char *body = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&body, &len); /* whole before the first byte: its length stands in front of it */
	int rc = -1;

	if (!f)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	if (dialect == DIALECT_JSON)
		write_object(f, refusal);
	else
		write_page(f, r, refusal);
	if (fclose(f) != 0) {
		err_errno(e, "cannot make up the answer");
		goto out;
	}
	fprintf(out, "Status: 200 OK\r\nContent-Type: %s\r\nContent-Length: %zu\r\nCache-Control: no-store\r\nFirmseal-Verdict: %s\r\n\r\n",
		dialect == DIALECT_JSON ? "application/json" : "text/html; charset=utf-8", len, verdict_word(refusal->verdict));
	fwrite(body, 1, len, out);
	if (fflush(out) != 0 || ferror(out))
		err_errno(e, "cannot give the answer");
	else
		rc = 0;
out:
	free(body);
	return rc;
}
