/* SPDX-License-Identifier: ISC */
/* The page of the older boards, the object of the newer ones, and the status. */
#include "verifier/reply.h"

#include <inttypes.h>
#include <stdlib.h>

#include "core/cli.h"
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

static bool kept_settings(const struct cgi_outcome *o)
{
	return o->page == CGI_UPGRADE && o->device.nsettings > 0;
}

/* What stock clients look for, and what stock pages do: the page that took the image does not reboot the board, its script asks
 * for a page that does; when settings were to be wiped, for one that wipes what lies outside the tree, too. */
static void write_reboot(FILE *out, const struct cgi_outcome *o)
{
	const char *page = o->page == CGI_UPGRADE_CLEAR ? "/cgi-bin/reset_conf.cgi" : "/cgi-bin/reboot.cgi";

	fputs("<p>Rebooting System ... (please wait for 90 seconds)</p>\n", out);
	if (o->device.nreboot > 0)
		return;
	fprintf(out, "<script>var r = new XMLHttpRequest(); r.open(\"GET\", \"%s\"); r.send();</script>\n", page);
	fprintf(out, "<noscript><p><a href=\"%s\">reboot now</a></p></noscript>\n", page);
}

static void write_success(FILE *out, const struct cgi_outcome *o)
{
	const struct install_result *r = &o->result;

	fprintf(out, "<p>%s %s, counter %" PRIu64 ", is installed and takes over at the next start.</p>\n", r->product, r->version,
		r->counter);
	if (r->hooks_skipped > 0)
		fprintf(out, "<p>%" PRIu32 " scripts in it were not run: this board does not allow them.</p>\n", r->hooks_skipped);
	for (size_t i = 0; kept_settings(o) && i < o->device.nsettings; i++) {
		fputs("<p>Setting ", out);
		put_escaped(out, o->device.settings[i]);
		fprintf(out, ": %s</p>\n", setting_fate_text(r->settings[i]));
	}
	write_reboot(out, o);
}

static void write_page(FILE *out, const struct cgi_outcome *o, const struct err *refusal)
{
	bool good = !refusal;
	const char *heading = good ? "System Upgrade Successed" : "System Upgrade Failed";

	fprintf(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>%s</title></head>\n<body>\n", heading);
	fprintf(out, "<h1>%s</h1>\n", heading);
	if (good) {
		write_success(out, o);
	} else {
		fprintf(out, "<p>%s: ", verdict_word(refusal->verdict));
		put_escaped(out, refusal->message);
		fprintf(out, "</p>\n<p>%s</p>\n", o->result.decided ? "The image is in place all the same." : "The board runs on as before.");
	}
	fputs("</body>\n</html>\n", out);
}

static void write_object(FILE *out, const struct cgi_outcome *o, const struct err *refusal)
{
	char code[8], text[ERR_MESSAGE_MAX + 64];
	enum verdict verdict = refusal ? refusal->verdict : VERDICT_OK;
	bool good = !refusal;
	struct json j;

	snprintf(code, sizeof code, "U00%d", (int)verdict_status(verdict));
	snprintf(text, sizeof text, "Fail! %s: %s", verdict_word(verdict), good ? "" : refusal->message);
	json_begin(&j, out);
	json_open_object(&j, NULL);
	json_put_string(&j, "stats", good ? "success" : "error");
	json_put_string(&j, "code", code);
	json_put_string(&j, "msg", good ? "OK!" : text);
	if (!good)
		json_put_string(&j, "verdict", verdict_word(verdict));
	if (good && kept_settings(o))
		settings_print_json(&j, &o->device, o->result.settings);
	json_close_object(&j);
	json_finish(&j);
}

static void write_status(FILE *out, const struct cgi_outcome *o, const struct err *refusal)
{
	if (!refusal)
		status_print_json(out, &o->device, &o->report);
	else
		cli_print_failure(out, refusal);
}

int reply_write(FILE *out, const struct cgi_outcome *outcome, const struct err *refusal, struct err *e)
{
	bool object = outcome->page == CGI_STATUS || outcome->device.dialect == DIALECT_JSON;
	char *body = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&body, &len); /* whole before the first byte: its length stands in front of it */
	int rc = -1;

	if (!f)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	if (outcome->page == CGI_STATUS)
		write_status(f, outcome, refusal);
	else if (object)
		write_object(f, outcome, refusal);
	else
		write_page(f, outcome, refusal);
	if (fclose(f) != 0) {
		err_errno(e, "cannot make up the answer");
		goto out;
	}
	fprintf(out, "Status: %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nCache-Control: no-store\r\n",
		refusal && refusal->verdict == VERDICT_CROSS_SITE ? "403 Forbidden" : "200 OK",
		object ? "application/json" : "text/html; charset=utf-8", len);
	fprintf(out, "Firmseal-Verdict: %s\r\n\r\n", verdict_word(refusal ? refusal->verdict : VERDICT_OK));
	fwrite(body, 1, len, out);
	if (fflush(out) != 0 || ferror(out))
		err_errno(e, "cannot give the answer");
	else
		rc = 0;
out:
	free(body);
	return rc;
}
