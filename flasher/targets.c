/* SPDX-License-Identifier: ISC */
/* Reads lists of places. */
#include "flasher/targets.h"

#include <stdlib.h>
#include <string.h>

#include "core/io.h"
#include "flasher/inventory_head.h"

/* A list being read. */
struct list {
	struct targets *targets;
	const char *name;            /* escaped */
	unsigned line;
	bool begun;
	struct err *e;
};

static int complain(const struct list *l, const char *what, struct span value)
{
	char quoted[96];

	return err_set(l->e, VERDICT_USAGE, "%s:%u: %s \"%s\"", l->name, l->line, what, err_quote(quoted, sizeof quoted, value.at, value.len));
}

static int add_note(struct targets *t, const struct target_note *note, struct err *e)
{
	if (t->nnotes == TARGETS_NOTES_MAX)
		return err_set(e, VERDICT_USAGE, "more than %d lines of places", TARGETS_NOTES_MAX);
	if (t->nnotes == t->room) {
		size_t room = t->room ? 2 * t->room : 16;
		struct target_note *more = realloc(t->notes, room * sizeof *more);

		if (!more)
			return err_set(e, VERDICT_SYSTEM, "out of memory");
		t->notes = more;
		t->room = room;
	}
	t->notes[t->nnotes++] = *note;
	return 0;
}

static int add_range(struct targets *t, struct span range, const struct target_note *note, struct err *e)
{
	const char *colon = range.len ? memchr(range.at, ':', range.len) : NULL;
	struct target_note with_port = *note;
	uint64_t port = 0;

	if (colon) {
		struct span number = {colon + 1, (size_t)(range.at + range.len - colon) - 1};

		if (text_number(&port, number, UINT16_MAX) || port == 0)
			return err_set(e, VERDICT_USAGE, "the port behind a range is a number from 1 to %d", UINT16_MAX);
		range.len = (size_t)(colon - range.at);
		with_port.port = (uint16_t)port;
	}
	with_port.single = !memchr(range.at, '-', range.len) && !memchr(range.at, '/', range.len) && !memchr(range.at, ',', range.len);
	if (add_note(t, &with_port, e))
		return -1;
	return ranges_add(&t->ranges, range, (uint32_t)(t->nnotes - 1), e);
}

/* --- as a table --- */

static int read_row(struct list *l, struct inventory_head *head, const struct table *t)
{
	const unsigned taken = 1U << FIELD_ADDRESS | 1U << FIELD_SITE | 1U << FIELD_RACK | 1U << FIELD_TAGS | 1U << FIELD_CREDENTIAL |
			       1U << FIELD_MAC;
	struct inventory_board b = {.line = 0}; /* its fields are those of a note */
	struct target_note note = {.ntags = 0};
	struct span range = {"", 0};

	for (size_t i = 0; i < head->n; i++) {
		int field = head->what[i];
		struct span cell = inventory_head_cell(t, i);

		if (field < 0 || field >= FIELD_COUNT || !(taken >> field & 1U))
			continue;
		if (field == FIELD_ADDRESS)
			range = table_trim(cell);
		else if (inventory_take(&b, (enum inventory_field)field, cell, l->e))
			return err_prefix(l->e, "column %zu \"%s\"", i + 1, inventory_columns[field]);
	}
	memcpy(note.site, b.site, sizeof note.site);
	memcpy(note.rack, b.rack, sizeof note.rack);
	memcpy(note.tags, b.tags, sizeof note.tags);
	note.ntags = b.ntags;
	memcpy(note.credential, b.credential, sizeof note.credential);
	memcpy(note.mac, b.mac, sizeof note.mac);
	if (inventory_head_extras(head, t, &l->targets->extras, &note.extra, l->e))
		return -1;
	return add_range(l->targets, range, &note, l->e) == 0 ? 0 : err_prefix(l->e, "column \"address\"");
}

/* Returns 0; 1 when the text is not a table with a column `address'; or -1. */
static int read_table(struct list *l, const char *text, size_t len)
{
	struct inventory_head head;
	struct table t;
	int rc = table_open(&t, text, len, l->e), more = 1;

	t.comments = true;
	if (rc == 0) {
		rc = inventory_head_find(&head, &t, text, 1U << FIELD_ADDRESS, &l->targets->extras, l->e);
		if (rc == 0) {
			rc = 1;
			goto out;
		}
		while (rc == 1 && (more = table_next(&t, l->e)) == 1)
			if (read_row(l, &head, &t))
				more = rc = -1;
		rc = rc == 1 && more == 0 ? 0 : err_prefix(l->e, "%s:%zu", l->name, t.line);
	}
out:
	table_free(&t);
	return rc;
}

/* --- as lines --- */

static int read_line(struct list *l, struct span line)
{
	const struct target_note none = {.ntags = 0};

	if (line.len && line.at[line.len - 1] == '\r') /* spreadsheets write them */
		line.len--;
	if (line.len == 0 || line.at[0] == '#')
		return 0;
	if (!l->begun && strcspn(line.at, ",;\t") < line.len)
		return complain(l, "expected a range, or a head line with the column address; found", line);
	l->begun = true;
	return add_range(l->targets, line, &none, l->e) == 0 ? 0 : err_prefix(l->e, "%s:%u", l->name, l->line);
}

static int read_lines(struct list *l, const char *text, size_t len)
{
	for (size_t at = 0; at < len;) {
		const char *end = memchr(text + at, '\n', len - at);
		struct span line = {text + at, end ? (size_t)(end - text) - at : len - at};

		l->line++;
		if (read_line(l, line))
			return -1;
		at += line.len + 1;
	}
	return 0;
}

int targets_parse(struct targets *t, const char *name, const char *text, size_t len, struct err *e)
{
	char quoted[160], *decoded = NULL;
	struct list l = {.targets = t, .name = err_quote(quoted, sizeof quoted, name, strlen(name)), .e = e};
	int rc = -1;

	if (table_decode(&decoded, &len, l.name, text, len, e) == 0) {
		rc = read_table(&l, decoded, len);
		if (rc == 1)
			rc = read_lines(&l, decoded, len);
	}
	free(decoded);
	return rc;
}

int targets_add(struct targets *t, const char *argument, struct err *e)
{
	const struct target_note none = {.ntags = 0};
	const char *name = argument[0] == '@' ? argument + 1 : argument;
	char *text = NULL;
	size_t len = 0;
	int rc = -1;

	if (argument[0] != '@' && strcmp(argument, "-") != 0)
		return add_range(t, (struct span){argument, strlen(argument)}, &none, e);
	if (io_read_file(&text, &len, name, TARGETS_FILE_MAX, e) == 0)
		rc = targets_parse(t, strcmp(name, "-") == 0 ? "standard input" : name, text, len, e);
	free(text);
	return rc;
}

void targets_free(struct targets *t)
{
	ranges_free(&t->ranges);
	extras_free(&t->extras);
	free(t->notes);
	t->notes = NULL;
	t->nnotes = t->room = 0;
}
