/* SPDX-License-Identifier: ISC */
/* Reads one board profile: strict text, a directive a line, the line's number in every message. */
#include "boards/board.h"

#include <stdlib.h>
#include <string.h>

#include "core/io.h"
#include "core/path.h"

static const char *const dialects[] = {[BOARD_HTML] = "html", [BOARD_JSON] = "json", [BOARD_PLAIN] = "plain",
				       [BOARD_TOKEN] = "token"};
enum { NDIALECTS = sizeof dialects / sizeof *dialects };

const char *board_dialect_word(enum board_dialect dialect)
{
	return (size_t)dialect < NDIALECTS ? dialects[dialect] : "?";
}

/* The file being parsed. */
struct parse {
	struct board *board;
	const char *name;   /* for messages */
	unsigned line;
	unsigned seen;      /* a bit a row of the directive table */
	struct err *e;
};

static int complain(const struct parse *p, const char *what, struct span value)
{
	char quoted[96], name[160];

	return err_set(p->e, VERDICT_USAGE, "%s:%u: %s \"%s\"", err_quote(name, sizeof name, p->name, strlen(p->name)),
		       p->line, what, err_quote(quoted, sizeof quoted, value.at, value.len));
}

static int take(char *out, size_t max, struct span value)
{
	if (value.len == 0 || value.len > max)
		return -1;
	memcpy(out, value.at, value.len);
	out[value.len] = '\0';
	return 0;
}

static int read_name(struct parse *p, char out[static TEXT_NAME_MAX + 1], struct span value)
{
	if (!text_is_name(value))
		return complain(p, "not a name of letters, digits and . _ + - in", value);
	return take(out, TEXT_NAME_MAX, value);
}

static int read_text(struct parse *p, char out[static BOARD_TEXT_MAX + 1], struct span value)
{
	if (take(out, BOARD_TEXT_MAX, value) || memchr(value.at, '"', value.len) || memchr(value.at, '\\', value.len))
		return complain(p, "too long a text, or quotes or backslashes in it:", value);
	return 0;
}

/* The path goes into a request line as it is: so nothing that a URL or a proxy could read another way. */
static int read_path(struct parse *p, char out[static BOARD_PATH_MAX + 1], struct span value)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/";

	if (take(out, BOARD_PATH_MAX, value) || out[0] != '/' || strspn(out, allowed) != value.len ||
	    strstr(out, "..") || strstr(out, "//"))
		return complain(p, "not a path of letters, digits and . _ - / that begins with /:", value);
	return 0;
}

static int on_id(struct parse *p, struct span value)
{
	return read_name(p, p->board->id, value);
}

static int on_title(struct parse *p, struct span value)
{
	return read_text(p, p->board->title, value);
}

static int on_family(struct parse *p, struct span value)
{
	return read_name(p, p->board->family, value);
}

static int on_model(struct parse *p, struct span value)
{
	struct board *b = p->board;

	if (b->nmodels == BOARD_MODELS_MAX)
		return complain(p, "one model too many:", value);
	if (read_text(p, b->models[b->nmodels], value))
		return -1;
	b->nmodels++;
	return 0;
}

static int on_hardware(struct parse *p, struct span value)
{
	return read_name(p, p->board->hardware, value);
}

static int on_subtype(struct parse *p, struct span value)
{
	struct board *b = p->board;
	const char *star = memchr(value.at, '*', value.len);

	if (b->nsubtypes == BOARD_SUBTYPES_MAX)
		return complain(p, "one subtype too many:", value);
	if (star && (value.len == 1 || star != value.at + value.len - 1))
		return complain(p, "a subtype has its `*' at the end, and something before it, not", value);
	if (read_text(p, b->subtypes[b->nsubtypes], value))
		return -1;
	b->nsubtypes++;
	return 0;
}

/* "PATH KEY". */
static int on_unlock(struct parse *p, struct span value)
{
	const char *blank = memchr(value.at, ' ', value.len);
	size_t n = blank ? (size_t)(blank - value.at) : 0;

	if (!blank)
		return complain(p, "to unlock takes a path and the name of the password's member, not", value);
	if (read_path(p, p->board->unlock, (struct span){value.at, n}))
		return -1;
	return read_name(p, p->board->unlock_key, (struct span){blank + 1, value.len - n - 1});
}

static int on_keep_field(struct parse *p, struct span value)
{
	return read_name(p, p->board->keep_field, value);
}

static int on_dialect(struct parse *p, struct span value)
{
	for (size_t i = 0; i < NDIALECTS; i++) {
		if (span_is(value, dialects[i])) {
			p->board->dialect = (enum board_dialect)i;
			return 0;
		}
	}
	return complain(p, "the dialect is html, json, plain or token, not", value);
}

static int on_realm(struct parse *p, struct span value)
{
	return read_text(p, p->board->realm, value);
}

static int on_probe(struct parse *p, struct span value)
{
	return read_path(p, p->board->probe, value);
}

static int on_field(struct parse *p, struct span value)
{
	return read_name(p, p->board->field, value);
}

static int on_upgrade_keep(struct parse *p, struct span value)
{
	return read_path(p, p->board->keep.upgrade, value);
}

static int on_upgrade_wipe(struct parse *p, struct span value)
{
	return read_path(p, p->board->wipe.upgrade, value);
}

/* "itself", or "get PATH". */
static int read_reboot(struct parse *p, char out[static BOARD_PATH_MAX + 1], struct span value)
{
	if (span_is(value, "itself"))
		return 0;
	if (value.len > 4 && memcmp(value.at, "get ", 4) == 0)
		return read_path(p, out, (struct span){value.at + 4, value.len - 4});
	return complain(p, "a board reboots by `get PATH' or by `itself', not by", value);
}

static int on_reboot_keep(struct parse *p, struct span value)
{
	return read_reboot(p, p->board->keep.reboot, value);
}

static int on_reboot_wipe(struct parse *p, struct span value)
{
	return read_reboot(p, p->board->wipe.reboot, value);
}

/* "bundle", "payload", or "file PATH". */
static int on_send(struct parse *p, struct span value)
{
	struct board *b = p->board;

	if (span_is(value, "bundle")) {
		b->send = BOARD_SEND_BUNDLE;
	} else if (span_is(value, "payload")) {
		b->send = BOARD_SEND_PAYLOAD;
	} else if (value.len > 5 && memcmp(value.at, "file ", 5) == 0 && value.len - 5 <= BOARD_PATH_MAX &&
		   path_fault(value.at + 5, value.len - 5, false) == PATH_FINE) {
		b->send = BOARD_SEND_FILE;
		return take(b->send_path, BOARD_PATH_MAX, (struct span){value.at + 5, value.len - 5});
	} else {
		return complain(p, "what is sent is `bundle', `payload' or `file PATH', not", value);
	}
	return 0;
}

static int on_card(struct parse *p, struct span value)
{
	const char *wrong = card_line(&p->board->card, value);

	return wrong ? complain(p, wrong, value) : 0;
}

enum { ONCE = 0, MANY = 1, OPTIONAL = 2 };

static const struct directive {
	const char *word;
	unsigned flags;
	int (*read)(struct parse *p, struct span value);
} directives[] = {
	{"board", ONCE, on_id},
	{"title", ONCE, on_title},
	{"family", OPTIONAL, on_family},
	{"model", MANY | OPTIONAL, on_model},
	{"hardware", OPTIONAL, on_hardware},
	{"subtype", MANY | OPTIONAL, on_subtype},
	{"dialect", ONCE, on_dialect},
	{"realm", OPTIONAL, on_realm},
	{"probe", ONCE, on_probe},
	{"field", ONCE, on_field},
	{"send", ONCE, on_send},
	{"upgrade keep", ONCE, on_upgrade_keep},
	{"upgrade wipe", OPTIONAL, on_upgrade_wipe},
	{"reboot keep", ONCE, on_reboot_keep},
	{"reboot wipe", OPTIONAL, on_reboot_wipe},
	{"unlock", OPTIONAL, on_unlock},
	{"keep-field", OPTIONAL, on_keep_field},
	{"card", MANY | OPTIONAL, on_card},
};
enum { NDIRECTIVES = sizeof directives / sizeof *directives };

/* Finds the directive LINE begins with, and points *VALUE at what follows it. NULL when there is none. */
static const struct directive *match(struct span line, struct span *value)
{
	for (size_t i = 0; i < NDIRECTIVES; i++) {
		size_t n = strlen(directives[i].word);

		if (line.len > n && line.at[n] == ' ' && memcmp(line.at, directives[i].word, n) == 0) {
			*value = (struct span){line.at + n + 1, line.len - n - 1};
			return &directives[i];
		}
	}
	return NULL;
}

static int parse_line(struct parse *p, struct span line)
{
	const struct directive *d;
	struct span value;
	unsigned bit;

	for (size_t i = 0; i < line.len; i++)
		if (line.at[i] < 0x20 || line.at[i] > 0x7e)
			return complain(p, "a byte that is not printable ASCII (tabs and CR LF are not allowed) in",
					line);
	if (line.len == 0 || line.at[0] == '#')
		return 0;
	d = match(line, &value);
	if (!d)
		return complain(p, "unknown directive, or one without a value:", line);
	if (value.len == 0 || value.at[0] == ' ' || value.at[value.len - 1] == ' ')
		return complain(p, "one space, and none at the end of the line, is wanted in", line);
	bit = 1u << (d - directives);
	if (p->seen & bit && !(d->flags & MANY))
		return complain(p, "said twice:", (struct span){d->word, strlen(d->word)});
	p->seen |= bit;
	return d->read(p, value);
}

static bool seen(const struct parse *p, const char *word)
{
	for (size_t i = 0; i < NDIRECTIVES; i++)
		if (strcmp(directives[i].word, word) == 0)
			return p->seen >> i & 1u;
	return false;
}

static int check_whole(const struct parse *p)
{
	struct board *b = p->board;
	const char *wrong;
	char name[160];

	err_quote(name, sizeof name, p->name, strlen(p->name));
	for (size_t i = 0; i < NDIRECTIVES; i++)
		if (!(directives[i].flags & OPTIONAL) && !(p->seen & 1u << i))
			return err_set(p->e, VERDICT_USAGE, "%s: the directive `%s' is missing", name,
				       directives[i].word);
	if (seen(p, "upgrade wipe") != seen(p, "reboot wipe"))
		return err_set(p->e, VERDICT_USAGE, "%s: `upgrade wipe' and `reboot wipe' go together", name);
	if (seen(p, "unlock") != (b->dialect == BOARD_TOKEN) || (seen(p, "keep-field") && b->dialect != BOARD_TOKEN))
		return err_set(p->e, VERDICT_USAGE, "%s: `unlock', `keep-field' and `dialect token' go together", name);
	if (!b->hardware[0])
		memcpy(b->hardware, b->id, sizeof b->hardware);
	if (!b->keep_field[0] && strcmp(b->wipe.upgrade, b->keep.upgrade) == 0)
		return err_set(p->e, VERDICT_USAGE, "%s: keeping and wiping the settings have the same path", name);
	wrong = card_check(&b->card);
	return wrong ? err_set(p->e, VERDICT_USAGE, "%s: %s", name, wrong) : 0;
}

int board_parse(struct board *out, const char *name, const char *text, size_t len, struct err *e)
{
	struct parse p = {.board = out, .name = name, .e = e};

	memset(out, 0, sizeof *out);
	for (size_t at = 0; at < len;) {
		const char *end = memchr(text + at, '\n', len - at);
		struct span line = {text + at, end ? (size_t)(end - text) - at : len - at};

		p.line++;
		if (!end)
			return complain(&p, "the last line does not end in a newline:", line);
		if (parse_line(&p, line))
			return -1;
		at += line.len + 1;
	}
	return check_whole(&p);
}

static bool subtype_fits(const char *pattern, const char *subtype)
{
	size_t n = strlen(pattern);

	return pattern[n - 1] == '*' ? strncmp(pattern, subtype, n - 1) == 0 : strcmp(pattern, subtype) == 0;
}

enum board_fit board_fits(const struct board *b, const char *realm, const char *model, const char *subtype)
{
	if (b->realm[0] && realm[0] && strcmp(b->realm, realm) != 0)
		return BOARD_UNFIT;
	for (size_t i = 0; i < b->nsubtypes; i++)
		if (subtype[0] && subtype_fits(b->subtypes[i], subtype))
			return BOARD_FIT_SUBTYPE;
	if (b->nsubtypes > 0 || subtype[0])
		return BOARD_UNFIT;
	for (size_t i = 0; i < b->nmodels; i++)
		if (strcmp(b->models[i], model) == 0)
			return BOARD_FIT_MODEL;
	return BOARD_UNFIT;
}

int board_read_file(struct board *out, const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	char *text = NULL, quoted[160];
	size_t len, n;
	int rc = -1;

	if (io_read_file(&text, &len, path, BOARD_FILE_MAX, e))
		goto out;
	if (board_parse(out, path, text, len, e))
		goto out;
	n = strlen(out->id);
	if (strncmp(base, out->id, n) != 0 || strcmp(base + n, ".board") != 0) {
		err_set(e, VERDICT_USAGE, "%s: the file says `board %s', so its name must be %s.board",
			err_quote(quoted, sizeof quoted, path, strlen(path)), out->id, out->id);
		goto out;
	}
	rc = 0;
out:
	free(text);
	return rc;
}
