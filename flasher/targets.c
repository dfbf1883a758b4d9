/* SPDX-License-Identifier: ISC */
/* Reads lists of places. */
#include "flasher/targets.h"

#include <stdlib.h>
#include <string.h>

#include "core/io.h"

enum column { COLUMN_ADDRESS, COLUMN_SITE, COLUMN_RACK, COLUMN_TAGS, COLUMN_CREDENTIAL, COLUMN_MAC, COLUMN_OTHER };
enum { COLUMNS_MAX = 24 };

/* A list being read. */
struct list {
	struct targets *targets;
	const char *name;
	unsigned line;
	enum column columns[COLUMNS_MAX];
	size_t ncolumns;             /* 0: no CSV */
	bool begun;
	struct err *e;
};

static int complain(const struct list *l, const char *what, struct span value)
{
	char quoted[96], name[160];

	return err_set(l->e, VERDICT_USAGE, "%s:%u: %s \"%s\"", err_quote(name, sizeof name, l->name, strlen(l->name)), l->line,
		       what, err_quote(quoted, sizeof quoted, value.at, value.len));
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

/* The next field of a line of CSV. Quotes are for free texts, and none of the columns read here is one. */
static struct span take_field(struct span *rest)
{
	const char *comma = rest->len ? memchr(rest->at, ',', rest->len) : NULL;
	struct span field = {rest->at, comma ? (size_t)(comma - rest->at) : rest->len};
	size_t used = field.len + (comma ? 1 : 0);

	rest->at += used;
	rest->len -= used;
	return field;
}

static int read_head(struct list *l, struct span line)
{
	static const char *const known[] = {"address", "site", "rack", "tags", "credential", "mac"};
	bool more = true, address = false;

	while (more) {
		struct span field;

		more = memchr(line.at, ',', line.len) != NULL;
		field = take_field(&line);
		if (l->ncolumns == COLUMNS_MAX || !text_is_name(field))
			return complain(l, "not a column's name, or one too many:", field);
		l->columns[l->ncolumns] = COLUMN_OTHER;
		for (size_t i = 0; i < sizeof known / sizeof *known; i++)
			if (span_is(field, known[i]))
				l->columns[l->ncolumns] = (enum column)i;
		for (size_t i = 0; i < l->ncolumns; i++)
			if (l->columns[i] != COLUMN_OTHER && l->columns[i] == l->columns[l->ncolumns])
				return complain(l, "a column named twice:", field);
		address = address || l->columns[l->ncolumns] == COLUMN_ADDRESS;
		l->ncolumns++;
	}
	return address ? 0 : complain(l, "no column `address' in the head line, but", line);
}

static int take_name(const struct list *l, char out[static TEXT_NAME_MAX + 1], struct span field)
{
	if (field.len == 0)
		return 0;
	if (!text_is_name(field))
		return complain(l, "not a name of letters, digits and . _ + - :", field);
	memcpy(out, field.at, field.len);
	out[field.len] = '\0';
	return 0;
}

static int take_tags(const struct list *l, struct target_note *note, struct span field)
{
	struct span tags[INVENTORY_TAGS_MAX];
	size_t n = field.len ? text_fields(field, tags, INVENTORY_TAGS_MAX) : 0;

	if (field.len && n == 0)
		return complain(l, "not up to eight tags parted by single blanks:", field);
	for (; note->ntags < n; note->ntags++)
		if (take_name(l, note->tags[note->ntags], tags[note->ntags]))
			return -1;
	return 0;
}

static int read_row(const struct list *l, struct span line)
{
	struct target_note note = {.ntags = 0};
	struct span range = {line.at, 0};

	for (size_t i = 0; i < l->ncolumns; i++) {
		struct span field;
		int rc = 0;

		if (i > 0 && line.len == 0 && line.at[-1] != ',')
			return complain(l, "fewer fields than columns in", range);
		field = take_field(&line);
		if (l->columns[i] == COLUMN_ADDRESS)
			range = field;
		else if (l->columns[i] == COLUMN_SITE)
			rc = take_name(l, note.site, field);
		else if (l->columns[i] == COLUMN_RACK)
			rc = take_name(l, note.rack, field);
		else if (l->columns[i] == COLUMN_CREDENTIAL)
			rc = take_name(l, note.credential, field);
		else if (l->columns[i] == COLUMN_TAGS)
			rc = take_tags(l, &note, field);
		else if (l->columns[i] == COLUMN_MAC && field.len && mac_parse(note.mac, field.at, field.len) != 0)
			rc = complain(l, "not a MAC of one board (02:aa:bb:cc:dd:ee):", field);
		if (rc)
			return -1;
	}
	if (line.len > 0)
		return complain(l, "more fields than columns, from", line);
	return add_range(l->targets, range, &note, l->e) == 0 ? 0 : err_prefix(l->e, "%s:%u", l->name, l->line);
}

static int read_line(struct list *l, struct span line)
{
	const struct target_note none = {.ntags = 0};

	if (line.len && line.at[line.len - 1] == '\r') /* spreadsheets write them */
		line.len--;
	if (line.len == 0 || line.at[0] == '#')
		return 0;
	if (!l->begun && (memchr(line.at, ',', line.len) || span_is(line, "address"))) {
		l->begun = true;
		return read_head(l, line);
	}
	l->begun = true;
	if (l->ncolumns)
		return read_row(l, line);
	return add_range(l->targets, line, &none, l->e) == 0 ? 0 : err_prefix(l->e, "%s:%u", l->name, l->line);
}

int targets_parse(struct targets *t, const char *name, const char *text, size_t len, struct err *e)
{
	struct list l = {.targets = t, .name = name, .e = e};

	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) { /* a byte order mark, as spreadsheets write it */
		text += 3;
		len -= 3;
	}
	for (size_t at = 0; at < len;) {
		const char *end = memchr(text + at, '\n', len - at);
		struct span line = {text + at, end ? (size_t)(end - text) - at : len - at};

		l.line++;
		if (read_line(&l, line))
			return -1;
		at += line.len + 1;
	}
	return 0;
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
	free(t->notes);
	t->notes = NULL;
	t->nnotes = t->room = 0;
}
