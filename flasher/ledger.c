/* SPDX-License-Identifier: ISC */
/* The ledger in SQLite: schema, statements, and when they reach the disk. */
#define _GNU_SOURCE /* flock */
#include "flasher/ledger_db.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/io.h"

enum {
	APPLICATION_ID = 0x6673666c, /* "fsfl" */
	BUSY_MS = 10000,             /* for a reader's checkpoint */
	LOCK_TURNS = 100,            /* of 10 ms: for readers, who keep a run from beginning meanwhile */
	URI_MAX = 16384,
	HOME_MAX = 72,
};

static const char schema[] =
	"CREATE TABLE setting(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE plan(text BLOB NOT NULL, hash BLOB NOT NULL);"
	"CREATE TABLE device(id INTEGER PRIMARY KEY, mac TEXT NOT NULL UNIQUE, address TEXT NOT NULL, state TEXT NOT NULL,"
	" class TEXT NOT NULL, text TEXT NOT NULL, uploads INTEGER NOT NULL, before TEXT NOT NULL, version TEXT NOT NULL,"
	" figures INTEGER NOT NULL, hashrate INTEGER NOT NULL, chains INTEGER NOT NULL, fans INTEGER NOT NULL,"
	" temp INTEGER NOT NULL, pools TEXT NOT NULL, began INTEGER NOT NULL, ended INTEGER NOT NULL, counted INTEGER NOT NULL,"
	" was TEXT NOT NULL, was_class TEXT NOT NULL);"
	"CREATE TABLE event(id INTEGER PRIMARY KEY, device INTEGER NOT NULL, at INTEGER NOT NULL, state TEXT NOT NULL,"
	" class TEXT NOT NULL, text TEXT NOT NULL);"
	"CREATE INDEX event_of ON event(device, id);"
	"CREATE TABLE note(id INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL);";

int ledger_fail(struct ledger *l, struct err *e, const char *what)
{
	return err_set(e, VERDICT_SYSTEM, "the ledger: cannot %s: %s", what, l->db ? sqlite3_errmsg(l->db) : "out of memory");
}

int ledger_sql(struct ledger *l, const char *sql, struct err *e)
{
	return sqlite3_exec(l->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : ledger_fail(l, e, "change it");
}

int ledger_prepare(struct ledger *l, sqlite3_stmt **out, const char *sql, struct err *e)
{
	return sqlite3_prepare_v2(l->db, sql, -1, out, NULL) == SQLITE_OK ? 0 : ledger_fail(l, e, "read it");
}

void ledger_bind(sqlite3_stmt *s, int at, const char *text)
{
	sqlite3_bind_text(s, at, text, -1, SQLITE_TRANSIENT); /* NOLINT(performance-no-int-to-ptr): SQLite's own constant */
}

void ledger_bind_number(sqlite3_stmt *s, int at, uint64_t value)
{
	sqlite3_bind_int64(s, at, (sqlite3_int64)value);
}

void ledger_column(sqlite3_stmt *s, int at, char *out, size_t size)
{
	const char *text = (const char *)sqlite3_column_text(s, at);

	snprintf(out, size, "%s", text ? text : "");
}

int ledger_step(struct ledger *l, sqlite3_stmt *s, struct err *e)
{
	int code = sqlite3_step(s);

	sqlite3_reset(s);
	return code == SQLITE_DONE ? 0 : ledger_fail(l, e, "write it");
}

/* "file:NAME?immutable=1", each odd byte of the name escaped (RFC 3986). Returns 0 or -1. */
static int immutable_uri(char *out, size_t size, const char *file)
{
	int n = snprintf(out, size, file[0] == '/' ? "file://" : "file:./");

	for (; *file; file++) {
		bool plain = (*file >= 'a' && *file <= 'z') || (*file >= 'A' && *file <= 'Z') || (*file >= '0' && *file <= '9') || strchr("/._-", *file);

		if ((size_t)n + 4 >= size)
			return -1;
		n += snprintf(out + n, size - (size_t)n, plain ? "%c" : "%%%02X", (unsigned char)*file);
	}
	return (size_t)snprintf(out + n, size - (size_t)n, "?immutable=1") < size - (size_t)n ? 0 : -1;
}

static int open_db(struct ledger *l, const char *file, bool write, struct err *e)
{
	int flags = (write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY) | SQLITE_OPEN_NOFOLLOW;
	const char *name = *file ? file : ":memory:";
	char uri[URI_MAX];

	if (l->quiet) {
		if (immutable_uri(uri, sizeof uri, file) != 0)
			return err_set(e, VERDICT_USAGE, "the ledger's path is too long");
		name = uri;
		flags |= SQLITE_OPEN_URI;
	}
	if (sqlite3_open_v2(name, &l->db, flags, NULL) != SQLITE_OK)
		return ledger_fail(l, e, "open it");
	sqlite3_busy_timeout(l->db, BUSY_MS);
	if (write && ledger_sql(l, "PRAGMA journal_mode=WAL", e))
		return -1;
	return ledger_sql(l, "PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA mmap_size=0;", e);
}

/* What SQLite would find beside the ledger and believe. A run that was cut off leaves such files; another user may have put them there. */
static int check_beside(const char *file, struct err *e)
{
	static const char *const suffixes[] = {"-wal", "-shm", "-journal"};
	char name[URI_MAX], quoted[160];

	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
		int fd, rc;

		if (snprintf(name, sizeof name, "%s%s", file, suffixes[i]) >= (int)sizeof name)
			return err_set(e, VERDICT_USAGE, "the ledger's path is too long");
		fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
		if (fd < 0 && errno == ENOENT)
			continue;
		if (fd < 0)
			return err_errno(e, "cannot open %s", err_quote(quoted, sizeof quoted, name, strlen(name)));
		rc = io_check_private(fd, name, IO_NOT_OWNERS, e);
		close(fd);
		if (rc != 0)
			return -1;
	}
	return 0;
}

/* Whether a run left something behind that is not in the file itself yet. */
static bool has_log(const char *file)
{
	char name[URI_MAX];
	struct stat st;

	return snprintf(name, sizeof name, "%s-wal", file) < (int)sizeof name && lstat(name, &st) == 0 && st.st_size > 0;
}

static int lock_waiting(int fd, const char *quoted, struct err *e)
{
	for (int i = 0; i < LOCK_TURNS; i++) {
		const struct timespec turn = {.tv_nsec = 10000000};

		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK || nanosleep(&turn, NULL) != 0)
			break;
		errno = EWOULDBLOCK;
	}
	return errno == EWOULDBLOCK ? err_set(e, VERDICT_BUSY, "another run has the ledger %s", quoted)
				    : err_errno(e, "cannot lock the ledger %s", quoted);
}

/* The file itself carries the lock; its descriptor is closed after SQLite's: closed before, it would take SQLite's own
 * (POSIX) locks with it. */
static int take_lock(struct ledger *l, const char *file, int flags, struct err *e)
{
	char quoted[160];

	err_quote(quoted, sizeof quoted, file, strlen(file));
	l->lock = open(file, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW | flags, 0600);
	if (l->lock < 0 && flags && errno == EEXIST)
		return err_set(e, VERDICT_USAGE, "%s is there already: `firmflash resume' goes on with a ledger, another name begins anew", quoted);
	if (l->lock < 0)
		return err_errno(e, "cannot %s the ledger %s", flags ? "make" : "open", quoted);
	if (io_check_private(l->lock, file, IO_NOT_OWNERS, e) != 0)
		return err_prefix(e, "the ledger, which says whom passwords are for");
	return check_beside(file, e) != 0 ? -1 : lock_waiting(l->lock, quoted, e);
}

static int prepare_writes(struct ledger *l, struct err *e)
{
	return ledger_prepare(l, &l->put,
		       "UPDATE device SET address=?2, state=?3, class=?4, text=?5, uploads=?6, before=?7, version=?8, "
		       "figures=?9, hashrate=?10, chains=?11, fans=?12, temp=?13, pools=?14, began=?15, ended=?16, counted=?17, was=?18, was_class=?19 "
		       "WHERE id=?1", e) ||
		       ledger_prepare(l, &l->event, "INSERT INTO event(device, at, state, class, text) VALUES(?1, ?2, ?3, ?4, ?5)", e) ||
		       ledger_prepare(l, &l->note, "INSERT INTO note(at, kind, text) VALUES(?1, ?2, ?3)", e) ? -1 : 0;
}

static int add_devices(struct ledger *l, const struct plan *plan, struct err *e)
{
	sqlite3_stmt *s = NULL;
	int rc = ledger_prepare(l, &s, "INSERT INTO device VALUES(?1, ?2, ?3, ?4, 'none', ?5, 0, '', '', 0, 0, 0, 0, 0, '', 0, 0, 0, 'waiting', 'none')", e);

	for (size_t i = 0; i < plan->n && rc == 0; i++) {
		const struct plan_device *d = &plan->devices[i];

		ledger_bind_number(s, 1, i);
		ledger_bind(s, 2, plan_device_key(d));
		ledger_bind(s, 3, d->board.address.text);
		ledger_bind(s, 4, session_state_word(d->wave ? SESSION_WAITING : SESSION_SKIPPED));
		ledger_bind(s, 5, d->reason);
		rc = ledger_step(l, s, e);
	}
	sqlite3_finalize(s);
	return rc;
}

/* Which file this is and whose, in words that another one cannot have. */
static bool home(char out[static HOME_MAX], const struct ledger *l)
{
	struct stat st;

	if (l->lock < 0 || fstat(l->lock, &st) != 0)
		return false;
	snprintf(out, HOME_MAX, "%llu:%llu:%lu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino, (unsigned long)st.st_uid);
	return true;
}

static int note_home(struct ledger *l, struct err *e)
{
	sqlite3_stmt *s = NULL;
	char here[HOME_MAX];
	int rc;

	if (!home(here, l))
		return 0; /* one in memory */
	rc = ledger_prepare(l, &s, "INSERT INTO setting VALUES('home', ?1)", e);
	if (rc == 0) {
		ledger_bind(s, 1, here);
		rc = ledger_step(l, s, e);
	}
	sqlite3_finalize(s);
	return rc;
}

bool ledger_at_home(struct ledger *l)
{
	char *kept = malloc(LEDGER_VALUE_MAX + 1), here[HOME_MAX];
	bool same = kept && home(here, l) && ledger_get(l, "home", kept, NULL) == 0 && strcmp(kept, here) == 0;

	free(kept);
	return same;
}

static int fill(struct ledger *l, const char *text, size_t len, const struct plan *plan, struct err *e)
{
	unsigned char hash[HASH_SIZE];
	sqlite3_stmt *s = NULL;
	char pragmas[96];
	int rc;

	hash_buffer(hash, text, len);
	snprintf(pragmas, sizeof pragmas, "PRAGMA application_id=%d; PRAGMA user_version=%d;", APPLICATION_ID, LEDGER_SCHEMA);
	if (ledger_sql(l, "BEGIN IMMEDIATE", e) || ledger_sql(l, schema, e) || ledger_sql(l, pragmas, e))
		return -1;
	rc = ledger_prepare(l, &s, "INSERT INTO plan VALUES(?1, ?2)", e);
	if (rc == 0) {
		sqlite3_bind_blob64(s, 1, text, len, SQLITE_STATIC);
		sqlite3_bind_blob64(s, 2, hash, sizeof hash, SQLITE_STATIC);
		rc = ledger_step(l, s, e);
	}
	sqlite3_finalize(s);
	return rc || add_devices(l, plan, e) || note_home(l, e) || ledger_sql(l, "COMMIT", e) ? -1 : 0;
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

int64_t ledger_number(struct ledger *l, const char *sql)
{
	sqlite3_stmt *s = NULL;
	int64_t n = -1;

	if (sqlite3_prepare_v2(l->db, sql, -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW)
		n = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return n;
}

/* What SQLite says of a file that is not there, or that is none of its own, helps nobody. Reading, it also looks whether a run has it. */
static int look_first(struct ledger *l, const char *file, bool write, struct err *e)
{
	static const char magic[] = "SQLite format 3";
	char head[sizeof magic], quoted[160];
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	ssize_t n;

	err_quote(quoted, sizeof quoted, file, strlen(file));
	if (fd < 0)
		return err_errno(e, "cannot open the ledger %s", quoted);
	n = io_read_full(fd, head, sizeof head);
	if (write || n <= 0) {
		close(fd);
	} else { /* kept with the lock: then no run begins while this reads */
		l->lock = fd;
		l->in_use = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
		l->quiet = !l->in_use && !has_log(file);
	}
	if (n < 0)
		return err_errno(e, "cannot read the ledger %s", quoted);
	return n == 0 || (n == (ssize_t)sizeof head && memcmp(head, magic, sizeof magic) == 0)
		       ? 0 : err_set(e, VERDICT_USAGE, "%s is no ledger", quoted);
}

/* All that a schema consists of, as one text that sqlite3_free() frees. NULL when it cannot be read. */
static char *read_schema(sqlite3 *db)
{
	sqlite3_str *all = sqlite3_str_new(db);
	sqlite3_stmt *s = NULL;
	int code = sqlite3_prepare_v2(db, "SELECT type, name, tbl_name, ifnull(sql, '') FROM sqlite_schema ORDER BY type, name LIMIT 100", -1, &s, NULL);

	while (code == SQLITE_OK && (code = sqlite3_step(s)) == SQLITE_ROW)
		for (int i = code = SQLITE_OK; i < 4; i++)
			sqlite3_str_appendf(all, "%Q\n", sqlite3_column_text(s, i));
	sqlite3_finalize(s);
	if (code != SQLITE_DONE) {
		sqlite3_free(sqlite3_str_finish(all));
		return NULL;
	}
	return sqlite3_str_finish(all);
}

/* A ledger that somebody else made may have tables with other names, views in their place, triggers: none of that is read. */
static int check_schema(struct ledger *l, const char *quoted, struct err *e)
{
	sqlite3 *ours = NULL;
	char *want = NULL, *have = read_schema(l->db);
	int rc = -1;

	if (!have)
		ledger_fail(l, e, "read its schema");
	else if (sqlite3_open_v2(":memory:", &ours, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) != SQLITE_OK ||
		 sqlite3_exec(ours, schema, NULL, NULL, NULL) != SQLITE_OK || !(want = read_schema(ours)))
		err_set(e, VERDICT_SYSTEM, "out of memory");
	else if (strcmp(want, have) != 0)
		err_set(e, VERDICT_USAGE, "%s has tables, or something besides, that no ledger of schema %d has", quoted, LEDGER_SCHEMA);
	else
		rc = 0;
	sqlite3_free(want);
	sqlite3_free(have);
	sqlite3_close(ours);
	return rc;
}

static int check_kind(struct ledger *l, const char *file, struct err *e)
{
	int64_t version;
	char quoted[160];

	err_quote(quoted, sizeof quoted, file, strlen(file));
	if (ledger_number(l, "PRAGMA application_id") != APPLICATION_ID)
		return err_set(e, VERDICT_USAGE, "%s is no ledger, or one whose making was cut off before anything was done: "
						 "remove it and apply the plan anew", quoted);
	version = ledger_number(l, "PRAGMA user_version");
	if (version != LEDGER_SCHEMA)
		return err_set(e, VERDICT_USAGE, "%s has schema %" PRId64 ", this program knows %d", quoted, version, LEDGER_SCHEMA);
	return check_schema(l, quoted, e);
}

int ledger_open(struct ledger **out, const char *file, bool write, struct err *e)
{
	struct ledger *l = calloc(1, sizeof *l);
	int rc = -1;

	*out = NULL;
	if (!l)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	l->lock = -1;
	if (look_first(l, file, write, e) != 0 || (write && take_lock(l, file, 0, e) != 0) || open_db(l, file, write, e) != 0 ||
	    check_kind(l, file, e) != 0 || (write && prepare_writes(l, e) != 0))
		goto out;
	*out = l;
	l = NULL;
	rc = 0;
out:
	ledger_close(&l);
	return rc;
}

bool ledger_in_use(const struct ledger *l)
{
	return l->in_use;
}

int ledger_plan(struct ledger *l, char **text, size_t *len, struct err *e)
{
	unsigned char hash[HASH_SIZE];
	sqlite3_stmt *s = NULL;
	int rc = -1;

	*text = NULL;
	if (ledger_prepare(l, &s, "SELECT text, hash FROM plan", e))
		return -1;
	if (sqlite3_step(s) != SQLITE_ROW) {
		ledger_fail(l, e, "find its plan");
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

int ledger_check(struct ledger *l, struct err *e)
{
	sqlite3_stmt *s = NULL;
	char word[64] = "";

	if (ledger_prepare(l, &s, "PRAGMA integrity_check", e))
		return -1;
	if (sqlite3_step(s) == SQLITE_ROW)
		ledger_column(s, 0, word, sizeof word);
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
