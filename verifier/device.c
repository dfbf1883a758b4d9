/* SPDX-License-Identifier: ISC */
/* The device file: one table of directives, nothing silently ignored. */
#include "verifier/device_parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/io.h"
#include "core/path.h"

int device_bad(const struct parser *p, const char *format, ...)
{
	char why[256];
	va_list args;

	va_start(args, format);
	vsnprintf(why, sizeof why, format, args);
	va_end(args);
	return err_set(p->e, VERDICT_USAGE, "%s:%u: %s", p->name, p->line, why);
}

int device_name(const struct parser *p, char out[static TEXT_NAME_MAX + 1], struct span field, const char *what)
{
	if (!text_is_name(field))
		return device_bad(p, "%s must be 1 to 64 of [A-Za-z0-9._+-]", what);
	memcpy(out, field.at, field.len);
	out[field.len] = '\0';
	return 0;
}

int device_text(const struct parser *p, char out[static DEVICE_TARGET_MAX], struct span field, const char *what)
{
	if (field.len >= DEVICE_TARGET_MAX)
		return device_bad(p, "%s is too long", what);
	memcpy(out, field.at, field.len);
	out[field.len] = '\0';
	return 0;
}

static int take_board(struct parser *p, const struct span *f)
{
	if (text_number(&p->d->revision, f[2], INT64_MAX) != 0)
		return device_bad(p, "the board's revision must be a number");
	return device_name(p, p->d->board, f[1], "a board id");
}

static int take_product(struct parser *p, const struct span *f)
{
	return device_name(p, p->d->product, f[1], "a product");
}

static int take_state(struct parser *p, const struct span *f)
{
	if (f[1].at[0] != '/')
		return device_bad(p, "the state directory must be an absolute path");
	return device_text(p, p->d->state, f[1], "the state directory");
}

static int take_keyring(struct parser *p, const struct span *f)
{
	char path[DEVICE_TARGET_MAX];

	if (device_text(p, path, f[1], "the key's path") != 0)
		return -1;
	return p->keyring ? p->keyring(p->d, path, p->e) : 0;
}

static int take_dialect(struct parser *p, const struct span *f)
{
	if (!span_is(f[1], "html") && !span_is(f[1], "json"))
		return device_bad(p, "dialect is `html' or `json'");
	p->d->dialect = span_is(f[1], "json") ? DIALECT_JSON : DIALECT_HTML;
	return 0;
}

static int take_hooks(struct parser *p, const struct span *f)
{
	if (!span_is(f[1], "on") && !span_is(f[1], "off"))
		return device_bad(p, "hooks is `on' or `off'");
	p->d->hooks = span_is(f[1], "on");
	return 0;
}

static int take_max_upload(struct parser *p, const struct span *f)
{
	return text_number(&p->d->max_upload, f[1], INT64_MAX) == 0 ? 0 : device_bad(p, "max-upload must be a number of bytes");
}

static int take_small(const struct parser *p, uint32_t *out, struct span field, uint64_t low, const char *what)
{
	uint64_t n;

	if (text_number(&n, field, 1U << 30) != 0 || n < low)
		return device_bad(p, "%s", what);
	*out = (uint32_t)n;
	return 0;
}

static int take_min_rate(struct parser *p, const struct span *f)
{
	return take_small(p, &p->d->min_rate, f[1], 0, "min-rate must be a number of bytes a second");
}

static int take_max_time(struct parser *p, const struct span *f)
{
	return take_small(p, &p->d->max_time, f[1], 1, "max-time must be a number of seconds");
}

static int take_settings(struct parser *p, const struct span *f)
{
	enum path_fault fault = path_fault(f[1].at, f[1].len, false);
	char *path;

	if (p->d->nsettings == DEVICE_SETTINGS_MAX)
		return device_bad(p, "more than %d settings", DEVICE_SETTINGS_MAX);
	if (fault != PATH_FINE)
		return device_bad(p, "a setting is a path inside the tree, and this one %s", path_fault_text(fault));
	path = p->d->settings[p->d->nsettings];
	memcpy(path, f[1].at, f[1].len);
	path[f[1].len] = '\0';
	for (size_t i = 0; i < p->d->nsettings; i++)
		if (strcmp(p->d->settings[i], path) == 0)
			return device_bad(p, "this setting stands here twice");
	p->d->nsettings++;
	return 0;
}

static int take_reboot(struct parser *p, const struct span *f)
{
	size_t used = 0;

	if (f[1].at[0] != '/')
		return device_bad(p, "reboot wants the absolute path of a program");
	for (size_t i = 1; i < p->nfields; i++) {
		if (f[i].len + 1 > sizeof p->d->reboot - used)
			return device_bad(p, "the words of reboot are too long");
		memcpy(p->d->reboot + used, f[i].at, f[i].len);
		used += f[i].len;
		p->d->reboot[used++] = '\0';
	}
	p->d->nreboot = p->nfields - 1;
	return 0;
}

enum { ONCE = 1, NEEDED = 2, FIELDS_MAX = 1 + DEVICE_REBOOT_MAX };

static const struct directive {
	const char *word;
	size_t least, most;      /* fields, the word among them */
	unsigned flags;
	int (*take)(struct parser *p, const struct span *f);
} directives[] = {
	{"board", 3, 3, ONCE | NEEDED, take_board},
	{"product", 2, 2, ONCE | NEEDED, take_product},
	{"state", 2, 2, ONCE | NEEDED, take_state},
	{"slot", 3, 4, NEEDED, device_take_slot},
	{"keyring", 2, 2, NEEDED, take_keyring},
	{"dialect", 2, 2, ONCE, take_dialect},
	{"hooks", 2, 2, ONCE, take_hooks},
	{"boot", 2, 3, ONCE, device_take_boot},
	{"boot-tries", 2, 2, ONCE, device_take_boot_tries},
	{"staging", 2, 2, ONCE, device_take_staging},
	{"expect-mtd", 2, FIELDS_MAX, 0, device_take_expect_mtd},
	{"proc", 2, 2, ONCE, device_take_proc},
	{"settings", 2, 2, 0, take_settings},
	{"reboot", 2, FIELDS_MAX, ONCE, take_reboot},
	{"max-upload", 2, 2, ONCE, take_max_upload},
	{"min-rate", 2, 2, ONCE, take_min_rate},
	{"max-time", 2, 2, ONCE, take_max_time},
};
enum { NDIRECTIVES = sizeof directives / sizeof *directives };

static int bad_count(const struct parser *p, const struct directive *d)
{
	if (d->least == d->most)
		return device_bad(p, "`%s' wants %zu values", d->word, d->most - 1);
	return device_bad(p, "`%s' wants %zu to %zu values", d->word, d->least - 1, d->most - 1);
}

static int take_line(struct parser *p, struct span line)
{
	struct span f[FIELDS_MAX];
	size_t n;

	if (line.len == 0 || line.at[0] == '#')
		return 0;
	n = text_fields(line, f, FIELDS_MAX);
	for (size_t i = 0; i < NDIRECTIVES; i++) {
		if (n == 0 || !span_is(f[0], directives[i].word))
			continue;
		if (n < directives[i].least || n > directives[i].most)
			return bad_count(p, &directives[i]);
		if (directives[i].flags & ONCE && p->seen & 1U << i)
			return device_bad(p, "`%s' stands here twice", directives[i].word);
		p->seen |= 1U << i;
		p->nfields = n;
		p->rest = (struct span){f[1].at, (size_t)(line.at + line.len - f[1].at)};
		return directives[i].take(p, f);
	}
	return device_bad(p, "unknown directive, or fields not parted by single spaces");
}

static int check_complete(const struct parser *p)
{
	const char *fault = device_slots_fault(p->d);

	for (size_t i = 0; i < NDIRECTIVES; i++)
		if (directives[i].flags & NEEDED && !(p->seen & 1U << i))
			return err_set(p->e, VERDICT_USAGE, "%s: there is no `%s' line", p->name, directives[i].word);
	return fault ? err_set(p->e, VERDICT_USAGE, "%s: %s", p->name, fault) : 0;
}

int device_parse(struct device *d, const char *name, const char *text, size_t len,
		 int (*keyring)(struct device *d, const char *path, struct err *e), struct err *e)
{
	struct parser p = {.d = d, .name = name, .keyring = keyring, .e = e};

	*d = (struct device){.max_upload = DEVICE_UPLOAD_DEFAULT, .min_rate = DEVICE_MIN_RATE_DEFAULT,
			     .max_time = DEVICE_MAX_TIME_DEFAULT, .boot_tries = DEVICE_BOOT_TRIES_DEFAULT, .proc = DEVICE_PROC_DEFAULT};
	for (size_t at = 0; at < len;) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t n = end ? (size_t)(end - text) - at : len - at;

		p.line++;
		for (size_t i = 0; i < n; i++)
			if ((unsigned char)text[at + i] < 0x20 || (unsigned char)text[at + i] > 0x7e)
				return device_bad(&p, "a byte that is no printable ASCII");
		if (take_line(&p, (struct span){text + at, n}) != 0)
			return -1;
		at += n + 1;
	}
	return check_complete(&p);
}

static int load_key(struct device *d, const char *path, struct err *e)
{
	return trust_add_any_file(&d->trust, path, e);
}

int device_load(struct device *d, const char *path, struct err *e)
{
	char *text = NULL;
	size_t len = 0;
	int rc;

	if (io_read_file(&text, &len, path, DEVICE_FILE_MAX, e) != 0)
		return err_prefix(e, "device file");
	rc = device_parse(d, path, text, len, load_key, e);
	free(text);
	return rc;
}
