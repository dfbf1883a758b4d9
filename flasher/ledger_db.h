/* SPDX-License-Identifier: ISC */
/* What the ledger's two files (ledger.c: the file and its making; ledger_rows.c: what is put into it) share of SQLite. */
#ifndef FLASHER_LEDGER_DB_H
#define FLASHER_LEDGER_DB_H

#include <sqlite3.h>

#include "flasher/ledger.h"

struct ledger {
	sqlite3 *db;
	sqlite3_stmt *put, *event, *note;
	int lock;                    /* the file itself, under flock(): gone with the process, however it ends; -1: in memory */
	bool open;                   /* a transaction */
	bool in_use;                 /* by a run, when this reader came */
	bool quiet;                  /* nobody writes it while it is read: what SQLite keeps beside it is not needed */
};

/* Says in E that WHAT cannot be done, and why. Returns -1. */
int ledger_fail(struct ledger *l, struct err *e, const char *what);

/* Runs statements without rows or parameters. Returns 0 or -1. */
MUST_CHECK int ledger_sql(struct ledger *l, const char *sql, struct err *e);

/* The number that one PRAGMA or SELECT gives, or -1. */
int64_t ledger_number(struct ledger *l, const char *sql);

/* A statement, which sqlite3_finalize() frees. Returns 0 or -1. */
MUST_CHECK int ledger_prepare(struct ledger *l, sqlite3_stmt **out, const char *sql, struct err *e);

/* Parameters from 1 on; texts are copied. */
void ledger_bind(sqlite3_stmt *s, int at, const char *text);
void ledger_bind_number(sqlite3_stmt *s, int at, uint64_t value);

/* A column's text, cut to SIZE; NULL is "". */
void ledger_column(sqlite3_stmt *s, int at, char *out, size_t size);

/* Steps a statement that gives no rows, and readies it for the next time. Returns 0 or -1. */
MUST_CHECK int ledger_step(struct ledger *l, sqlite3_stmt *s, struct err *e);

#endif
