/* SPDX-License-Identifier: ISC */
/* The boot methods by name, and which side runs. */
#include "verifier/boot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/io.h"
#include "verifier/state.h"

enum { CMDLINE_MAX = 8192, BOOT_ID_SIZE = 64 };
#define TOLD "firmseal.side="

static const struct boot_method *method(const struct device *d)
{
	static const struct boot_method *const methods[] = {
		[BOOT_NONE] = NULL, [BOOT_UBOOT_ENV] = &boot_uboot_env, [BOOT_MARKER] = &boot_marker, [BOOT_LINK] = &boot_link};

	return d->two_sided ? methods[d->boot] : NULL;
}

enum side boot_other(enum side side)
{
	return side == SIDE_A ? SIDE_B : SIDE_A;
}

const char *boot_letter(enum side side)
{
	return side == SIDE_A ? "a" : "b";
}

int boot_side(enum side *out, struct span text)
{
	*out = span_is(text, "b") ? SIDE_B : SIDE_A;
	return span_is(text, "a") || span_is(text, "b") ? 0 : -1;
}

bool boot_told(const struct device *d, enum side *out)
{
	char path[DEVICE_TARGET_MAX + 16], *text = NULL;
	bool told = false;
	size_t len = 0;

	snprintf(path, sizeof path, "%s/cmdline", d->proc);
	if (io_read_file(&text, &len, path, CMDLINE_MAX, NULL) != 0)
		return false;
	for (const char *at = text; *at; ) {
		size_t n = strcspn(at, " \n"), head = strlen(TOLD);

		if (n > head && memcmp(at, TOLD, head) == 0)
			told = boot_side(out, (struct span){at + head, n - head}) == 0; /* the last one counts */
		at += n + (at[n] != '\0');
	}
	free(text);
	return told;
}

/* What the kernel calls this start, 36 characters, another one each time. Returns false when it does not say. */
static bool boot_id(const struct device *d, char out[static BOOT_ID_SIZE])
{
	char path[DEVICE_TARGET_MAX + 32], *text = NULL;
	size_t len = 0;

	snprintf(path, sizeof path, "%s/sys/kernel/random/boot_id", d->proc);
	if (io_read_file(&text, &len, path, BOOT_ID_SIZE, NULL) != 0)
		return false;
	snprintf(out, BOOT_ID_SIZE, "%.*s", (int)strcspn(text, "\n"), text);
	free(text);
	return out[0] != '\0';
}

/* The body of STATE/running: "SIDE BOOT-ID\n". */
int boot_note_running(const struct device *d, enum side side, struct err *e)
{
	char id[BOOT_ID_SIZE], body[BOOT_ID_SIZE + 4];
	int n;

	if (!boot_id(d, id))
		return 0;
	n = snprintf(body, sizeof body, "%s %s\n", boot_letter(side), id);
	return state_write(d, "running", body, (size_t)n, e);
}

static bool noted(const struct device *d, enum side *out)
{
	char id[BOOT_ID_SIZE], *body = NULL;
	size_t len = 0;
	bool found = false;

	if (boot_id(d, id) && state_read(d, "running", &body, &len, BOOT_ID_SIZE + 4, NULL) == 1)
		found = len == strlen(id) + 3 && body[1] == ' ' && memcmp(body + 2, id, strlen(id)) == 0 &&
			boot_side(out, (struct span){body, 1}) == 0;
	free(body);
	return found;
}

bool boot_given_up(const struct device *d, const struct boot_state *s)
{
	enum side ran;

	return !s->trial && noted(d, &ran) && ran != s->side;
}

int boot_read(const struct device *d, struct boot_state *out, struct err *e)
{
	const struct boot_method *m = method(d);
	enum side told;

	*out = (struct boot_state){.side = SIDE_A};
	if (!m)
		return err_set(e, VERDICT_USAGE, "this board has no two sides");
	if (m->read(d, out, e) == 0)
		return 0;
	if (!boot_told(d, &told))
		return -1;
	*out = (struct boot_state){.side = told};
	return 0;
}

int boot_write(const struct device *d, const struct boot_state *next, struct err *e)
{
	const struct boot_method *m = method(d);

	return m ? m->write(d, next, e) : err_set(e, VERDICT_USAGE, "this board has no two sides");
}

enum side boot_running(const struct device *d, const struct boot_state *s)
{
	enum side told;

	if (boot_told(d, &told) || noted(d, &told))
		return told;
	return s->trial && s->tries == 0 ? boot_other(s->side) : s->side;
}

int boot_attempt(const struct device *d, struct boot_state *out, struct err *e)
{
	const struct boot_method *m = method(d);

	if (!m || !m->counts)
		return err_set(e, VERDICT_USAGE, "on this board %s", m ? "the boot loader counts the starts" : "there are no two sides");
	if (m->read(d, out, e) != 0)
		return -1;
	if (!out->trial)
		return m->write(d, out, e); /* its traces may be of different ages after a power cut */
	if (out->tries < d->boot_tries)
		out->tries++;
	else
		*out = (struct boot_state){.side = boot_other(out->side)};
	return m->write(d, out, e);
}
