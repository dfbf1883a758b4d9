/* SPDX-License-Identifier: ISC */
/* Extended attributes (xattr(7)) and what is kept in them: access control lists (acl(5)), capabilities (capabilities(7)). A bundle has none,
 * so each one that is there is a difference. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "verifier/audit_parts.h"

enum { NAMES_MAX = 64 << 10 };  /* bytes of a file's list of names: the kernel's XATTR_LIST_MAX */
_Static_assert((int)NAMES_MAX <= (int)AUDIT_BUFFER, "a list of names fits into a worker's buffer");

enum meaning { PASSED_OVER, ACCESS_LIST, DEFAULT_LIST, CAPABILITIES, OTHER };

static const struct {
	const char *name;
	enum meaning meaning;
} known[] = {
	{"system.posix_acl_access", ACCESS_LIST},
	{"system.posix_acl_default", DEFAULT_LIST},
	{"security.capability", CAPABILITIES},
	/* The kernel answers these for files in which nothing is stored: labels of the running policy, NFSv4's view of the mode. */
	{"security.selinux", PASSED_OVER},
	{"system.nfs4_acl", PASSED_OVER},
};

static enum meaning meaning_of(const char *name)
{
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (strcmp(name, known[i].name) == 0)
			return known[i].meaning;
	return OTHER;
}

static void report(struct audit *a, const char *path, const char *name)
{
	char quoted[4 * 255 + 1];

	switch (meaning_of(name)) {
	case PASSED_OVER: return;
	case CAPABILITIES: audit_report(a, FINDING_MODE, true, path, "it has been given capabilities"); return;
	case ACCESS_LIST: audit_report(a, FINDING_ATTRIBUTE, false, path, "an access control list (getfacl shows it), signed without"); return;
	case DEFAULT_LIST:
		audit_report(a, FINDING_ATTRIBUTE, false, path, "an access control list for what is made in it (getfacl shows it), signed without");
		return;
	case OTHER:
		audit_report(a, FINDING_ATTRIBUTE, false, path, "the extended attribute \"%s\" (getfattr shows it), signed without",
			     err_quote(quoted, sizeof quoted, name, strlen(name)));
	}
}

/* Reports the N bytes of names in NAMES, or, when N is negative, what errno says. */
static void report_all(struct audit *a, const char *path, const char *names, ssize_t n)
{
	if (n < 0 && errno != ENOTSUP && errno != ENOSYS)
		audit_report(a, FINDING_UNREADABLE, false, path, "its extended attributes cannot be listed");
	for (const char *name = names; n > 0 && name < names + n; name += strlen(name) + 1)
		report(a, path, name);
}

void audit_attributes(struct audit *a, int fd, const char *path, unsigned char buf[static AUDIT_BUFFER])
{
	report_all(a, path, (char *)buf, flistxattr(fd, (char *)buf, NAMES_MAX));
}

void audit_attributes_of(struct audit *a, int dir, const char *base, const char *path, mode_t mode, unsigned char buf[static AUDIT_BUFFER])
{
	char name[32 + PATH_MAX_LEN];
	ssize_t n;
	int fd;

	if (S_ISDIR(mode)) {
		fd = openat(dir, base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (fd < 0)
			return; /* the walk says that it cannot be read */
		audit_attributes(a, fd, path, buf);
		close(fd);
		return;
	}
	/* By this name the kernel reaches it without opening it, and follows no link. */
	if (snprintf(name, sizeof name, "/proc/self/fd/%d/%s", dir, base) >= (int)sizeof name)
		return;
	n = llistxattr(name, (char *)buf, NAMES_MAX);
	if (n >= 0 || (errno != ENOENT && errno != ENOTDIR)) /* without /proc it cannot be told */
		report_all(a, path, (char *)buf, n);
}
