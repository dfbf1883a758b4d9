/* SPDX-License-Identifier: ISC */
/* The boundary that a Content-Type names (RFC 9110 section 5.6.6 for the parameters, RFC 2046 section 5.1.1 for its characters). */
#include <string.h>
#include <strings.h>

#include "verifier/multipart.h"

static int bad(struct err *e, const char *why)
{
	return err_set(e, VERDICT_MALFORMED_HEADER, "the upload's Content-Type: %s", why);
}

static const char *skip_blanks(const char *p)
{
	return p + strspn(p, " \t");
}

/* Reads a parameter's value at *P, quoted or not, and moves *P behind it. Returns 0 or -1. */
static int take_value(const char **p, const char **value, size_t *len)
{
	if (**p == '"') {
		*value = *p + 1;
		*len = strcspn(*value, "\"\\"); /* no boundary needs an escape, and no other parameter is looked at */
		*p = *value + *len;
		return *(*p)++ == '"' ? 0 : -1;
	}
	*value = *p;
	*len = strcspn(*p, "; \t\"\\");
	*p += *len;
	return *len > 0 ? 0 : -1;
}

static int take_boundary(char out[static MULTIPART_BOUNDARY_MAX + 1], const char *value, size_t len, struct err *e)
{
	static const char allowed[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'()+_,-./:=? ";

	if (*out)
		return bad(e, "two boundaries");
	if (len == 0 || len > MULTIPART_BOUNDARY_MAX)
		return bad(e, "a boundary has 1 to 70 characters");
	if (strspn(value, allowed) < len || value[len - 1] == ' ')
		return bad(e, "a boundary of characters that are not allowed in one");
	memcpy(out, value, len);
	out[len] = '\0';
	return 0;
}

int multipart_boundary(char out[static MULTIPART_BOUNDARY_MAX + 1], const char *content_type, struct err *e)
{
	static const char type[] = "multipart/form-data";
	const char *p;

	*out = '\0';
	if (!content_type || strncasecmp(content_type, type, sizeof type - 1) != 0)
		return bad(e, "only multipart/form-data is taken");
	p = skip_blanks(content_type + sizeof type - 1);
	while (*p == ';') {
		const char *name = skip_blanks(p + 1), *value;
		size_t name_len = strcspn(name, "=; \t\""), len;

		p = name + name_len;
		if (name_len == 0 || *p++ != '=' || take_value(&p, &value, &len) != 0)
			return bad(e, "parameters that are not NAME=VALUE");
		if (name_len == 8 && strncasecmp(name, "boundary", 8) == 0 && take_boundary(out, value, len, e) != 0)
			return -1;
		p = skip_blanks(p);
	}
	if (*p != '\0')
		return bad(e, "something that is not understood");
	return *out ? 0 : bad(e, "it names no boundary");
}
