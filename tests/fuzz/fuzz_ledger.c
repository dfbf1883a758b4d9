/* SPDX-License-Identifier: ISC */
/* A ledger that somebody else has written into: the row of its board, a line a column, then its notes, three lines each. No form of the
 * report obeys a byte of it. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto.h"
#include "flasher/ledger_db.h"
#include "flasher/report_fill.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { COLUMNS = 16, NOTE_COLUMNS = 3, NOTES_AT_MOST = 8 };

static const char plan_text[] =
	"firmseal-plan 1\nbundle s9.firm.tar 31537152 abababababababababababababababababababababababababababababababab\n"
	"product antminer-s9\nversion 2026.11.0\ncounter 42\nreports 2026.11.0\nsettings keep\nlimit uploads 0\nlimit rate 0\n"
	"limit reboots 0\nlimit timeout-ms 30000\nrule tries 3\nrule backoff-ms 1000\nrule poll-ms 2000\nrule boot-ms 600000\n"
	"rule settle-ms 0\nrule health-ms 600000\nrule soak-ms 0\nrule hashrate-percent 80\nrule temperature 90\nrule chains 1\n"
	"rule fans 1\nrule pools 1\nrule baseline 1\nhalt run unknown count 5\nwave 1 1 auto\n"
	"device 02:00:00:00:00:01 10.0.0.1 zynq-s9 3 hall-2 r1 * 1\n";

static struct ledger *new_ledger(void)
{
	struct plan plan = {0};
	struct ledger *l = NULL;

	if (crypto_init_verify(NULL) || plan_parse(&plan, "plan", plan_text, sizeof plan_text - 1, NULL) ||
	    ledger_create(&l, "", plan_text, sizeof plan_text - 1, &plan, NULL) || ledger_commit(l, NULL))
		abort();
	plan_free(&plan);
	return l;
}

/* Binds lines to the parameters of S. Returns how many there were. */
static int bind_lines(sqlite3_stmt *s, const char **at, const char *end, int n)
{
	int bound = 0;

	for (int i = 1; i <= n; i++) {
		const char *stop = *at < end ? memchr(*at, '\n', (size_t)(end - *at)) : end;

		if (!stop)
			stop = end;
		sqlite3_bind_text(s, i, *at, (int)(stop - *at), SQLITE_TRANSIENT);
		bound += *at < end;
		*at = stop < end ? stop + 1 : end;
	}
	return bound;
}

static void write_into(struct ledger *l, const char *at, const char *end)
{
	sqlite3_stmt *row = NULL, *note = NULL;

	if (ledger_sql(l, "DELETE FROM note", NULL) ||
	    ledger_prepare(l, &row, "UPDATE device SET state=?1, class=?2, address=?3, text=?4, uploads=?5, before=?6, version=?7, figures=?8, "
		    "hashrate=?9, chains=?10, fans=?11, temp=?12, pools=?13, began=?14, ended=?15, counted=?16", NULL) ||
	    ledger_prepare(l, &note, "INSERT INTO note(at, kind, text) VALUES(?1, ?2, ?3)", NULL))
		abort();
	bind_lines(row, &at, end, COLUMNS);
	IGNORE(ledger_step(l, row, NULL));
	for (int i = 0; i < NOTES_AT_MOST && bind_lines(note, &at, end, NOTE_COLUMNS) > 0; i++)
		IGNORE(ledger_step(l, note, NULL));
	sqlite3_finalize(row);
	sqlite3_finalize(note);
}

/* Lines of CSV end in CR LF (RFC 4180); JSON has UTF-8 as it is, but no C1, of which a terminal obeys some. */
static bool harmless(const char *c, bool json)
{
	unsigned char byte = (unsigned char)*c;

	if (byte > 0x7e)
		return json && byte != 0x7f && !(byte == 0xc2 && (unsigned char)c[1] < 0xa0);
	return byte >= 0x20 || byte == '\n' || byte == '\t' || (c[0] == '\r' && c[1] == '\n');
}

static void must_be_harmless(const struct report *r)
{
	static int (*const forms[])(FILE *, const struct report *, struct err *) = {report_text, report_html, report_json, report_csv,
										    report_junit, report_metrics, report_cards, report_person, report_person_json};

	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		char *text = NULL;
		size_t len = 0;
		FILE *out = open_memstream(&text, &len);

		if (!out || forms[i](out, r, NULL) != 0 || fclose(out) != 0)
			abort();
		for (size_t n = 0; n < len; n++)
			if (!harmless(text + n, forms[i] == report_json))
				abort();
		free(text);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ledger *l;
	struct report_filled filled = {.devices = NULL};
	struct ledger_device *devices = NULL;
	struct plan plan = {0};
	struct err e = {0};

	if (!l)
		l = new_ledger();
	write_into(l, (const char *)data, (const char *)data + size);
	if (report_load(&filled, l, &plan, &devices, UINT64_C(1764000000000), &e) == 0)
		must_be_harmless(&filled.report);
	else if (e.verdict == VERDICT_OK || e.message[0] == '\0')
		abort();
	report_filled_free(&filled);
	plan_free(&plan);
	free(devices);
	return 0;
}
