/* SPDX-License-Identifier: ISC */
/* The ledger in SQLite: schema, statements, and when they reach the disk. */
#define _GNU_SOURCE /* flock */
#include "flasher/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum {
	APPLICATION_ID = 0x6673666c, /* "fsfl" */
	BUSY_MS = 10000,             /* for a reader's checkpoint */
};

struct ledger {
	sqlite3 *db;
	sqlite3_stmt *put, *event, *note;
	int lock;                    /* the file itself, under flock(): gone with the process, however it ends */
	bool open;                   /* a transaction */
};

static const char schema[] =
	"CREATE TABLE setting(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE plan(text BLOB NOT NULL, hash BLOB NOT NULL);"
	"CREATE TABLE device(id INTEGER PRIMARY KEY, mac TEXT NOT NULL UNIQUE, address TEXT NOT NULL, state TEXT NOT NULL,"
	" class TEXT NOT NULL, text TEXT NOT NULL, uploads INTEGER NOT NULL, before TEXT NOT NULL, version TEXT NOT NULL,"
	" figures INTEGER NOT NULL, hashrate INTEGER NOT NULL, chains INTEGER NOT NULL, fans INTEGER NOT NULL,"
	" temp INTEGER NOT NULL, pools TEXT NOT NULL, began INTEGER NOT NULL, ended INTEGER NOT NULL, counted INTEGER NOT NULL);"
	"CREATE TABLE event(id INTEGER PRIMARY KEY, device INTEGER NOT NULL, at INTEGER NOT NULL, state TEXT NOT NULL,"
	" class TEXT NOT NULL, text TEXT NOT NULL);"
	"CREATE INDEX event_of ON event(device, id);"
	"CREATE TABLE note(id INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL);";

static int db_fail(struct ledger *l, struct err *e, const char *what)
{
	return err_set(e, VERDICT_SYSTEM, "the ledger: cannot %s: %s", what, l->db ? sqlite3_errmsg(l->db) : "out of memory");
}

static int run(struct ledger *l, const char *sql, struct err *e)
{
	return sqlite3_exec(l->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : db_fail(l, e, "change it");
}

static int prepare(struct ledger *l, sqlite3_stmt **out, const char *sql, struct err *e)
{
	return sqlite3_prepare_v2(l->db, sql, -1, out, NULL) == SQLITE_OK ? 0 : db_fail(l, e, "read it");
}

static void bind_text(sqlite3_stmt *s, int at, const char *text)
{
	sqlite3_bind_text(s, at, text, -1, SQLITE_TRANSIENT); /* NOLINT(performance-no-int-to-ptr): SQLite's own constant */
}

static void bind_number(sqlite3_stmt *s, int at, uint64_t value)
{
	sqlite3_bind_int64(s, at, (sqlite3_int64)value);
}

static void column_text(sqlite3_stmt *s, int at, char *out, size_t size)
{
	const char *text = (const char *)sqlite3_column_text(s, at);

	snprintf(out, size, "%s", text ? text : "");
}

/* Steps a statement that gives no rows, and readies it for the next time. */
static int step(struct ledger *l, sqlite3_stmt *s, struct err *e)
{
	int code = sqlite3_step(s);

	sqlite3_reset(s);
	return code == SQLITE_DONE ? 0 : db_fail(l, e, "write it");
}

static int open_db(struct ledger *l, const char *file, bool write, struct err *e)
{
	int flags = (write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READWRITE) | SQLITE_OPEN_NOFOLLOW;
	const char *name = *file ? file : ":memory:";

	if (sqlite3_open_v2(name, &l->db, flags, NULL) != SQLITE_OK)
		return db_fail(l, e, "open it");
	sqlite3_busy_timeout(l->db, BUSY_MS);
	if (write && run(l, "PRAGMA journal_mode=WAL", e))
		return -1;
	return run(l, "PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF;", e);
}

/* The file itself carries the lock; its descriptor is closed after SQLite's: closed before, it would take SQLite's own
 * (POSIX) locks with it. */
static int take_lock(struct ledger *l, const char *file, int flags, struct err *e)
{
	char quoted[160];

	err_quote(quoted, sizeof quoted, file, strlen(file));
	l->lock = open(file, O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600);
	if (l->lock < 0)
		return err_errno(e, "cannot %s the ledger %s", flags ? "make" : "open", quoted);
	if (flock(l->lock, LOCK_EX | LOCK_NB) == 0)
		return 0;
	return errno == EWOULDBLOCK ? err_set(e, VERDICT_BUSY, "another run has the ledger %s", quoted)
				    : err_errno(e, "cannot lock the ledger %s", quoted);
}

static int prepare_writes(struct ledger *l, struct err *e)
{
	return prepare(l, &l->put,
		       "UPDATE device SET address=?2, state=?3, class=?4, text=?5, uploads=?6, before=?7, version=?8, "
		       "figures=?9, hashrate=?10, chains=?11, fans=?12, temp=?13, pools=?14, began=?15, ended=?16, counted=?17 "
		       "WHERE id=?1", e) ||
		       prepare(l, &l->event, "INSERT INTO event(device, at, state, class, text) VALUES(?1, ?2, ?3, ?4, ?5)", e) ||
		       prepare(l, &l->note, "INSERT INTO note(at, kind, text) VALUES(?1, ?2, ?3)", e) ? -1 : 0;
}

static int add_devices(struct ledger *l, const struct plan *plan, struct err *e)
{
	sqlite3_stmt *s = NULL;
	int rc = prepare(l, &s, "INSERT INTO device VALUES(?1, ?2, ?3, ?4, 'none', ?5, 0, '', '', 0, 0, 0, 0, 0, '', 0, 0, 0)", e);

	for (size_t i = 0; i < plan->n && rc == 0; i++) {
		const struct plan_device *d = &plan->devices[i];

		bind_number(s, 1, i);
		bind_text(s, 2, d->board.mac);
		bind_text(s, 3, d->board.address.text);
		bind_text(s, 4, session_state_word(d->wave ? SESSION_WAITING : SESSION_SKIPPED));
		bind_text(s, 5, d->reason);
		rc = step(l, s, e);
	}
	sqlite3_finalize(s);
	return rc;
}

static int fill(struct ledger *l, const char *text, size_t len, const struct plan *plan, struct err *e)
{
	unsigned char hash[HASH_SIZE];
	sqlite3_stmt *s = NULL;
	char pragmas[96];
	int rc;

	hash_buffer(hash, text, len);
	snprintf(pragmas, sizeof pragmas, "PRAGMA application_id=%d; PRAGMA user_version=%d;", APPLICATION_ID, LEDGER_SCHEMA);
	if (run(l, "BEGIN IMMEDIATE", e) || run(l, schema, e) || run(l, pragmas, e))
		return -1;
	rc = prepare(l, &s, "INSERT INTO plan VALUES(?1, ?2)", e);
	if (rc == 0) {
		sqlite3_bind_blob64(s, 1, text, len, SQLITE_STATIC);
		sqlite3_bind_blob64(s, 2, hash, sizeof hash, SQLITE_STATIC);
		rc = step(l, s, e);
	}
	sqlite3_finalize(s);
	return rc || add_devices(l, plan, e) || run(l, "COMMIT", e) ? -1 : 0;
}

int ledger_create(struct ledger **out, const char *file, const char *text, size_t len, const struct plan *plan, struct err *e)
{
	struct ledger *l = calloc(1, sizeof *l);

	*out = NULL;
	if (!l)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	l->lock = -1;
	if (*file && take_lock(l, file, O_CREAT | O_EXCL, e)) {
		free(l);
		return -1;
	}
	if (open_db(l, file, true, e) || fill(l, text, len, plan, e) || prepare_writes(l, e)) {
		ledger_close(&l);
		if (*file)
			unlink(file); /* made just now, by us */
		return -1;
	}
	*out = l;
	return 0;
}

/* The number that PRAGMA or SELECT SQL gives, or -1. */
static int64_t number_of(struct ledger *l, const char *sql)
{
	sqlite3_stmt *s = NULL;
	int64_t n = -1;

	if (sqlite3_prepare_v2(l->db, sql, -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW)
		n = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return n;
}

static int check_kind(struct ledger *l, const char *file, struct err *e)
{
	int64_t version;
	char quoted[160];

	err_quote(quoted, sizeof quoted, file, strlen(file));
	if (number_of(l, "PRAGMA application_id") != APPLICATION_ID)
		return err_set(e, VERDICT_USAGE, "%s is no ledger, or one whose making was cut off before anything was done: "
						 "remove it and apply the plan anew", quoted);
	version = number_of(l, "PRAGMA user_version");
	if (version != LEDGER_SCHEMA)
		return err_set(e, VERDICT_USAGE, "%s has schema %" PRId64 ", this program knows %d", quoted, version, LEDGER_SCHEMA);
	return 0;
}

int ledger_open(struct ledger **out, const char *file, bool write, struct err *e)
{
	struct ledger *l = calloc(1, sizeof *l);

	*out = NULL;
	if (!l)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	l->lock = -1;
	if (write && take_lock(l, file, 0, e)) {
		if (l->lock >= 0)
			close(l->lock);
		free(l);
		return -1;
	}
	if (open_db(l, file, write, e) || check_kind(l, file, e) || (write && prepare_writes(l, e))) {
		ledger_close(&l);
		return -1;
	}
	*out = l;
	return 0;
}

int ledger_plan(struct ledger *l, char **text, size_t *len, struct err *e)
{
	unsigned char hash[HASH_SIZE];
	sqlite3_stmt *s = NULL;
	int rc = -1;

	*text = NULL;
	if (prepare(l, &s, "SELECT text, hash FROM plan", e))
		return -1;
	if (sqlite3_step(s) != SQLITE_ROW) {
		db_fail(l, e, "find its plan");
		goto out;
	}
	*len = (size_t)sqlite3_column_bytes(s, 0);
	hash_buffer(hash, sqlite3_column_blob(s, 0), *len);
	if (sqlite3_column_bytes(s, 1) != HASH_SIZE || memcmp(hash, sqlite3_column_blob(s, 1), HASH_SIZE) != 0) {
		err_set(e, VERDICT_USAGE, "the ledger's plan is not the one it was made with");
		goto out;
	}
	*text = malloc(*len + 1);
	if (!*text) {
		err_set(e, VERDICT_SYSTEM, "out of memory");
		goto out;
	}
	memcpy(*text, sqlite3_column_blob(s, 0), *len);
	(*text)[*len] = '\0';
	rc = 0;
out:
	sqlite3_finalize(s);
	return rc;
}

static int load_row(sqlite3_stmt *s, struct ledger_device *d)
{
	struct session *x = &d->session;
	char word[32];

	column_text(s, 1, x->mac, sizeof x->mac);
	column_text(s, 2, d->address, sizeof d->address);
	column_text(s, 3, word, sizeof word);
	if (session_state_find(&x->state, word))
		return -1;
	column_text(s, 4, word, sizeof word);
	if (session_class_find(&x->class, word))
		return -1;
	column_text(s, 5, x->text, sizeof x->text);
	x->uploads = (uint32_t)sqlite3_column_int64(s, 6);
	column_text(s, 7, x->before, sizeof x->before);
	column_text(s, 8, x->version, sizeof x->version);
	x->have_figures = sqlite3_column_int(s, 9) != 0;
	x->figures.hashrate_mhs = (uint64_t)sqlite3_column_int64(s, 10);
	x->figures.chains = (uint32_t)sqlite3_column_int64(s, 11);
	x->figures.fans = (uint32_t)sqlite3_column_int64(s, 12);
	x->figures.temp_c = (uint32_t)sqlite3_column_int64(s, 13);
	column_text(s, 14, x->figures.pools, sizeof x->figures.pools);
	d->began_ms = (uint64_t)sqlite3_column_int64(s, 15);
	d->ended_ms = (uint64_t)sqlite3_column_int64(s, 16);
	d->counted = sqlite3_column_int(s, 17) != 0;
	d->sent_ms = (uint64_t)sqlite3_column_int64(s, 18); /* NULL, for never, comes as 0 */
	return 0;
}

int ledger_load(struct ledger *l, const struct plan *plan, struct ledger_device *devices, struct err *e)
{
	sqlite3_stmt *s = NULL;
	size_t n = 0;
	int code = SQLITE_ROW, rc = -1;

	if (prepare(l, &s,
		    "SELECT *, (SELECT at FROM event WHERE device=device.id AND state='uploading' ORDER BY id DESC LIMIT 1) "
		    "FROM device ORDER BY id", e))
		return -1;
	while (n < plan->n && (code = sqlite3_step(s)) == SQLITE_ROW) {
		struct ledger_device *d = &devices[n];

		*d = (struct ledger_device){0};
		if (load_row(s, d) || strcmp(d->session.mac, plan->devices[n].board.mac) != 0)
			break;
		n++;
	}
	rc = n == plan->n ? 0
	     : code == SQLITE_ROW || code == SQLITE_DONE
		     ? err_set(e, VERDICT_USAGE, "the ledger's device %zu is not the plan's", n)
		     : db_fail(l, e, "read its devices");
	sqlite3_finalize(s);
	return rc;
}

static int begin(struct ledger *l, struct err *e)
{
	if (!l->open && run(l, "BEGIN IMMEDIATE", e))
		return -1;
	l->open = true;
	return 0;
}

int ledger_set(struct ledger *l, const char *key, const char *value, struct err *e)
{
	sqlite3_stmt *s = NULL;
	int rc = begin(l, e) || prepare(l, &s, "INSERT OR REPLACE INTO setting VALUES(?1, ?2)", e) ? -1 : 0;

	if (rc == 0) {
		bind_text(s, 1, key);
		bind_text(s, 2, value);
		rc = step(l, s, e);
	}
	sqlite3_finalize(s);
	return rc;
}

int ledger_get(struct ledger *l, const char *key, char out[static LEDGER_VALUE_MAX + 1], struct err *e)
{
	sqlite3_stmt *s = NULL;

	out[0] = '\0';
	if (prepare(l, &s, "SELECT value FROM setting WHERE key=?1", e))
		return -1;
	bind_text(s, 1, key);
	if (sqlite3_step(s) == SQLITE_ROW)
		column_text(s, 0, out, LEDGER_VALUE_MAX + 1);
	sqlite3_finalize(s);
	return 0;
}

static void bind_device(sqlite3_stmt *s, uint32_t index, const struct ledger_device *d)
{
	const struct session *x = &d->session;

	bind_number(s, 1, index);
	bind_text(s, 2, d->address);
	bind_text(s, 3, session_state_word(x->state));
	bind_text(s, 4, session_class_word(x->class));
	bind_text(s, 5, x->text);
	bind_number(s, 6, x->uploads);
	bind_text(s, 7, x->before);
	bind_text(s, 8, x->version);
	bind_number(s, 9, x->have_figures);
	bind_number(s, 10, x->figures.hashrate_mhs);
	bind_number(s, 11, x->figures.chains);
	bind_number(s, 12, x->figures.fans);
	bind_number(s, 13, x->figures.temp_c);
	bind_text(s, 14, x->figures.pools);
	bind_number(s, 15, d->began_ms);
	bind_number(s, 16, d->ended_ms);
	bind_number(s, 17, d->counted);
}

int ledger_put(struct ledger *l, uint32_t index, const struct ledger_device *d, const enum session_state *edges,
	       unsigned nedges, uint64_t at_ms, struct err *e)
{
	const struct session *x = &d->session;

	if (begin(l, e))
		return -1;
	bind_device(l->put, index, d);
	if (step(l, l->put, e))
		return -1;
	for (unsigned i = 0; i < nedges; i++) {
		bool last = i + 1 == nedges;

		bind_number(l->event, 1, index);
		bind_number(l->event, 2, at_ms);
		bind_text(l->event, 3, session_state_word(edges[i]));
		bind_text(l->event, 4, session_class_word(last ? x->class : CLASS_NONE));
		bind_text(l->event, 5, last ? x->text : "");
		if (step(l, l->event, e))
			return -1;
	}
	return 0;
}

int ledger_put_note(struct ledger *l, uint64_t at_ms, const char *kind, const char *text, struct err *e)
{
	if (begin(l, e))
		return -1;
	bind_number(l->note, 1, at_ms);
	bind_text(l->note, 2, kind);
	bind_text(l->note, 3, text);
	return step(l, l->note, e);
}

int ledger_commit(struct ledger *l, struct err *e)
{
	if (!l->open)
		return 0;
	if (run(l, "COMMIT", e))
		return -1;
	l->open = false;
	return 0;
}

int ledger_notes(struct ledger *l, struct ledger_note **out, size_t *n, struct err *e)
{
	int64_t count = number_of(l, "SELECT count(*) FROM note");
	struct ledger_note *notes = count < 0 ? NULL : calloc((size_t)count + 1, sizeof *notes);
	sqlite3_stmt *s = NULL;

	*out = NULL;
	*n = 0;
	if (!notes)
		return err_set(e, VERDICT_SYSTEM, "the ledger's notes cannot be read");
	if (prepare(l, &s, "SELECT at, kind, text FROM note ORDER BY id", e)) {
		free(notes);
		return -1;
	}
	for (; *n < (size_t)count && sqlite3_step(s) == SQLITE_ROW; ++*n) {
		notes[*n].at_ms = (uint64_t)sqlite3_column_int64(s, 0);
		column_text(s, 1, notes[*n].kind, sizeof notes[*n].kind);
		column_text(s, 2, notes[*n].text, sizeof notes[*n].text);
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

	if (prepare(l, &s, "SELECT at, state, class, text FROM event WHERE device=?1 ORDER BY id", e))
		return -1;
	bind_number(s, 1, index);
	while ((code = sqlite3_step(s)) == SQLITE_ROW)
		each(owner, (uint64_t)sqlite3_column_int64(s, 0), (const char *)sqlite3_column_text(s, 1),
		     (const char *)sqlite3_column_text(s, 2), (const char *)sqlite3_column_text(s, 3));
	sqlite3_finalize(s);
	return code == SQLITE_DONE ? 0 : db_fail(l, e, "read its events");
}

int ledger_check(struct ledger *l, struct err *e)
{
	sqlite3_stmt *s = NULL;
	char word[64] = "";

	if (prepare(l, &s, "PRAGMA integrity_check", e))
		return -1;
	if (sqlite3_step(s) == SQLITE_ROW)
		column_text(s, 0, word, sizeof word);
	sqlite3_finalize(s);
	return strcmp(word, "ok") == 0 ? 0 : err_set(e, VERDICT_SYSTEM, "the ledger is damaged: %s", word);
}

void ledger_close(struct ledger **l)
{
	if (!*l)
		return;
	sqlite3_finalize((*l)->put);
	sqlite3_finalize((*l)->event);
	sqlite3_finalize((*l)->note);
	sqlite3_close((*l)->db);
	if ((*l)->lock >= 0)
		close((*l)->lock);
	free(*l);
	*l = NULL;
}
