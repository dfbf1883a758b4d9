/* SPDX-License-Identifier: ISC */
/* Whatever firmflash writes it can read, and it is what was meant: each format, with texts that boards, files and people could bring along.
 * The texts are random, but the same at every run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "core/json.h"
#include "core/say.h"
#include "flasher/card_note.h"
#include "flasher/inventory.h"
#include "flasher/ledger.h"
#include "flasher/report.h"

enum { ROUNDS = 400, TEXT_MAX = 400 };

static uint64_t seed = 20261129;

static size_t below(size_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (size_t)(seed >> 33) % n;
}

/* Up to MAX bytes, NUL-terminated: of pieces that mean something to somebody. ANY: all bytes, else printable ASCII. */
static const char *hostile(char out[static TEXT_MAX + 1], size_t max, bool any)
{
	static const char *const printable[] = {"=", "+1", "-", "@SUM(", "'", "''=", "\"", "\"\"", ",", ";", " ", "\\", "\\x1b", "%", "%20", "*", "|", "<b>", "&amp;",
						"]]>", "{", "}", "null", "a", "zz", "0"};
	static const char *const others[] = {"\n", "\r\n", "\t", "\x1b[2J", "\x7f", "\x01", "\xff", "\xc3\xa9", "\xc3", "\xe2\x80\xae", "\xc2\x9b", "\xed\xa0\x80"};
	size_t want = below(4) ? below(12) : max, n = 0;

	for (size_t i = 0; i < want && n < max; i++) {
		const char *piece = any && below(3) == 0 ? others[below(sizeof others / sizeof *others)] : printable[below(sizeof printable / sizeof *printable)];
		size_t len = strlen(piece);

		len = len > max - n ? max - n : len;
		memcpy(out + n, piece, len);
		n += len;
		i += max == want ? 0 : len - 1;
	}
	if (want == max)
		for (; n < max; n++)
			out[n] = 'x';
	out[n] = '\0';
	return out;
}

/* A name as of core/text. */
static void name(char out[static TEXT_NAME_MAX + 1])
{
	static const char bytes[] = "ABZabz019._+-";
	size_t n = below(2) ? below(5) : TEXT_NAME_MAX;

	for (size_t i = 0; i < n; i++)
		out[i] = bytes[below(sizeof bytes - 1)];
	out[n] = '\0';
}

/* A label, or "": with blanks within when BLANKS. */
static void label(char out[static TEXT_NAME_MAX + 1], bool blanks)
{
	static const char *const pieces[] = {"Зал", "1", "=", "'", "\"", ",", ";", "ё", " ", "-", "<b>", "%20", "r1", "中"};
	size_t n = 0;

	for (size_t want = below(7); want; want--) {
		const char *piece = pieces[below(sizeof pieces / sizeof *pieces)];

		if ((*piece == ' ' && (!blanks || n == 0)) || n + strlen(piece) > TEXT_NAME_MAX)
			continue;
		memcpy(out + n, piece, strlen(piece));
		n += strlen(piece);
	}
	while (n && out[n - 1] == ' ')
		n--;
	out[n] = '\0';
}

static char *finish(FILE *out, char **text)
{
	assert_int_equal(fclose(out), 0);
	return *text;
}

/* --- inventories --- */

static void random_board(struct inventory_board *b, size_t i)
{
	char text[TEXT_MAX + 1], address[64];

	*b = (struct inventory_board){.have_revision = below(2)};
	snprintf(b->mac, sizeof b->mac, "02:00:00:00:%02x:%02x", (unsigned)(i >> 8), (unsigned)(i & 255));
	snprintf(address, sizeof address, "10.0.%u.%u", (unsigned)(i >> 8), (unsigned)(i & 255));
	assert_int_equal(address_parse(&b->address, address, NULL), 0);
	b->revision = b->have_revision ? below(1000) : 0;
	name(b->board);
	snprintf(b->model, sizeof b->model, "%s", hostile(text, INVENTORY_TEXT_MAX, false));
	snprintf(b->subtype, sizeof b->subtype, "%s", hostile(text, INVENTORY_TEXT_MAX, false));
	snprintf(b->version, sizeof b->version, "%s", hostile(text, INVENTORY_TEXT_MAX, false));
	snprintf(b->hostname, sizeof b->hostname, "%s", hostile(text, INVENTORY_TEXT_MAX, false));
	label(b->site, true);
	label(b->rack, true);
	name(b->credential);
	for (b->ntags = below(INVENTORY_TAGS_MAX + 1); b->ntags && !b->tags[b->ntags - 1][0];)
		for (size_t k = 0; k < b->ntags; k++)
			while (!b->tags[k][0])
				label(b->tags[k], false);
}

static void inventories(void **state)
{
	(void)state;
	for (int json = 0; json < 2; json++) {
		static const char *const own[] = {"Note", "=1", "стойка 2", "a,b\n\"c\""};
		struct inventory made = {.n = 0}, read;
		char *text = NULL, values[4][TEXT_MAX + 1];
		struct span spans[4];
		size_t len;
		FILE *out = open_memstream(&text, &len);
		struct err e;

		for (size_t i = 0, column; i < 4; i++)
			assert_int_equal(extras_column(&made.extras, &column, (struct span){own[i], strlen(own[i])}, NULL), 0);
		for (size_t i = 0; i < ROUNDS; i++) {
			struct inventory_board b;

			random_board(&b, i);
			for (size_t k = 0; k < 4; k++) {
				hostile(values[k], TEXT_MAX, false);
				if (below(3) == 0)
					snprintf(values[k], sizeof values[k], "%s", "\t=1\r\n\"мёд\"\n\x1b[2J");
				spans[k] = (struct span){values[k], strlen(values[k])};
			}
			assert_int_equal(extras_add(&made.extras, &b.extra, spans, 4, NULL), 0);
			assert_int_equal(inventory_add(&made, &b, NULL), 0);
		}
		if (!json)
			inventory_csv_head(out, &made.extras);
		for (size_t i = 0; i < made.n; i++)
			(json ? inventory_json_board : inventory_csv_board)(out, &made.boards[i], &made.extras);
		finish(out, &text);
		if (inventory_parse(&read, "written", text, len, &e) != 0)
			fail_msg("%s", e.message);
		assert_int_equal(read.n, made.n);
		for (size_t i = 0; i < made.n; i++) {
			const struct inventory_board *a = &made.boards[i], *b = &read.boards[i];

			if (strcmp(a->model, b->model) != 0 || strcmp(a->subtype, b->subtype) != 0 || strcmp(a->version, b->version) != 0 ||
			    strcmp(a->hostname, b->hostname) != 0)
				fail_msg("%s became %s; %s, %s; %s, %s; %s, %s", a->model, b->model, a->subtype, b->subtype, a->version, b->version,
					 a->hostname, b->hostname);
			for (size_t k = 0; k < a->ntags; k++)
				assert_string_equal(a->tags[k], b->tags[k]);
			for (size_t k = 0; k < 4; k++)
				assert_string_equal(extras_value(&made.extras, a->extra, k), extras_value(&read.extras, b->extra, k));
			assert_true(strcmp(a->mac, b->mac) == 0 && strcmp(a->address.text, b->address.text) == 0 && strcmp(a->board, b->board) == 0 &&
				    strcmp(a->site, b->site) == 0 && strcmp(a->rack, b->rack) == 0 && strcmp(a->credential, b->credential) == 0 &&
				    a->revision == b->revision && a->have_revision == b->have_revision && a->ntags == b->ntags);
		}
		inventory_free(&made);
		inventory_free(&read);
		free(text);
	}
}

/* --- plans, and ledgers of them --- */

static void random_plan(struct plan *p)
{
	char text[TEXT_MAX + 1];
	size_t waves = 1 + below(3);

	plan_defaults(p);
	do
		hostile(text, TEXT_MAX, true);
	while (!*text || strcmp(text, "*") == 0);
	snprintf(p->bundle, sizeof p->bundle, "%s", text);
	snprintf(p->product, sizeof p->product, "p");
	snprintf(p->version, sizeof p->version, "2.0");
	do
		hostile(text, LINK_TEXT_MAX, true);
	while (!*text || strcmp(text, "*") == 0);
	snprintf(p->rules.version, sizeof p->rules.version, "%.*s", LINK_TEXT_MAX, text);
	p->n = 6;
	p->nskipped = below(4);
	p->devices = calloc(p->n, sizeof *p->devices);
	assert_non_null(p->devices);
	for (size_t i = 0; i < p->n; i++) {
		struct plan_device *d = &p->devices[i];
		struct inventory_board b;

		random_board(&b, i);
		d->board = (struct inventory_board){.address = b.address, .have_revision = b.have_revision, .revision = b.revision};
		memcpy(d->board.mac, b.mac, sizeof b.mac);
		memcpy(d->board.board, b.board, sizeof b.board);
		memcpy(d->board.site, b.site, sizeof b.site);
		memcpy(d->board.rack, b.rack, sizeof b.rack);
		memcpy(d->board.credential, b.credential, sizeof b.credential);
		if (i < p->n - p->nskipped)
			continue;
		do
			hostile(text, PLAN_REASON_MAX, true);
		while (!*text || strcmp(text, "*") == 0);
		snprintf(d->reason, sizeof d->reason, "%.*s", PLAN_REASON_MAX, text);
		if (below(2))
			d->board.mac[0] = '\0'; /* only its address is known */
	}
	assert_int_equal(plan_add_waves(p, waves == 1 ? "100%" : waves == 2 ? "1,hand:100%" : "1,1,100%", NULL), 0);
}

/* Any text that a ledger is given comes back, cut to its room. */
static void expect_device(const struct ledger_device *a, const struct ledger_device *b)
{
	assert_string_equal(a->session.text, b->session.text);
	assert_string_equal(a->session.before, b->session.before);
	assert_string_equal(a->session.version, b->session.version);
	assert_string_equal(a->session.figures.pools, b->session.figures.pools);
	assert_string_equal(a->address, b->address);
	assert_int_equal(a->session.state, b->session.state);
	assert_int_equal(a->session.class, b->session.class);
}

static void ledger_of(const struct plan *p, const char *text, size_t len)
{
	struct ledger_device made[6], read[6];
	struct ledger *l = NULL;
	struct ledger_note *notes;
	char value[TEXT_MAX + 1], note[TEXT_MAX + 1], got[LEDGER_VALUE_MAX + 1];
	size_t n;
	struct err e;

	if (ledger_create(&l, "", text, len, p, &e) != 0)
		fail_msg("%s", e.message);
	for (size_t i = 0; i < p->n; i++) {
		struct ledger_device *d = &made[i];
		char bytes[TEXT_MAX + 1];

		*d = (struct ledger_device){.session = {.state = (enum session_state)below(SESSION_STATES), .class = (enum session_class)below(SESSION_CLASSES)}};
		memcpy(d->session.mac, p->devices[i].board.mac, sizeof d->session.mac);
		snprintf(d->address, sizeof d->address, "%s", p->devices[i].board.address.text);
		snprintf(d->session.text, sizeof d->session.text, "%s", hostile(bytes, sizeof d->session.text - 1 < TEXT_MAX ? sizeof d->session.text - 1 : TEXT_MAX, true));
		snprintf(d->session.before, sizeof d->session.before, "%s", hostile(bytes, LINK_TEXT_MAX, true));
		snprintf(d->session.version, sizeof d->session.version, "%s", hostile(bytes, LINK_TEXT_MAX, true));
		snprintf(d->session.figures.pools, sizeof d->session.figures.pools, "%s", hostile(bytes, 16, true));
		assert_int_equal(ledger_put(l, (uint32_t)i, d, &d->session.state, 1, 5, &e), 0);
	}
	hostile(value, TEXT_MAX, true);
	hostile(note, 100, true);
	assert_int_equal(ledger_set(l, "bundle", value, &e), 0);
	assert_int_equal(ledger_put_note(l, 7, "halt", note, &e), 0);
	assert_int_equal(ledger_commit(l, &e), 0);
	assert_int_equal(ledger_load(l, p, read, &e), 0);
	for (size_t i = 0; i < p->n; i++)
		expect_device(&made[i], &read[i]);
	assert_int_equal(ledger_get(l, "bundle", got, &e), 0);
	assert_string_equal(got, value);
	assert_int_equal(ledger_notes(l, &notes, &n, &e), 0);
	assert_int_equal(n, 1);
	assert_string_equal(notes[0].text, note);
	free(notes);
	ledger_close(&l);
}

static void plans_and_ledgers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROUNDS / 4; i++) {
		struct plan made = {0}, read;
		char *text = NULL;
		size_t len;
		FILE *out = open_memstream(&text, &len);
		struct err e;

		random_plan(&made);
		plan_write(out, &made);
		finish(out, &text);
		if (plan_parse(&read, "written", text, len, &e) != 0)
			fail_msg("%s", e.message);
		assert_string_equal(read.bundle, made.bundle);
		assert_string_equal(read.rules.version, made.rules.version);
		assert_int_equal(read.n, made.n);
		for (size_t k = 0; k < made.n; k++) {
			assert_string_equal(read.devices[k].reason, made.devices[k].reason);
			assert_string_equal(read.devices[k].board.rack, made.devices[k].board.rack);
			assert_string_equal(read.devices[k].board.credential, made.devices[k].board.credential);
			assert_int_equal(read.devices[k].wave, made.devices[k].wave);
		}
		ledger_of(&made, text, len);
		plan_free(&made);
		plan_free(&read);
		free(text);
	}
}

/* --- JSON --- */

/* Valid UTF-8 comes back as it was; what is not has the replacement character in the place of each byte. */
static void json_strings(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROUNDS; i++) {
		char in[TEXT_MAX + 1], *text = NULL;
		size_t len;
		FILE *out = open_memstream(&text, &len);
		struct json j;
		json_t *root, *plain;

		hostile(in, TEXT_MAX, true);
		json_begin(&j, out);
		json_open_object(&j, NULL);
		json_put_string(&j, in, "key");
		json_put_string(&j, "_value", in);
		json_close_object(&j);
		json_finish(&j);
		finish(out, &text);
		for (size_t k = 0; k + 1 < len; k++)
			assert_true((unsigned char)text[k] >= 0x20 && text[k] != 0x7f);
		root = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
		assert_non_null(root);
		plain = json_string(in); /* NULL when it is not UTF-8 */
		if (plain)
			assert_true(json_equal(json_object_get(root, "_value"), plain));
		json_decref(plain);
		json_decref(root);
		free(text);
	}
}

/* --- reports --- */

/* The fields of one record of CSV (RFC 4180). Returns the byte behind it. */
static const char *csv_record(const char *at, size_t *fields)
{
	*fields = 1;
	for (bool quoted = false; *at; at++) {
		size_t n = utf8_length((const unsigned char *)at);

		assert_true(*at == '\r' || *at == '\n' || utf8_is_plain(at, n));
		at += n ? n - 1 : 0;
		if (*at == '"')
			quoted = !quoted;
		else if (!quoted && *at == ',')
			++*fields;
		else if (!quoted && *at == '\n')
			return at + 1;
	}
	return at;
}

static void reports(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROUNDS / 4; i++) {
		char t[8][TEXT_MAX + 1], *text = NULL;
		struct report_device devices[3];
		struct report_wave wave = {.name = "", .state = "running", .total = 3};
		struct report r = {.plan = "x", .product = hostile(t[0], 100, true), .version = hostile(t[1], 100, true), .image = "", .state = "halted",
				   .why = hostile(t[2], 200, true), .devices = devices, .ndevices = 3, .waves = &wave, .nwaves = 1, .now_ms = 1};
		size_t len, head, fields, records = 0;
		FILE *out;
		json_t *root;
		const json_t *list;

		for (size_t k = 0; k < 3; k++)
			devices[k] = (struct report_device){.mac = hostile(t[3], 30, true), .address = hostile(t[4], 30, true), .board = "b", .site = hostile(t[5], 30, true),
							    .rack = "r", .version_before = "", .version = hostile(t[6], 60, true), .wave = 1,
							    .state = (enum session_state)below(SESSION_STATES), .class = (enum session_class)below(SESSION_CLASSES),
							    .message = hostile(t[7], TEXT_MAX, true), .attempts = 1};
		out = open_memstream(&text, &len);
		assert_int_equal(report_csv(out, &r, NULL), 0);
		finish(out, &text);
		csv_record(text, &head);
		for (const char *at = text; *at; records++) {
			if (*at == '"')
				assert_false(strchr("=+-@", at[1]) && at[1]);
			at = csv_record(at, &fields);
			assert_int_equal(fields, head);
		}
		assert_int_equal(records, 4);
		free(text);
		out = open_memstream(&text, &len);
		assert_int_equal(report_json(out, &r, NULL), 0);
		finish(out, &text);
		root = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
		assert_non_null(root);
		list = json_object_get(root, "devices");
		assert_int_equal(json_array_size(list), 3);
		json_decref(root);
		free(text);
	}
}

static void card_notes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROUNDS; i++) {
		struct card_note made = {.size = below(1 << 30) + 1, .manifest = below(100000) + 1, .signatures = below(10000) + 1, .bundle = below(1 << 30),
					 .manifest_at = below(1 << 30), .signatures_at = below(1 << 30), .bundle_at = below(1 << 30)}, read;
		unsigned char bytes[CARD_NOTE_SIZE], again[CARD_NOTE_SIZE];

		do
			name(made.board);
		while (!made.board[0]);
		for (size_t k = 0; k < sizeof made.recipe; k++)
			made.recipe[k] = (unsigned char)below(256);
		card_note_put(bytes, &made);
		if (card_note_take(&read, bytes, NULL) != 0)
			continue; /* sizes and places that no card has; tests/test_fat.c has those that cards have */
		card_note_put(again, &read);
		assert_memory_equal(bytes, again, sizeof bytes);
		assert_string_equal(read.board, made.board);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(inventories), cmocka_unit_test(plans_and_ledgers), cmocka_unit_test(json_strings),
		cmocka_unit_test(reports),     cmocka_unit_test(card_notes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
