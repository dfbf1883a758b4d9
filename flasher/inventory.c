/* SPDX-License-Identifier: ISC */
/* MAC addresses, fields, and the list itself; the two notations are inventory_csv.c and inventory_json.c. */
#include "flasher/inventory.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/io.h"
#include "core/say.h"
#include "flasher/inventory_field.h"
#include "flasher/table.h"

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* All zero and all ones are what a board with a lost MAC says; a multicast address is nobody's own. */
static bool single(const unsigned char octets[static 6])
{
	bool zero = true;

	for (int i = 0; i < 6; i++)
		zero = zero && octets[i] == 0;
	return !zero && (octets[0] & 1) == 0;
}

int mac_parse(char out[static MAC_TEXT_MAX + 1], const char *text, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	size_t gap = len == MAC_TEXT_MAX ? 3 : 2;
	unsigned char octets[6];
	char joined[12];

	if (len == 14 && text[4] == '.' && text[9] == '.') {
		memcpy(joined, text, 4);
		memcpy(joined + 4, text + 5, 4);
		memcpy(joined + 8, text + 10, 4);
		text = joined;
		len = sizeof joined;
	}
	if (len != MAC_TEXT_MAX && len != 12)
		return -1;
	for (size_t i = 0; i < 6; i++) {
		int high = hex_digit(text[i * gap]), low = hex_digit(text[i * gap + 1]);

		if (high < 0 || low < 0)
			return -1;
		if (gap == 3 && i < 5 && (!memchr(":-.", text[2], 3) || text[i * 3 + 2] != text[2]))
			return -1;
		octets[i] = (unsigned char)(high << 4 | low);
	}
	if (!single(octets))
		return -1;
	for (size_t i = 0; i < 6; i++) {
		out[i * 3] = digits[octets[i] >> 4];
		out[i * 3 + 1] = digits[octets[i] & 15];
		out[i * 3 + 2] = i < 5 ? ':' : '\0';
	}
	return 0;
}

const char *const inventory_columns[FIELD_COUNT] = {"mac",     "address",  "board", "revision", "model", "subtype",
						    "version", "hostname", "site",  "rack",     "tags",  "credential"};

/* --- fields --- */

bool inventory_is_label(struct span text)
{
	return text.len > 0 && text.len <= TEXT_NAME_MAX && !span_is(text, "*") && table_trim(text).len == text.len && utf8_is_plain(text.at, text.len);
}

static int take_text(char out[static INVENTORY_TEXT_MAX + 1], struct span value, struct err *e)
{
	if (value.len > INVENTORY_TEXT_MAX || !utf8_is_plain(value.at, value.len))
		return err_set(e, VERDICT_USAGE, "the text is too long, or has bytes that cannot be shown; expected: one line of at most %d bytes",
			       INVENTORY_TEXT_MAX);
	memcpy(out, value.at, value.len);
	out[value.len] = '\0';
	return 0;
}

static int take_label(char out[static TEXT_NAME_MAX + 1], struct span value, struct err *e)
{
	char quoted[120];

	if (value.len && !inventory_is_label(value))
		return err_set(e, VERDICT_USAGE, "found \"%s\"; expected: one line of at most %d bytes, other than *",
			       err_quote(quoted, sizeof quoted, value.at, value.len), TEXT_NAME_MAX);
	memcpy(out, value.at, value.len);
	out[value.len] = '\0';
	return 0;
}

/* The rejected text is not shown: a password may stand where the name of a credential should. */
static int take_name(char out[static TEXT_NAME_MAX + 1], struct span value, struct err *e)
{
	if (value.len && !text_is_name(value))
		return err_set(e, VERDICT_USAGE, "not a name; expected: letters, digits and . _ + - only, at most %d", TEXT_NAME_MAX);
	memcpy(out, value.at, value.len);
	out[value.len] = '\0';
	return 0;
}

static int take_tags(struct inventory_board *b, struct span value, struct err *e)
{
	char tag[TEXT_NAME_MAX + 1];

	b->ntags = 0;
	while (value.len) {
		const char *blank = memchr(value.at, ' ', value.len);
		size_t len = blank ? (size_t)(blank - value.at) : value.len;

		if (len > TEXT_NAME_MAX)
			return err_set(e, VERDICT_USAGE, "a tag is over %d bytes; expected: short words with blanks between them", TEXT_NAME_MAX);
		memcpy(tag, value.at, len);
		tag[len] = '\0';
		if (len && b->ntags == INVENTORY_TAGS_MAX)
			return err_set(e, VERDICT_USAGE, "there are over %d tags", INVENTORY_TAGS_MAX);
		if (len && take_label(b->tags[b->ntags++], (struct span){tag, len}, e))
			return -1;
		value.at += len + (blank ? 1 : 0);
		value.len -= len + (blank ? 1 : 0);
	}
	return 0;
}

static int take_address(struct inventory_board *b, struct span value, struct err *e)
{
	char text[ADDRESS_MAX + 1];

	if (value.len > ADDRESS_MAX || memchr(value.at, '\0', value.len))
		return err_set(e, VERDICT_USAGE, "the address is too long, or holds a NUL byte; expected: HOST, HOST:PORT or [IPV6]:PORT");
	memcpy(text, value.at, value.len);
	text[value.len] = '\0';
	return address_parse(&b->address, text, e);
}

static int take_mac(struct inventory_board *b, struct span value, struct err *e)
{
	char quoted[60];

	if (value.len == 0 || mac_parse(b->mac, value.at, value.len) == 0)
		return 0;
	return err_set(e, VERDICT_USAGE, "found \"%s\"; expected: the MAC of one board, such as 02:aa:bb:cc:dd:ee",
		       err_quote(quoted, sizeof quoted, value.at, value.len));
}

static int take_revision(struct inventory_board *b, struct span value, struct err *e)
{
	char quoted[60];

	b->have_revision = value.len > 0;
	if (value.len && text_number(&b->revision, value, INT64_MAX))
		return err_set(e, VERDICT_USAGE, "found \"%s\"; expected: a number, or nothing", err_quote(quoted, sizeof quoted, value.at, value.len));
	return 0;
}

int inventory_take(struct inventory_board *b, enum inventory_field field, struct span value, struct err *e)
{
	struct span trimmed = table_trim(value);

	switch (field) {
	case FIELD_MAC:
		return take_mac(b, trimmed, e);
	case FIELD_ADDRESS:
		return take_address(b, trimmed, e);
	case FIELD_BOARD:
		return take_name(b->board, trimmed, e);
	case FIELD_REVISION:
		return take_revision(b, trimmed, e);
	case FIELD_MODEL:
		return take_text(b->model, value, e);
	case FIELD_SUBTYPE:
		return take_text(b->subtype, value, e);
	case FIELD_VERSION:
		return take_text(b->version, value, e);
	case FIELD_HOSTNAME:
		return take_text(b->hostname, value, e);
	case FIELD_SITE:
		return take_label(b->site, trimmed, e);
	case FIELD_RACK:
		return take_label(b->rack, trimmed, e);
	case FIELD_TAGS:
		return take_tags(b, trimmed, e);
	case FIELD_CREDENTIAL:
		return take_name(b->credential, trimmed, e);
	case FIELD_COUNT:
		break;
	}
	return err_set(e, VERDICT_USAGE, "no such field");
}

/* --- the list --- */

int inventory_add(struct inventory *inv, const struct inventory_board *board, struct err *e)
{
	if (inv->n == INVENTORY_BOARDS_MAX)
		return err_set(e, VERDICT_TOO_LARGE, "there are over %d boards", INVENTORY_BOARDS_MAX);
	if (inv->n == inv->room) {
		size_t room = inv->room ? 2 * inv->room : 256;
		struct inventory_board *more = realloc(inv->boards, room * sizeof *more);

		if (!more)
			return err_set(e, VERDICT_SYSTEM, "out of memory");
		inv->boards = more;
		inv->room = room;
	}
	inv->boards[inv->n++] = *board;
	return 0;
}

static int by_mac(const void *a, const void *b)
{
	return strcmp(((const struct inventory_board *)a)->mac, ((const struct inventory_board *)b)->mac);
}

/* Those without a MAC come first, by their addresses. */
static int by_mac_origin(const void *a, const void *b)
{
	int order = by_mac(a, b);

	return order ? order
		     : strcmp(((const struct inventory_board *)a)->address.origin, ((const struct inventory_board *)b)->address.origin);
}

static int by_origin(const void *a, const void *b)
{
	return strcmp((*(const struct inventory_board *const *)a)->address.origin,
		      (*(const struct inventory_board *const *)b)->address.origin);
}

void inventory_sort(struct inventory *inv)
{
	if (inv->n)
		qsort(inv->boards, inv->n, sizeof *inv->boards, by_mac_origin);
}

const struct inventory_board *inventory_find(const struct inventory *inv, const char *mac)
{
	struct inventory_board key = {0};

	if (!inv->n || mac_parse(key.mac, mac, strlen(mac)))
		return NULL;
	return bsearch(&key, inv->boards, inv->n, sizeof *inv->boards, by_mac);
}

static const struct inventory_board *later(const struct inventory_board *a, const struct inventory_board *b)
{
	return a->line > b->line ? a : b;
}

/* Two boards at one address, or one board twice: whichever is right, one of them would get what is meant for the other. */
static int refuse_doubles(const struct inventory *inv, const char *name, struct err *e)
{
	const struct inventory_board **view;
	int rc = 0;

	for (size_t i = 0; i < inv->n; i++)
		if (!inv->boards[i].mac[0] && !*inventory_state_means(inventory_state(&inv->boards[i])))
			return err_set(e, VERDICT_USAGE, "%s:%" PRIu32 ": the board at %s has no MAC (02:aa:bb:cc:dd:ee), and no tag of a state that explains it",
				       name, inv->boards[i].line, inv->boards[i].address.text);
	for (size_t i = 1; i < inv->n; i++)
		if (inv->boards[i].mac[0] && strcmp(inv->boards[i - 1].mac, inv->boards[i].mac) == 0)
			return err_set(e, VERDICT_USAGE, "%s:%" PRIu32 ": the MAC %s comes twice, in line %" PRIu32 " too; expected: each board once", name,
				       later(&inv->boards[i - 1], &inv->boards[i])->line, inv->boards[i].mac,
				       later(&inv->boards[i - 1], &inv->boards[i]) == &inv->boards[i] ? inv->boards[i - 1].line : inv->boards[i].line);
	view = malloc((inv->n + 1) * sizeof *view);
	if (!view)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	for (size_t i = 0; i < inv->n; i++)
		view[i] = &inv->boards[i];
	if (inv->n)
		qsort(view, inv->n, sizeof *view, by_origin);
	for (size_t i = 1; i < inv->n && rc == 0; i++)
		if (strcmp(view[i - 1]->address.origin, view[i]->address.origin) == 0)
			rc = err_set(e, VERDICT_USAGE, "%s:%" PRIu32 ": two boards, %s and %s, are both said to be at %s; expected: an address for each",
				     name, later(view[i - 1], view[i])->line, view[i - 1]->mac[0] ? view[i - 1]->mac : "one without a MAC",
				     view[i]->mac[0] ? view[i]->mac : "one without a MAC", view[i]->address.text);
	free(view);
	return rc;
}

int inventory_parse(struct inventory *inv, const char *name, const char *text, size_t len, struct err *e)
{
	char *decoded = NULL;
	int rc = -1;

	*inv = (struct inventory){.n = 0};
	if (table_decode(&decoded, &len, name, text, len, e))
		goto out;
	if (decoded[0] == '{' ? inventory_parse_json(inv, name, decoded, len, e) : inventory_parse_csv(inv, name, decoded, len, e))
		goto out;
	inventory_sort(inv);
	rc = refuse_doubles(inv, name, e);
out:
	free(decoded);
	return rc;
}

int inventory_read(struct inventory *inv, const char *file, struct err *e)
{
	char *text = NULL, quoted[160];
	size_t len;
	int rc;

	*inv = (struct inventory){.n = 0};
	if (io_read_file(&text, &len, file, INVENTORY_FILE_MAX, e))
		return -1;
	rc = inventory_parse(inv, err_quote(quoted, sizeof quoted, file, strlen(file)), text, len, e);
	free(text);
	return rc;
}

bool inventory_tagged(const struct inventory_board *b, const char *tag)
{
	for (size_t i = 0; i < b->ntags; i++)
		if (strcmp(b->tags[i], tag) == 0)
			return true;
	return false;
}

static const struct {
	const char *state, *means;
} states[] = {
	{"login", "it refused every login: correct the credentials, then scan it again"},
	{"foreign", "it runs no page that is known here: look at it, or name its realm (scan --realm)"},
	{"miner", "its miner answers and its web server does not: restart it, or make a recovery card"},
	{"silent", "nobody answers where it was: check its power and network, scan more widely, or make a recovery card"},
	{"mac-twice", "two addresses give this board's MAC: find out which one lies, then scan again"},
};

const char *inventory_state(const struct inventory_board *b)
{
	for (size_t i = 0; i < sizeof states / sizeof *states; i++)
		if (inventory_tagged(b, states[i].state))
			return states[i].state;
	return "found";
}

const char *inventory_state_means(const char *state)
{
	for (size_t i = 0; i < sizeof states / sizeof *states; i++)
		if (strcmp(states[i].state, state) == 0)
			return states[i].means;
	return "";
}

void inventory_free(struct inventory *inv)
{
	free(inv->boards);
	extras_free(&inv->extras);
	*inv = (struct inventory){.n = 0};
}
