/* SPDX-License-Identifier: ISC */
/* What Debian's libubootenv.a, compiled for glibc with a 32-bit off_t, takes of glibc and zlib. The build renames its lseek and stat, whose
 * arguments are laid out differently in musl; the others have names that musl does not know. tests/board.sh compares the list. */
#define _GNU_SOURCE /* vasprintf, getdelim */
#include <errno.h>
#include <libdeflate.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* glibc's struct stat for 32-bit ARM: 88 bytes, the mode at 16. libubootenv reads nothing else of it. */
struct glibc_stat {
	uint32_t before[4], mode, behind[17];
};

_Static_assert(sizeof(struct glibc_stat) == 88, "glibc's struct stat");

int ubootenv_stat(const char *name, struct glibc_stat *out);
int32_t ubootenv_lseek(int fd, int32_t offset, int whence);
int __asprintf_chk(char **out, int flag, const char *format, ...);
int __snprintf_chk(char *out, size_t max, int flag, size_t room, const char *format, ...);
int __sprintf_chk(char *out, int flag, size_t room, const char *format, ...);
int __isoc99_sscanf(const char *text, const char *format, ...);
ssize_t __getdelim(char **line, size_t *room, int delimiter, FILE *f);
void *__memcpy_chk(void *to, const void *from, size_t len, size_t room);
unsigned long crc32(unsigned long crc, const unsigned char *bytes, unsigned len);

int ubootenv_stat(const char *name, struct glibc_stat *out)
{
	struct stat st;

	if (stat(name, &st) != 0)
		return -1;
	memset(out, 0, sizeof *out);
	out->mode = st.st_mode;
	return 0;
}

int32_t ubootenv_lseek(int fd, int32_t offset, int whence)
{
	off_t at = lseek(fd, offset, whence);

	if (at > INT32_MAX) {
		errno = EOVERFLOW;
		return -1;
	}
	return (int32_t)at;
}

int __asprintf_chk(char **out, int flag, const char *format, ...)
{
	va_list values;
	int n;

	(void)flag;
	va_start(values, format);
	n = vasprintf(out, format, values);
	va_end(values);
	return n;
}

int __snprintf_chk(char *out, size_t max, int flag, size_t room, const char *format, ...)
{
	va_list values;
	int n;

	(void)flag;
	if (max > room)
		abort();
	va_start(values, format);
	n = vsnprintf(out, max, format, values);
	va_end(values);
	return n;
}

/* ROOM is SIZE_MAX where the compiler did not know it. */
int __sprintf_chk(char *out, int flag, size_t room, const char *format, ...)
{
	va_list values;
	int n;

	(void)flag;
	va_start(values, format);
	n = vsnprintf(out, room < INT_MAX ? room : INT_MAX, format, values);
	va_end(values);
	if (n < 0 || (size_t)n >= room)
		abort();
	return n;
}

int __isoc99_sscanf(const char *text, const char *format, ...)
{
	va_list values;
	int n;

	va_start(values, format);
	n = vsscanf(text, format, values);
	va_end(values);
	return n;
}

ssize_t __getdelim(char **line, size_t *room, int delimiter, FILE *f)
{
	return getdelim(line, room, delimiter, f);
}

void *__memcpy_chk(void *to, const void *from, size_t len, size_t room)
{
	if (len > room)
		abort();
	return memcpy(to, from, len);
}

unsigned long crc32(unsigned long crc, const unsigned char *bytes, unsigned len)
{
	return libdeflate_crc32((uint32_t)crc, bytes, len);
}
