/* SPDX-License-Identifier: ISC */
/* Names of columns, and the line that has them. */
#include "flasher/inventory_head.h"

#include <stdio.h>
#include <string.h>

enum { KEY_MAX = 64 };

/* Other names of the fields: small letters, without blanks, dashes, dots and underscores. */
static const struct {
	const char *key;
	enum inventory_field field;
} aliases[] = {
	{"macaddress", FIELD_MAC},  {"мак", FIELD_MAC},         {"макадрес", FIELD_MAC},      {"macадрес", FIELD_MAC},
	{"ip", FIELD_ADDRESS},      {"ipaddress", FIELD_ADDRESS}, {"адрес", FIELD_ADDRESS},   {"ipадрес", FIELD_ADDRESS},
	{"айпи", FIELD_ADDRESS},    {"плата", FIELD_BOARD},     {"профиль", FIELD_BOARD},     {"ревизия", FIELD_REVISION},
	{"модель", FIELD_MODEL},    {"подтип", FIELD_SUBTYPE},  {"версия", FIELD_VERSION},    {"прошивка", FIELD_VERSION},
	{"имяхоста", FIELD_HOSTNAME}, {"хост", FIELD_HOSTNAME}, {"площадка", FIELD_SITE},     {"зал", FIELD_SITE},
	{"стойка", FIELD_RACK},     {"стеллаж", FIELD_RACK},    {"теги", FIELD_TAGS},         {"метки", FIELD_TAGS},
	{"учетнаязапись", FIELD_CREDENTIAL}, {"логин", FIELD_CREDENTIAL},
};

/* The small letter of the two bytes of a Cyrillic one at P, ё as е; others stay. */
static void fold_cyrillic(char out[static 2], const char *p)
{
	unsigned c = ((unsigned char)p[0] & 0x1fU) << 6 | ((unsigned char)p[1] & 0x3fU);

	if (c >= 0x410 && c <= 0x42f)
		c += 0x20;
	else if (c == 0x401 || c == 0x451)
		c = 0x435;
	out[0] = (char)(0xc0 | c >> 6);
	out[1] = (char)(0x80 | (c & 0x3f));
}

/* NAME as the table above spells names; "" when it is too long to be one. The text is UTF-8. */
static void make_key(char out[static KEY_MAX + 1], struct span name)
{
	size_t n = 0;

	for (size_t i = 0; i < name.len && n + 2 < KEY_MAX; i++) {
		char c = name.at[i];

		if (memchr(" \t\r\n-_.", c, 7)) {
			continue;
		} else if (((unsigned char)c & 0xe0) == 0xc0 && i + 1 < name.len) {
			if (memcmp(name.at + i, "\xc2\xa0", 2) != 0) {
				fold_cyrillic(out + n, name.at + i);
				n += 2;
			}
			i++;
		} else {
			out[n++] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
		}
	}
	out[n + 2 < KEY_MAX ? n : 0] = '\0';
}

int inventory_field_find(enum inventory_field *out, struct span name)
{
	char key[KEY_MAX + 1];

	make_key(key, name);
	for (int f = 0; f < FIELD_COUNT; f++)
		if (strcmp(key, inventory_columns[f]) == 0)
			return *out = (enum inventory_field)f, 0;
	for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
		if (strcmp(key, aliases[i].key) == 0)
			return *out = aliases[i].field, 0;
	return -1;
}

/* "address2" is a column of its own; short words are near to many others. */
int inventory_check_extra(struct span name, struct err *e)
{
	char key[KEY_MAX + 1], quoted[120];
	size_t len;

	make_key(key, name);
	len = strlen(key);
	for (int f = 0; f < FIELD_COUNT && len > 0; f++) {
		struct span known = {inventory_columns[f], strlen(inventory_columns[f])};

		if (known.len >= 5 && text_is_near((struct span){key, len}, known) && !(key[len - 1] >= '0' && key[len - 1] <= '9'))
			return err_set(e, VERDICT_USAGE, "there is no column \"%s\"; expected: %s, or another name for a column of your own",
				       err_quote(quoted, sizeof quoted, name.at, name.len), inventory_columns[f]);
	}
	return 0;
}

struct span inventory_head_cell(const struct table *t, size_t i)
{
	struct span cell = i < t->ncells ? t->cells[i] : (struct span){"", 0};
	bool guarded = cell.len > 1 && cell.at[0] == '\'' && inventory_is_formula(cell.at, cell.len);

	return guarded ? (struct span){cell.at + 1, cell.len - 1} : cell;
}

static struct span head_name(const struct table *t, size_t i)
{
	struct span name = i < t->ncells ? table_trim(t->cells[i]) : (struct span){"", 0};

	if (name.len > 1 && name.at[0] == '\'' && inventory_is_formula(name.at, name.len))
		name = table_trim((struct span){name.at + 1, name.len - 1});
	return name;
}

/* The fields that a row names, as bits. */
static unsigned named(const struct table *t)
{
	enum inventory_field field;
	unsigned bits = 0;

	for (size_t i = 0; i < t->ncells; i++)
		if (inventory_field_find(&field, head_name(t, i)) == 0)
			bits |= 1U << field;
	return bits;
}

/* True for a row with an address in it, of whatever kind: it is not a title, and must not get lost as one. */
static bool has_address(const struct table *t)
{
	char mac[MAC_TEXT_MAX + 1];

	for (size_t i = 0; i < t->ncells; i++) {
		struct span cell = table_trim(t->cells[i]);

		if (mac_parse(mac, cell.at, cell.len) == 0 || (cell.len && cell.at[0] >= '0' && cell.at[0] <= '9' && memchr(cell.at, '.', cell.len)))
			return true;
	}
	return false;
}

/* Looks for the row with one separator. Returns the fields that the best row has, T being behind the row when these are all of WANTED. */
static unsigned look(struct table *t, unsigned wanted, size_t *line)
{
	unsigned best = 0;

	for (int row = 0; row < HEAD_ROWS_MAX && table_next(t, NULL) == 1; row++) {
		unsigned bits = named(t);

		if ((bits & wanted) == wanted)
			return bits;
		if ((bits & wanted) && !best) {
			best = bits;
			*line = t->line;
		}
		if (has_address(t))
			break;
	}
	return best;
}

/* An extra column of a name that this head line has had already gets a number: "note 2". */
static int add_extra(struct inventory_head *h, size_t i, struct span name, struct extras *x, struct err *e)
{
	char numbered[EXTRA_NAME_MAX + 1];
	size_t column;

	if (name.len + 8 > sizeof numbered)
		return err_set(e, VERDICT_USAGE, "the name of a column is over %d bytes", EXTRA_NAME_MAX - 8);
	if (inventory_check_extra(name, e))
		return -1;
	memcpy(numbered, name.at, name.len);
	numbered[name.len] = '\0';
	for (unsigned n = 2;; n++) {
		bool there = false;

		if (extras_column(x, &column, (struct span){numbered, strlen(numbered)}, e))
			return -1;
		for (size_t k = 0; k < h->n; k++)
			there = there || h->what[k] == FIELD_COUNT + (int)column;
		if (!there)
			break;
		snprintf(numbered + name.len, sizeof numbered - name.len, " %u", n);
	}
	h->what[i] = FIELD_COUNT + (int)column;
	return 0;
}

static int take_head(struct inventory_head *h, const struct table *t, struct extras *x, struct err *e)
{
	size_t at[FIELD_COUNT] = {0};

	for (size_t i = 0; i < t->ncells; i++) {
		struct span name = head_name(t, i);
		enum inventory_field field;

		h->what[i] = HEAD_UNNAMED;
		h->n = i;
		if (name.len == 0)
			continue;
		if (inventory_field_find(&field, name)) {
			if (add_extra(h, i, name, x, e))
				return err_prefix(e, "column %zu", i + 1);
			continue;
		}
		if (at[field])
			return err_set(e, VERDICT_USAGE, "columns %zu and %zu both name the %s (it comes twice); rename one of them", at[field], i + 1,
				       inventory_columns[field]);
		at[field] = i + 1;
		h->what[i] = (int)field;
	}
	h->n = t->ncells;
	return 0;
}

int inventory_head_find(struct inventory_head *h, struct table *t, const char *text, unsigned wanted, struct extras *x, struct err *e)
{
	static const char separators[] = ",;\t";
	unsigned best = 0;
	size_t line = 0;

	*h = (struct inventory_head){.n = 0};
	for (size_t s = 0; separators[s]; s++) {
		size_t where = 1;
		unsigned bits;

		table_restart(t, text, separators[s]);
		bits = look(t, wanted, &where);
		if ((bits & wanted) == wanted)
			return take_head(h, t, x, e) ? -1 : 1;
		if (bits && !best) {
			best = bits;
			line = where;
		}
	}
	if (!best)
		return 0;
	t->line = line;
	for (int f = 0; f < FIELD_COUNT; f++)
		if (wanted >> f & 1U && !(best >> f & 1U))
			return err_set(e, VERDICT_USAGE, "there is no column %s; expected: the columns mac and address, and more as you like", inventory_columns[f]);
	return err_set(e, VERDICT_USAGE, "a column is missing");
}

/* Names the column of a cell that stands under no name. */
static int name_column(struct inventory_head *h, size_t i, struct extras *x, struct err *e)
{
	char name[32];

	snprintf(name, sizeof name, "column %zu", i + 1);
	return add_extra(h, i, (struct span){name, strlen(name)}, x, e);
}

int inventory_head_extras(struct inventory_head *h, const struct table *t, struct extras *x, uint32_t *row, struct err *e)
{
	struct span values[EXTRA_COLUMNS_MAX];

	for (size_t k = 0; k < EXTRA_COLUMNS_MAX; k++)
		values[k] = (struct span){"", 0};
	for (size_t i = 0; i < t->ncells; i++) {
		struct span cell = inventory_head_cell(t, i);

		if (i >= h->n && table_trim(cell).len)
			return err_set(e, VERDICT_USAGE, "column %zu: this line has more cells than the head line, which has %zu; expected: quotes around a cell "
				       "with a separator in it", i + 1, h->n);
		if (i < h->n && h->what[i] == HEAD_UNNAMED && table_trim(cell).len && name_column(h, i, x, e))
			return err_prefix(e, "column %zu", i + 1);
		if (i < h->n && h->what[i] >= FIELD_COUNT)
			values[h->what[i] - FIELD_COUNT] = cell;
	}
	return extras_add(x, row, values, x->nnames, e);
}
