/* SPDX-License-Identifier: ISC */
/* A stream into memory, and then out at once. */
#include "flasher/output.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/io.h"

static bool is_standard(const char *name)
{
	return !name || strcmp(name, "-") == 0;
}

/* A device or a pipe: it is written to, never replaced. */
static bool is_stream(const char *name)
{
	struct stat st;

	return stat(name, &st) == 0 && (S_ISCHR(st.st_mode) || S_ISFIFO(st.st_mode));
}

int output_prove(const char *name, bool force, struct err *e)
{
	struct io_new file;
	struct stat st;
	char quoted[160];

	if (is_standard(name) || is_stream(name))
		return 0;
	if (!force && lstat(name, &st) == 0)
		return err_set(e, VERDICT_USAGE, "%s exists already; expected: another name, or --force to write over it",
			       err_quote(quoted, sizeof quoted, name, strlen(name)));
	if (io_new_open(&file, name, 0644, e))
		return -1;
	io_new_discard(&file);
	return 0;
}

static int write_stream(const struct output *o, const char *name, struct err *e)
{
	int fd = open(name, O_WRONLY | O_NOCTTY | O_CLOEXEC), rc;

	if (fd < 0)
		return err_errno(e, "cannot open %s", name);
	rc = io_write_all(fd, o->text, o->len) ? err_errno(e, "cannot write %s", name) : 0;
	if (close(fd) != 0 && rc == 0)
		rc = err_errno(e, "cannot write %s", name);
	return rc;
}

/* Puts the place into the message of E, which says why NAME could not be written. Returns -1. */
static int save(const struct output *o, const char *name, struct err *e)
{
	const char *slash = strrchr(name, '/'), *base = slash ? slash + 1 : name;
	const char *const before[] = {name, base, "/tmp/"};
	char place[4096 + 16], quoted[200];

	for (size_t i = 0; i < 3; i++) {
		for (unsigned n = 1; n < 10; n++) {
			int len = snprintf(place, sizeof place, "%s%s.saved-%u", before[i], i == 2 ? base : "", n);
			struct err why = *e;

			if (len < 0 || (size_t)len >= sizeof place || io_write_new(place, o->text, o->len, 0600, true, NULL) != 0)
				continue;
			return err_set(e, why.verdict, "%.700s; the result is saved as %s", why.message, err_quote(quoted, sizeof quoted, place, strlen(place)));
		}
	}
	return -1;
}

int output_open(struct output *o, struct err *e)
{
	*o = (struct output){.file = NULL};
	o->file = open_memstream(&o->text, &o->len);
	return o->file ? 0 : err_set(e, VERDICT_SYSTEM, "out of memory");
}

int output_commit(struct output *o, const char *name, bool force, struct err *e)
{
	bool lost = ferror(o->file) != 0;
	int rc;

	lost = fclose(o->file) != 0 || lost;
	o->file = NULL;
	if (lost)
		rc = err_set(e, VERDICT_SYSTEM, "out of memory");
	else if (!is_standard(name) && is_stream(name))
		rc = write_stream(o, name, e);
	else if (!is_standard(name))
		rc = io_write_new(name, o->text, o->len, 0644, !force, e) == 0 ? 0 : save(o, name, e);
	else
		rc = fwrite(o->text, 1, o->len, stdout) == o->len && fflush(stdout) == 0 ? 0 : err_errno(e, "cannot write standard output");
	output_discard(o);
	return rc;
}

void output_discard(struct output *o)
{
	if (o->file)
		fclose(o->file);
	free(o->text);
	*o = (struct output){.file = NULL};
}
