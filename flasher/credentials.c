/* SPDX-License-Identifier: ISC */
/* Reads the credentials file, and every password it names. */
#include "flasher/credentials.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/io.h"

#define MAGIC "firmseal-credentials 1"
#define DEFAULT "default"

enum {
	PATH_BYTES = 4096,
	NOT_SYSTEMDS = 037, /* it gives a service's user leave by an ACL, whose mask shows as the group's leave to read */
};

struct credentials {
	struct credential_list lists[CREDENTIALS_NAMES_MAX];
	size_t n;
};

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
	int fd = io_open_private(file, forbidden, e), rc;

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
		return text[0] == '/' ? read_password(out, text, IO_NOT_OWNERS, e)
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

/* What stands behind a password's place. */
static int take_scheme(struct credential *c, const char *name, const struct span *f, size_t n, struct err *e)
{
	*c->realm = '\0';
	c->scheme = CREDENTIAL_DIGEST;
	if (n == 0)
		return 0;
	if (span_is(f[0], "token") && n == 1) {
		c->scheme = CREDENTIAL_TOKEN;
		return strcmp(name, DEFAULT) != 0 ? 0 : err_set(e, VERDICT_USAGE, "boards that name no credential have `" DEFAULT "', and a token "
										 "line is sent as it is: give it another name, and name that for its boards");
	}
	if (!span_is(f[0], "digest"))
		return err_set(e, VERDICT_USAGE, "a line ends with its scheme: digest, digest REALM or token");
	if (n > 1 && text_unescape(c->realm, sizeof c->realm, f[1]) <= 0)
		return err_set(e, VERDICT_USAGE, "a realm has 1 to %d bytes, escaped (%%20 for a blank)", CHALLENGE_REALM_MAX);
	return 0;
}

static int take_line(struct credentials *c, struct span line, struct err *e)
{
	struct span f[7];
	struct credential_list *list;
	struct credential *each;
	size_t n = text_fields(line, f, 7);

	if (n < 5 || !span_is(f[0], "credential") || !text_is_name(f[1]))
		return err_set(e, VERDICT_USAGE, "wanted: credential NAME USER file|systemd|fd WHERE [digest [REALM] | token]");
	list = list_named(c, f[1], e);
	if (!list)
		return -1;
	if (list->n == CREDENTIALS_EACH_MAX)
		return err_set(e, VERDICT_USAGE, "%s has over %d logins: some boards lock a user out", list->name,
			       CREDENTIALS_EACH_MAX);
	each = &list->each[list->n];
	if (text_unescape(each->user, sizeof each->user, f[2]) < 0 || !credential_user_valid(each->user))
		return err_set(e, VERDICT_USAGE, "that is no user's name");
	if (take_scheme(each, list->name, f + 5, n - 5, e) != 0 || read_source(&each->password, f[3], f[4], e))
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
	fd = io_open_private(file, IO_NOT_OWNERS, e);
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

int credentials_single(struct credentials **out, enum credential_scheme scheme, const char *user, struct secret *password, struct err *e)
{
	struct credentials *c;

	*out = NULL;
	if (!credential_user_valid(user))
		return err_set(e, VERDICT_USAGE, "a user's name has 1 to %d printable ASCII bytes, no blank, colon, quote or "
				                 "backslash", CREDENTIAL_USER_MAX);
	c = calloc(1, sizeof *c);
	if (!c)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	snprintf(c->lists[0].name, sizeof c->lists[0].name, DEFAULT);
	snprintf(c->lists[0].each[0].user, sizeof c->lists[0].each[0].user, "%s", user);
	c->lists[0].each[0].scheme = scheme;
	c->lists[0].each[0].password = password;
	c->lists[0].n = c->n = 1;
	*out = c;
	return 0;
}

const struct credential_list *credentials_find(const struct credentials *c, const char *name)
{
	if (!*name)
		name = DEFAULT;
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->lists[i].name, name) == 0)
			return &c->lists[i];
	return NULL;
}

enum credential_scheme credential_scheme_of(const struct board *profile)
{
	return profile->dialect == BOARD_TOKEN ? CREDENTIAL_TOKEN : CREDENTIAL_DIGEST;
}

const char *credential_scheme_word(enum credential_scheme scheme)
{
	return scheme == CREDENTIAL_TOKEN ? "token" : "digest";
}

const char *credential_realm(const struct credential *c, const struct board *profile, const char *realm)
{
	return c->realm[0] ? c->realm : profile->realm[0] ? profile->realm : realm ? realm : "";
}

size_t credential_next(const struct credential_list *list, size_t from, const struct board *profile, const char *realm)
{
	enum credential_scheme scheme = credential_scheme_of(profile);

	for (size_t i = from; list && i < list->n; i++)
		if (list->each[i].scheme == scheme && (scheme == CREDENTIAL_TOKEN || *credential_realm(&list->each[i], profile, realm)))
			return i;
	return CREDENTIALS_EACH_MAX;
}

int credential_check(const struct credential_list *list, const char *name, const struct board *profile, const char *realm, struct err *e)
{
	const char *scheme = credential_scheme_word(credential_scheme_of(profile));
	bool token = credential_scheme_of(profile) == CREDENTIAL_TOKEN;

	if (credential_next(list, 0, profile, realm) != CREDENTIALS_EACH_MAX)
		return 0;
	if (!*name)
		name = DEFAULT;
	if (!list)
		return err_set(e, VERDICT_USAGE, "there is no credential \"%s\": write a line `credential %s USER file WHERE %s'", name, name,
			       scheme);
	for (size_t i = 0; i < list->n; i++)
		if (list->each[i].scheme == credential_scheme_of(profile))
			return err_set(e, VERDICT_USAGE, "neither the credential \"%s\" nor the profile %s names a realm: write `digest REALM' behind "
							 "its line (%%20 for a blank), or --realm TEXT", name, profile->id);
	return err_set(e, VERDICT_USAGE, "no line of the credential \"%s\" is for %s, whose scheme is %s%s: write a line `credential %s USER file "
					 "WHERE %s', and name it for these boards", name, profile->id, scheme,
		       token ? ", which is sent the password itself" : "", token && strcmp(name, DEFAULT) == 0 ? "NAME" : name, scheme);
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
