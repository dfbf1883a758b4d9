/* SPDX-License-Identifier: ISC */
/* One page of memory for one password. */
#define _GNU_SOURCE /* explicit_bzero, MAP_ANONYMOUS, MADV_DONTDUMP, prctl */
#include "flasher/secret.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/io.h"

struct secret {
	char text[SECRET_MAX + 1];
};

int secret_protect_process(struct err *e)
{
	static const struct rlimit none = {0, 0};

	if (setrlimit(RLIMIT_CORE, &none) || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		return err_errno(e, "cannot forbid core dumps");
	return 0;
}

/* Byte by byte: what follows the line on that descriptor belongs to somebody else. */
static int read_line(struct secret *s, int fd, struct err *e)
{
	size_t n = 0;

	for (;;) {
		char c;
		ssize_t got = read(fd, &c, 1);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_errno(e, "cannot read the password");
		if (got == 0 || c == '\n')
			break;
		if ((unsigned char)c < 0x20 || c == 0x7f)
			return err_set(e, VERDICT_USAGE,
				       "the password's line holds a control byte (lines must end in LF, not CR LF)");
		if (n == SECRET_MAX)
			return err_set(e, VERDICT_USAGE, "the password is over %d bytes", SECRET_MAX);
		s->text[n++] = c;
		if (n == 3 && memcmp(s->text, "\xef\xbb\xbf", 3) == 0)
			return err_set(e, VERDICT_USAGE, "the password's file begins with a byte order mark, which is not part of it: save it as "
				       "UTF-8 without one");
	}
	if (n == 0)
		return err_set(e, VERDICT_USAGE, "the password's first line is empty");
	return 0;
}

int secret_read(struct secret **out, const char *file, int fd, struct err *e)
{
	struct secret *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int from = fd, rc = -1;

	*out = NULL;
	if (s == MAP_FAILED)
		return err_errno(e, "no memory for the password");
	/* Each of these hardens only; where the kernel or a limit forbids one, the password still works. */
	(void)mlock(s, sizeof *s);
	(void)madvise(s, sizeof *s, MADV_DONTDUMP);
	(void)madvise(s, sizeof *s, MADV_WIPEONFORK);
	if (file) {
		from = io_open_private(file, IO_NOT_OWNERS, e);
		if (from < 0) {
			err_prefix(e, "the password file");
			goto out;
		}
	}
	if (read_line(s, from, e))
		goto out;
	*out = s;
	s = NULL;
	rc = 0;
out:
	if (file && from >= 0)
		close(from);
	secret_free(&s);
	return rc;
}

const char *secret_text(const struct secret *s)
{
	return s->text;
}

void secret_free(struct secret **s)
{
	if (!*s)
		return;
	explicit_bzero(*s, sizeof **s);
	munmap(*s, sizeof **s);
	*s = NULL;
}
