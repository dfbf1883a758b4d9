/* SPDX-License-Identifier: ISC */
/* Reads the credentials file, and every password it names. */
#include "flasher/credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/io.h"

#define MAGIC "firmseal-credentials 1"

enum {
	PATH_BYTES = 4096,
	NOT_OWNERS = 077,
	NOT_SYSTEMDS = 037, /* it gives a service's user leave by an ACL, whose mask shows as the group's leave to read */
};

struct credentials {
	struct credential_list lists[CREDENTIALS_NAMES_MAX];
	size_t n;
};

/* Opens FILE, which nobody may use as FORBIDDEN says: on that descriptor, so that what was looked at is what is read. */
static int open_private(const char *file, mode_t forbidden, struct err *e)
{
	char quoted[160];
	struct stat st;
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	err_quote(quoted, sizeof quoted, file, strlen(file));
	if (fd < 0)
		return err_errno(e, "cannot open %s", quoted);
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		err_set(e, VERDICT_USAGE, "%s is not a regular file", quoted);
	else if (st.st_uid != geteuid() && st.st_uid != 0)
		err_set(e, VERDICT_USAGE, "%s belongs to another user", quoted);
	else if (st.st_mode & forbidden)
		err_set(e, VERDICT_USAGE, "%s may be used by others than its owner (mode %04o; chmod 600)", quoted,
			(unsigned)(st.st_mode & 07777));
	else
		return fd;
	close(fd);
	return -1;
}

bool credential_user_valid(const char *user)
{
	size_t n = strlen(user);

	for (size_t i = 0; i < n; i++)
		if (user[i] < 0x21 || user[i] > 0x7e || strchr(":\"\\", user[i]))
			return false;
	return n > 0 && n <= CREDENTIAL_USER_MAX;
}

static int read_password(struct secret **out, const char *file, mode_t forbidden, struct err *e)
{
	int fd = open_private(file, forbidden, e), rc;

	if (fd < 0)
		return -1;
	rc = secret_read(out, NULL, fd, e);
	close(fd);
	return rc;
}

/* systemd hands credentials over in a directory that it names in the environment: the one way there is to learn it. */
static int read_systemd(struct secret **out, const char *name, struct err *e)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	char path[PATH_BYTES];
	int n;

	if (!dir || dir[0] != '/')
		return err_set(e, VERDICT_USAGE, "systemd gave this process no credentials (LoadCredential=%s:...)", name);
	n = snprintf(path, sizeof path, "%s/%s", dir, name);
	if (n < 0 || (size_t)n >= sizeof path)
		return err_set(e, VERDICT_USAGE, "the path of the credential %s is too long", name);
	return read_password(out, path, NOT_SYSTEMDS, e);
}

static int read_source(struct secret **out, struct span kind, struct span value, struct err *e)
{
	char text[PATH_BYTES];
	uint64_t fd;

	if (text_unescape(text, sizeof text, value) < 0)
		return err_set(e, VERDICT_USAGE, "the last field is not escaped as it should be (%%20 for a blank)");
	if (span_is(kind, "file"))
		return text[0] == '/' ? read_password(out, text, NOT_OWNERS, e)
				      : err_set(e, VERDICT_USAGE, "a password file wants its absolute path");
	if (span_is(kind, "systemd"))
		return text_is_name(value) ? read_systemd(out, text, e)
					   : err_set(e, VERDICT_USAGE, "that is no name of a credential");
	if (span_is(kind, "fd"))
		return text_number(&fd, value, INT_MAX) == 0 ? secret_read(out, NULL, (int)fd, e)
							     : err_set(e, VERDICT_USAGE, "that is no descriptor");
	return err_set(e, VERDICT_USAGE, "a password comes from file, systemd or fd");
}

static struct credential_list *list_named(struct credentials *c, struct span name, struct err *e)
{
	for (size_t i = 0; i < c->n; i++)
		if (span_is(name, c->lists[i].name))
			return &c->lists[i];
	if (c->n == CREDENTIALS_NAMES_MAX) {
		err_set(e, VERDICT_USAGE, "there are over %d names", CREDENTIALS_NAMES_MAX);
		return NULL;
	}
	memcpy(c->lists[c->n].name, name.at, name.len);
	return &c->lists[c->n++];
}

static int take_line(struct credentials *c, struct span line, struct err *e)
{
	struct span f[5];
	struct credential_list *list;
	struct credential *each;

	if (text_fields(line, f, 5) != 5 || !span_is(f[0], "credential") || !text_is_name(f[1]))
		return err_set(e, VERDICT_USAGE, "wanted: credential NAME USER file|systemd|fd WHERE");
	list = list_named(c, f[1], e);
	if (!list)
		return -1;
	if (list->n == CREDENTIALS_EACH_MAX)
		return err_set(e, VERDICT_USAGE, "%s has over %d logins: some boards lock a user out", list->name,
			       CREDENTIALS_EACH_MAX);
	each = &list->each[list->n];
	if (text_unescape(each->user, sizeof each->user, f[2]) < 0 || !credential_user_valid(each->user))
		return err_set(e, VERDICT_USAGE, "that is no user's name");
	if (read_source(&each->password, f[3], f[4], e))
		return -1;
	list->n++;
	return 0;
}

static int parse(struct credentials *c, const char *text, size_t len, struct err *e)
{
	const char *end = text + len;

	for (size_t number = 1; text < end; number++) {
		const char *lf = memchr(text, '\n', (size_t)(end - text));
		struct span line = {text, lf ? (size_t)(lf - text) : (size_t)(end - text)};

		if (number == 1 && !span_is(line, MAGIC))
			return err_set(e, VERDICT_USAGE, "line 1: wanted: " MAGIC);
		if (number > 1 && line.len && line.at[0] != '#' && take_line(c, line, e))
			return err_prefix(e, "line %zu", number);
		text += line.len + (lf ? 1 : 0);
	}
	return c->n ? 0 : err_set(e, VERDICT_USAGE, "no credential in it");
}

int credentials_read(struct credentials **out, const char *file, struct err *e)
{
	struct credentials *c = calloc(1, sizeof *c);
	char *text = malloc(CREDENTIALS_FILE_MAX + 1), quoted[160];
	ssize_t len;
	int fd = -1, rc = -1;

	*out = NULL;
	if (!c || !text) {
		err_set(e, VERDICT_SYSTEM, "out of memory");
		goto out;
	}
	fd = open_private(file, NOT_OWNERS, e);
	if (fd < 0)
		goto out;
	err_quote(quoted, sizeof quoted, file, strlen(file));
	len = io_read_full(fd, text, CREDENTIALS_FILE_MAX + 1);
	if (len < 0) {
		err_errno(e, "cannot read %s", quoted);
		goto out;
	}
	if (len > CREDENTIALS_FILE_MAX) {
		err_set(e, VERDICT_TOO_LARGE, "%s is over %d bytes", quoted, CREDENTIALS_FILE_MAX);
		goto out;
	}
	if (parse(c, text, (size_t)len, e)) {
		err_prefix(e, "%s", quoted);
		goto out;
	}
	*out = c;
	c = NULL;
	rc = 0;
out:
	if (fd >= 0)
		close(fd);
	free(text);
	credentials_free(&c);
	return rc;
}

int credentials_single(struct credentials **out, const char *user, struct secret *password, struct err *e)
{
	struct credentials *c;

	*out = NULL;
	if (!credential_user_valid(user))
		return err_set(e, VERDICT_USAGE, "a user's name has 1 to %d printable ASCII bytes, no blank, colon, quote or "
				                 "backslash", CREDENTIAL_USER_MAX);
	c = calloc(1, sizeof *c);
	if (!c)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	snprintf(c->lists[0].name, sizeof c->lists[0].name, "default");
	snprintf(c->lists[0].each[0].user, sizeof c->lists[0].each[0].user, "%s", user);
	c->lists[0].each[0].password = password;
	c->lists[0].n = c->n = 1;
	*out = c;
	return 0;
}

const struct credential_list *credentials_find(const struct credentials *c, const char *name)
{
	if (!*name)
		name = "default";
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->lists[i].name, name) == 0)
			return &c->lists[i];
	return NULL;
}

void credentials_free(struct credentials **c)
{
	if (!*c)
		return;
	for (size_t i = 0; i < (*c)->n; i++)
		for (size_t k = 0; k < CREDENTIALS_EACH_MAX; k++)
			secret_free(&(*c)->lists[i].each[k].password);
	free(*c);
	*c = NULL;
}
