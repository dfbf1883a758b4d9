/* SPDX-License-Identifier: ISC */
/* The one path check. */
#include "core/path.h"

#include <stdint.h>
#include <string.h>

enum { USTAR_NAME = 100, USTAR_PREFIX = 155 };

const char *path_fault_text(enum path_fault fault)
{
	switch (fault) {
	case PATH_FINE: return "is fine";
	case PATH_EMPTY: return "is empty";
	case PATH_TOO_LONG: return "is too long for the format";
	case PATH_ABSOLUTE: return "is absolute";
	case PATH_EMPTY_COMPONENT: return "has an empty component";
	case PATH_DOT: return "has a `.' component";
	case PATH_DOTDOT: return "has a `..' component";
	case PATH_BACKSLASH: return "has a backslash that is no systemd escape (\\xHH)";
	case PATH_CONTROL: return "has a control byte";
	case PATH_LINK_OUTSIDE: return "is a link that leads out of the tree";
	case PATH_LINK_ABSOLUTE: return "is a link with an absolute target";
	case PATH_LINK_RELATIVE: return "is a root link with a relative target";
	}
	return "is not allowed";
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/* systemd names units with `\xHH' (systemd-escape(1)), so root file systems are full of them. Even where a backslash parts
 * components, such a one begins with `x': neither `..' nor a root. Any other backslash is refused. */
static bool is_systemd_escape(const char *at, size_t left)
{
	return left >= 4 && at[1] == 'x' && is_hex(at[2]) && is_hex(at[3]);
}

static enum path_fault bytes_fault(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < 0x20 || c == 0x7f)
			return PATH_CONTROL;
		if (c == '\\' && !is_systemd_escape(text + i, len - i))
			return PATH_BACKSLASH;
	}
	return PATH_FINE;
}

static enum path_fault component_fault(const char *at, size_t len)
{
	if (len == 0)
		return PATH_EMPTY_COMPONENT;
	if (len == 1 && at[0] == '.')
		return PATH_DOT;
	if (len == 2 && at[0] == '.' && at[1] == '.')
		return PATH_DOTDOT;
	return PATH_FINE;
}

/* The length of the component that begins at AT, LEFT bytes before the end. */
static size_t component(const char *at, size_t left)
{
	const char *slash = memchr(at, '/', left);

	return slash ? (size_t)(slash - at) : left;
}

enum path_fault path_fault(const char *path, size_t len, bool is_dir)
{
	enum path_fault fault;

	if (len == 0)
		return PATH_EMPTY;
	if (len > PATH_MAX_LEN)
		return PATH_TOO_LONG;
	if (path[0] == '/')
		return PATH_ABSOLUTE;
	fault = bytes_fault(path, len);
	if (fault != PATH_FINE)
		return fault;
	for (size_t i = 0; i <= len;) {
		size_t n = component(path + i, len - i);

		fault = component_fault(path + i, n);
		if (fault != PATH_FINE)
			return fault;
		i += n + 1;
	}
	if (is_dir) {
		char name[PATH_MAX_LEN + 1];

		memcpy(name, path, len);
		name[len] = '/';
		return path_ustar_split(name, len + 1) < 0 ? PATH_TOO_LONG : PATH_FINE;
	}
	return path_ustar_split(path, len) < 0 ? PATH_TOO_LONG : PATH_FINE;
}

enum path_fault path_link_fault(const char *path, const char *target, size_t len)
{
	size_t depth = 0; /* directories between the root and the link */
	bool named = false;
	enum path_fault fault;

	if (len == 0)
		return PATH_EMPTY;
	if (len > LINK_MAX_LEN)
		return PATH_TOO_LONG;
	if (target[0] == '/')
		return PATH_LINK_ABSOLUTE;
	fault = bytes_fault(target, len);
	if (fault != PATH_FINE)
		return fault;
	for (const char *p = path; *p; p++)
		depth += *p == '/';
	for (size_t i = 0; i <= len;) {
		size_t n = component(target + i, len - i);

		fault = component_fault(target + i, n);
		if (fault == PATH_EMPTY_COMPONENT)
			return fault;
		if (fault == PATH_DOTDOT) {
			if (named)
				return PATH_DOTDOT;
			if (depth-- == 0)
				return PATH_LINK_OUTSIDE;
		} else if (fault == PATH_FINE) {
			named = true;
		}
		i += n + 1;
	}
	return PATH_FINE;
}

enum path_fault path_rootlink_fault(const char *target, size_t len)
{
	if (len == 0)
		return PATH_EMPTY;
	if (len > LINK_MAX_LEN)
		return PATH_TOO_LONG;
	if (target[0] != '/')
		return PATH_LINK_RELATIVE;
	return bytes_fault(target, len);
}

int path_ustar_split(const char *path, size_t len)
{
	size_t first;
	const char *slash;

	if (len <= USTAR_NAME)
		return 0;
	first = len - USTAR_NAME - 1; /* a slash here leaves exactly 100 bytes of name */
	slash = memchr(path + first, '/', len - first - 1); /* never a directory's own last slash */
	if (!slash || slash == path || (size_t)(slash - path) > USTAR_PREFIX)
		return -1;
	return (int)(slash - path);
}
