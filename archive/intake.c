/* SPDX-License-Identifier: ISC */
/* Entries become messages, content goes to the spool. */
#include "archive/intake.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/io.h"

enum { PROGRESS_STEP = 4 << 20 };

static int say(struct intake *i, struct message *m, struct err *e)
{
	return message_send(&i->to, m) == 0 ? 0 : err_errno(e, "cannot tell what %s holds", i->name);
}

static int count(struct intake *i, struct err *e)
{
	if (i->entries == INTAKE_ENTRIES_MAX)
		return err_set(e, VERDICT_TOO_LARGE, "%s holds more than %d entries", i->name, INTAKE_ENTRIES_MAX);
	i->entries++;
	return 0;
}

int intake_member(struct intake *i, const struct import_member *m, struct err *e)
{
	struct message made;

	if (count(i, e) != 0)
		return -1;
	message_begin(&made, MESSAGE_ENTRY);
	message_put(&made, (uint64_t)m->kind, 1);
	message_put(&made, m->mode, 4);
	message_put(&made, m->uid, 8);
	message_put(&made, m->gid, 8);
	message_put(&made, m->size, 8);
	message_put(&made, m->offset, 8);
	message_put_text(&made, m->path, IMPORT_PATH_MAX);
	message_put_text(&made, m->target ? m->target : "", IMPORT_TARGET_MAX);
	return say(i, &made, e);
}

static int note(struct intake *i, enum message_kind kind, const char *path, const char *reason, struct err *e)
{
	struct message made;

	message_begin(&made, kind);
	message_put_text(&made, path, IMPORT_PATH_MAX);
	message_put_text(&made, reason, IMPORT_REASON_MAX);
	return say(i, &made, e);
}

int intake_refuse(struct intake *i, const char *path, struct err *e, const char *reason, ...)
{
	char text[IMPORT_REASON_MAX + 1];
	va_list args;

	if (count(i, e) != 0)
		return -1;
	va_start(args, reason);
	vsnprintf(text, sizeof text, reason, args);
	va_end(args);
	return note(i, MESSAGE_REFUSED, path, text, e);
}

int intake_warn(struct intake *i, const char *path, struct err *e, const char *reason)
{
	return note(i, MESSAGE_WARNED, path, reason, e);
}

int intake_progress(struct intake *i, struct err *e)
{
	uint64_t done = i->file ? i->file->given : i->spooled;
	struct message made;

	if (done - i->told < PROGRESS_STEP)
		return 0;
	i->told = done;
	message_begin(&made, MESSAGE_PROGRESS);
	message_put(&made, done, 8);
	if (say(i, &made, e) != 0)
		return -1;
	return message_flush(&i->to) == 0 ? 0 : err_errno(e, "cannot tell what %s holds", i->name);
}

static int spool(struct intake *i, const unsigned char *bytes, size_t n, struct err *e)
{
	return io_write_all(i->spool, bytes, n) == 0 ? 0 : err_errno(e, "cannot write the archive's content to a temporary file");
}

int intake_flush(struct intake *i, struct err *e)
{
	size_t n = i->held;

	i->held = 0;
	return n > 0 ? spool(i, i->buffer, n, e) : 0;
}

int intake_write(struct intake *i, const unsigned char *bytes, size_t n, struct err *e)
{
	i->spooled += n;
	if (i->spooled > i->limit)
		return err_set(e, VERDICT_TOO_LARGE, "%s expands to over %" PRIu64 " bytes, far too much for its own size: if that "
			       "is meant, unpack it and pack the folder", i->name, i->limit);
	if (n > sizeof i->buffer - i->held && intake_flush(i, e) != 0)
		return -1;
	if (n >= sizeof i->buffer / 4)
		return intake_flush(i, e) == 0 ? spool(i, bytes, n, e) : -1;
	memcpy(i->buffer + i->held, bytes, n);
	i->held += n;
	return 0;
}

const char *intake_plain(char *name, bool is_dir, bool *root)
{
	size_t len;

	while (name[0] == '.' && name[1] == '/')
		name += 2;
	len = strlen(name);
	if (is_dir && len > 1 && name[len - 1] == '/')
		name[--len] = '\0';
	*root = is_dir && (len == 0 || strcmp(name, ".") == 0);
	return name;
}

const char *intake_kind_fault(uint32_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFBLK: return "it is a block device";
	case S_IFCHR: return "it is a character device";
	case S_IFIFO: return "it is a FIFO";
	case S_IFSOCK: return "it is a socket";
	default: return "it is of no known kind";
	}
}

/* The length of the UTF-8 sequence at AT, 0 when there is none. */
static size_t sequence(const unsigned char *at, size_t left)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n = at[0] < 0x80 ? 1 : at[0] < 0xc2 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : at[0] < 0xf5 ? 4 : 0;
	uint32_t code;

	if (n < 2)
		return n;
	if (n > left)
		return 0;
	code = at[0] & (0xffU >> (n + 1));
	for (size_t k = 1; k < n; k++) {
		if ((at[k] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (at[k] & 0x3f);
	}
	return code < least[n] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000) ? 0 : n;
}

bool intake_is_utf8(const char *text, size_t len)
{
	const unsigned char *at = (const unsigned char *)text;

	for (size_t k = 0, n; k < len; k += n) {
		n = sequence(at + k, len - k);
		if (n == 0)
			return false;
	}
	return true;
}
