/* SPDX-License-Identifier: ISC */
/* Errors: the one table of verdict words and the statuses they lead to. */
#include "core/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *word;
	enum status status;
} verdicts[VERDICT_COUNT] = {
	[VERDICT_NOT_A_BUNDLE] = {"not-a-bundle", STATUS_MALFORMED},
	[VERDICT_MALFORMED_HEADER] = {"malformed-header", STATUS_MALFORMED},
	[VERDICT_MALFORMED_SIGNATURE] = {"malformed-signature", STATUS_MALFORMED},
	[VERDICT_MALFORMED_MANIFEST] = {"malformed-manifest", STATUS_MALFORMED},
	[VERDICT_MALFORMED_KEYRING] = {"malformed-keyring", STATUS_MALFORMED},
	[VERDICT_TRUNCATED] = {"truncated", STATUS_MALFORMED},
	[VERDICT_TRAILING_DATA] = {"trailing-data", STATUS_MALFORMED},
	[VERDICT_TOO_LARGE] = {"too-large", STATUS_MALFORMED},
	[VERDICT_UNSIGNED] = {"unsigned", STATUS_NOT_AUTHENTIC},
	[VERDICT_UNTRUSTED_KEY] = {"untrusted-key", STATUS_NOT_AUTHENTIC},
	[VERDICT_REVOKED_KEY] = {"revoked-key", STATUS_NOT_AUTHENTIC},
	[VERDICT_BAD_SIGNATURE] = {"bad-signature", STATUS_NOT_AUTHENTIC},
	[VERDICT_THRESHOLD] = {"threshold", STATUS_NOT_AUTHENTIC},
	[VERDICT_KEYRING_GAP] = {"keyring-gap", STATUS_NOT_AUTHENTIC},
	[VERDICT_CHUNK_HASH] = {"chunk-hash", STATUS_NOT_AUTHENTIC},
	[VERDICT_CHUNK_SIZE] = {"chunk-size", STATUS_MALFORMED},
	[VERDICT_PAYLOAD_MISMATCH] = {"payload-mismatch", STATUS_MALFORMED},
	[VERDICT_FILE_HASH] = {"file-hash", STATUS_NOT_AUTHENTIC},
	[VERDICT_ATTACHMENT_HASH] = {"attachment-hash", STATUS_NOT_AUTHENTIC},
	[VERDICT_CROSS_SITE] = {"cross-site", STATUS_NOT_AUTHENTIC},
	[VERDICT_UNSAFE_PATH] = {"unsafe-path", STATUS_MALFORMED},
	[VERDICT_WRONG_BOARD] = {"wrong-board", STATUS_NOT_FOR_BOARD},
	[VERDICT_WRONG_PRODUCT] = {"wrong-product", STATUS_NOT_FOR_BOARD},
	[VERDICT_ROLLBACK] = {"rollback", STATUS_NOT_FOR_BOARD},
	[VERDICT_UNSAFE_TARGET] = {"unsafe-target", STATUS_UNSAFE_TARGET},
	[VERDICT_HALTED] = {"halted", STATUS_HALTED},
	[VERDICT_BUSY] = {"busy", STATUS_SYSTEM},
	[VERDICT_SYSTEM] = {"system", STATUS_SYSTEM},
	[VERDICT_USAGE] = {"usage", STATUS_USAGE},
};

const char *verdict_word(enum verdict verdict)
{
	if (verdict == VERDICT_OK)
		return "ok";
	return verdict < VERDICT_COUNT ? verdicts[verdict].word : "system";
}

int verdict_find(enum verdict *out, const char *word)
{
	*out = VERDICT_OK;
	for (int v = 0; strcmp(verdict_word(*out), word) != 0; v++) {
		if (v == VERDICT_COUNT)
			return -1;
		*out = (enum verdict)v;
	}
	return 0;
}

enum status verdict_status(enum verdict verdict)
{
	if (verdict == VERDICT_OK)
		return STATUS_DONE;
	return verdict < VERDICT_COUNT ? verdicts[verdict].status : STATUS_SYSTEM;
}

static void fill(struct err *e, enum verdict verdict, const char *format, va_list args) __attribute__((format(printf, 3, 0)));

static void fill(struct err *e, enum verdict verdict, const char *format, va_list args)
{
	if (!e)
		return;
	e->verdict = verdict;
	vsnprintf(e->message, sizeof e->message, format, args);
}

int (err_set)(struct err *e, enum verdict verdict, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fill(e, verdict, format, args);
	va_end(args);
	return -1;
}

enum decision err_refuse(struct err *e, enum verdict verdict, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fill(e, verdict, format, args);
	va_end(args);
	return REFUSED;
}

int (err_errno)(struct err *e, const char *format, ...)
{
	int error = errno;
	va_list args;
	size_t n;

	if (!e)
		return -1;
	e->verdict = VERDICT_SYSTEM;
	va_start(args, format);
	vsnprintf(e->message, sizeof e->message, format, args);
	va_end(args);
	n = strlen(e->message);
	snprintf(e->message + n, sizeof e->message - n, ": %s", strerror(error));
	return -1;
}

int (err_prefix)(struct err *e, const char *format, ...)
{
	char old[ERR_MESSAGE_MAX];
	va_list args;
	size_t n;

	if (!e)
		return -1;
	memcpy(old, e->message, sizeof old);
	va_start(args, format);
	vsnprintf(e->message, sizeof e->message, format, args);
	va_end(args);
	n = strlen(e->message);
	snprintf(e->message + n, sizeof e->message - n, ": %s", old);
	return -1;
}

static const char *escape(char *out, size_t size, const void *bytes, size_t len, unsigned char besides)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *p = bytes;
	size_t at = 0;

	for (size_t i = 0; i < len; i++) {
		if (at + 4 + 3 >= size) { /* one escape more, and the dots */
			memcpy(out + at, "...", 3);
			at += 3;
			break;
		}
		if (p[i] >= 0x20 && p[i] <= 0x7e && p[i] != '\\' && p[i] != besides) {
			out[at++] = (char)p[i];
		} else {
			out[at++] = '\\';
			out[at++] = 'x';
			out[at++] = digits[p[i] >> 4];
			out[at++] = digits[p[i] & 15];
		}
	}
	out[at] = '\0';
	return out;
}

const char *err_quote(char *out, size_t size, const void *bytes, size_t len)
{
	return escape(out, size, bytes, len, '"');
}

const char *err_escape(char *out, size_t size, const void *bytes, size_t len)
{
	return escape(out, size, bytes, len, '\\');
}
