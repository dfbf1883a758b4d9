/* SPDX-License-Identifier: ISC */
/* What the ledger holds, put in and read out: devices, their ways, settings, notes. */
#include "flasher/ledger_db.h"

#include <stdlib.h>
#include <string.h>

/* Row S of the device that the plan calls P. Returns 0, or -1 when it is another one or no row that was written here. */
static int load_row(sqlite3_stmt *s, struct ledger_device *d, const struct plan_device *p)
{
	struct session *x = &d->session;
	struct address address;
	char word[32], key[ADDRESS_MAX + 1];

	ledger_column(s, 1, key, sizeof key);
	if (strcmp(key, plan_device_key(p)) != 0)
		return -1;
	memcpy(x->mac, p->board.mac, sizeof x->mac);
	ledger_column(s, 2, d->address, sizeof d->address);
	if (d->address[0] && address_parse(&address, d->address, NULL)) /* a terminal is told of it as it is */
		return -1;
	ledger_column(s, 3, word, sizeof word);
	if (session_state_find(&x->state, word))
		return -1;
	ledger_column(s, 4, word, sizeof word);
	if (session_class_find(&x->class, word))
		return -1;
	ledger_column(s, 5, x->text, sizeof x->text);
	x->uploads = (uint32_t)sqlite3_column_int64(s, 6);
	ledger_column(s, 7, x->before, sizeof x->before);
	ledger_column(s, 8, x->version, sizeof x->version);
	x->have_figures = sqlite3_column_int(s, 9) != 0;
	x->figures.hashrate_mhs = (uint64_t)sqlite3_column_int64(s, 10);
	x->figures.chains = (uint32_t)sqlite3_column_int64(s, 11);
	x->figures.fans = (uint32_t)sqlite3_column_int64(s, 12);
	x->figures.temp_c = (uint32_t)sqlite3_column_int64(s, 13);
	ledger_column(s, 14, x->figures.pools, sizeof x->figures.pools);
	d->began_ms = (uint64_t)sqlite3_column_int64(s, 15);
	d->ended_ms = (uint64_t)sqlite3_column_int64(s, 16);
	d->counted = sqlite3_column_int(s, 17) != 0;
	ledger_column(s, 18, word, sizeof word);
	if (session_state_find(&x->was, word))
		return -1;
	ledger_column(s, 19, word, sizeof word);
	if (session_class_find(&x->was_class, word))
		return -1;
	d->sent_ms = (uint64_t)sqlite3_column_int64(s, 20); /* NULL, for never, comes as 0 */
	return 0;
}

int ledger_load(struct ledger *l, const struct plan *plan, struct ledger_device *devices, struct err *e)
{
	sqlite3_stmt *s = NULL;
	size_t n = 0;
	int code = SQLITE_ROW, rc = -1;

	if (ledger_prepare(l, &s,
		    "SELECT *, (SELECT at FROM event WHERE device=device.id AND state='uploading' ORDER BY id DESC LIMIT 1) "
		    "FROM device ORDER BY id", e))
		return -1;
	while (n < plan->n && (code = sqlite3_step(s)) == SQLITE_ROW) {
		struct ledger_device *d = &devices[n];

		*d = (struct ledger_device){0};
		if (load_row(s, d, &plan->devices[n]) != 0)
			break;
		n++;
	}
	rc = n == plan->n ? 0
	     : code == SQLITE_ROW || code == SQLITE_DONE
		     ? err_set(e, VERDICT_USAGE, "the ledger's device %zu is not the plan's", n)
		     : ledger_fail(l, e, "read its devices");
	sqlite3_finalize(s);
	return rc;
}

static int ledger_begin(struct ledger *l, struct err *e)
{
	if (!l->open && ledger_sql(l, "BEGIN IMMEDIATE", e))
		return -1;
	l->open = true;
	return 0;
}

int ledger_set(struct ledger *l, const char *key, const char *value, struct err *e)
{
	sqlite3_stmt *s = NULL;
	int rc = ledger_begin(l, e) || ledger_prepare(l, &s, "INSERT OR REPLACE INTO setting VALUES(?1, ?2)", e) ? -1 : 0;

	if (rc == 0) {
		ledger_bind(s, 1, key);
		ledger_bind(s, 2, value);
		rc = ledger_step(l, s, e);
	}
	sqlite3_finalize(s);
	return rc;
}

int ledger_get(struct ledger *l, const char *key, char out[static LEDGER_VALUE_MAX + 1], struct err *e)
{
	sqlite3_stmt *s = NULL;

	out[0] = '\0';
	if (ledger_prepare(l, &s, "SELECT value FROM setting WHERE key=?1", e))
		return -1;
	ledger_bind(s, 1, key);
	if (sqlite3_step(s) == SQLITE_ROW)
		ledger_column(s, 0, out, LEDGER_VALUE_MAX + 1);
	sqlite3_finalize(s);
	return 0;
}

static void bind_device(sqlite3_stmt *s, uint32_t index, const struct ledger_device *d)
{
	const struct session *x = &d->session;

	ledger_bind_number(s, 1, index);
	ledger_bind(s, 2, d->address);
	ledger_bind(s, 3, session_state_word(x->state));
	ledger_bind(s, 4, session_class_word(x->class));
	ledger_bind(s, 5, x->text);
	ledger_bind_number(s, 6, x->uploads);
	ledger_bind(s, 7, x->before);
	ledger_bind(s, 8, x->version);
	ledger_bind_number(s, 9, x->have_figures);
	ledger_bind_number(s, 10, x->figures.hashrate_mhs);
	ledger_bind_number(s, 11, x->figures.chains);
	ledger_bind_number(s, 12, x->figures.fans);
	ledger_bind_number(s, 13, x->figures.temp_c);
	ledger_bind(s, 14, x->figures.pools);
	ledger_bind_number(s, 15, d->began_ms);
	ledger_bind_number(s, 16, d->ended_ms);
	ledger_bind_number(s, 17, d->counted);
	ledger_bind(s, 18, session_state_word(x->was));
	ledger_bind(s, 19, session_class_word(x->was_class));
}

int ledger_put(struct ledger *l, uint32_t index, const struct ledger_device *d, const enum session_state *edges,
	       unsigned nedges, uint64_t at_ms, struct err *e)
{
	const struct session *x = &d->session;

	if (ledger_begin(l, e))
		return -1;
	bind_device(l->put, index, d);
	if (ledger_step(l, l->put, e))
		return -1;
	for (unsigned i = 0; i < nedges; i++) {
		bool last = i + 1 == nedges;

		ledger_bind_number(l->event, 1, index);
		ledger_bind_number(l->event, 2, at_ms);
		ledger_bind(l->event, 3, session_state_word(edges[i]));
		ledger_bind(l->event, 4, session_class_word(last ? x->class : CLASS_NONE));
		ledger_bind(l->event, 5, last ? x->text : "");
		if (ledger_step(l, l->event, e))
			return -1;
	}
	return 0;
}

int ledger_put_note(struct ledger *l, uint64_t at_ms, const char *kind, const char *text, struct err *e)
{
	if (ledger_begin(l, e))
		return -1;
	ledger_bind_number(l->note, 1, at_ms);
	ledger_bind(l->note, 2, kind);
	ledger_bind(l->note, 3, text);
	return ledger_step(l, l->note, e);
}

int ledger_commit(struct ledger *l, struct err *e)
{
	if (!l->open)
		return 0;
	if (ledger_sql(l, "COMMIT", e))
		return -1;
	l->open = false;
	return 0;
}

int ledger_notes(struct ledger *l, struct ledger_note **out, size_t *n, struct err *e)
{
	int64_t count = ledger_number(l, "SELECT count(*) FROM note");
	struct ledger_note *notes = count < 0 ? NULL : calloc((size_t)count + 1, sizeof *notes);
	sqlite3_stmt *s = NULL;

	*out = NULL;
	*n = 0;
	if (!notes)
		return err_set(e, VERDICT_SYSTEM, "the ledger's notes cannot be read");
	if (ledger_prepare(l, &s, "SELECT at, kind, text FROM note ORDER BY id", e)) {
		free(notes);
		return -1;
	}
	for (; *n < (size_t)count && sqlite3_step(s) == SQLITE_ROW; ++*n) {
		notes[*n].at_ms = (uint64_t)sqlite3_column_int64(s, 0);
		ledger_column(s, 1, notes[*n].kind, sizeof notes[*n].kind);
		ledger_column(s, 2, notes[*n].text, sizeof notes[*n].text);
	}
	sqlite3_finalize(s);
	*out = notes;
	return 0;
}

int ledger_history(struct ledger *l, uint32_t index,
		   void (*each)(void *owner, uint64_t at_ms, const char *state, const char *class, const char *text),
		   void *owner, struct err *e)
{
	sqlite3_stmt *s = NULL;
	int code;

	if (ledger_prepare(l, &s, "SELECT at, state, class, text FROM event WHERE device=?1 ORDER BY id", e))
		return -1;
	ledger_bind_number(s, 1, index);
	while ((code = sqlite3_step(s)) == SQLITE_ROW)
		each(owner, (uint64_t)sqlite3_column_int64(s, 0), (const char *)sqlite3_column_text(s, 1),
		     (const char *)sqlite3_column_text(s, 2), (const char *)sqlite3_column_text(s, 3));
	sqlite3_finalize(s);
	return code == SQLITE_DONE ? 0 : ledger_fail(l, e, "read its events");
}
