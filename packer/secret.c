/* SPDX-License-Identifier: ISC */
/* Knows secret keys: those of this run by identity, others by how they begin. */
#define _GNU_SOURCE /* memmem */
#include "packer/secret.h"

#include <string.h>
#include <sys/stat.h>

void secret_own_add(struct secret_own *own, const char *file, const char *what)
{
	struct stat st;

	if (!file || own->n == SECRET_OWN_MAX || stat(file, &st) != 0)
		return;
	own->at[own->n].device = st.st_dev;
	own->at[own->n].inode = st.st_ino;
	own->at[own->n++].what = what;
}

const char *secret_own_find(const struct secret_own *own, dev_t device, ino_t inode)
{
	for (size_t i = 0; own && i < own->n; i++)
		if (own->at[i].device == device && own->at[i].inode == inode)
			return own->at[i].what;
	return NULL;
}

/* --- by content --- */

static bool begins(const unsigned char *bytes, size_t len, const char *text)
{
	return len >= strlen(text) && memcmp(bytes, text, strlen(text)) == 0;
}

/* One that is alone on its line: "-----BEGIN", words, "PRIVATE KEY-----" (PGP: "PRIVATE KEY BLOCK-----"). */
static bool is_pem(const unsigned char *bytes, size_t len)
{
	static const char head[] = "-----BEGIN ", words[] = "PRIVATE KEY";

	for (const unsigned char *at = bytes, *end = bytes + len; (at = memmem(at, (size_t)(end - at), words, sizeof words - 1)); at++) {
		const unsigned char *line = at, *behind = at + sizeof words - 1;

		while (line > bytes && line[-1] != '\n')
			line--;
		if (end - behind >= 6 && memcmp(behind, " BLOCK", 6) == 0)
			behind += 6;
		if (begins(line, (size_t)(at - line), head) && end - behind > 5 && memcmp(behind, "-----", 5) == 0 &&
		    (behind[5] == '\n' || behind[5] == '\r'))
			return true;
	}
	return false;
}

/* minisign's and signify's files are a comment and a line of base64, which begins as the key does: "Ed" and the algorithms behind it. */
static const char *commented(const unsigned char *bytes, size_t len)
{
	const unsigned char *line = memchr(bytes, '\n', len);
	size_t n = line ? len - (size_t)(++line - bytes) : 0;
	const unsigned char *end = n > 0 ? memchr(line, '\n', n) : NULL;

	if (!line || !begins(bytes, len, "untrusted comment:"))
		return NULL;
	n = end ? (size_t)(end - line) : n;
	while (n > 0 && line[n - 1] == '\r')
		n--;
	if (n == 212 && (begins(line, n, "RWRT") || begins(line, n, "RWQA"))) /* 158 bytes: "EdSc" with a password, "Ed" and zeros without one */
		return "a secret key of firmkey or minisign";
	if (n == 140 && begins(line, n, "RWRCS")) /* 104 bytes: "EdBK" */
		return "a secret key of signify";
	return NULL;
}

const char *secret_kind(const unsigned char *bytes, size_t len)
{
	const char *kind;

	if (len == 0 || len > SECRET_FILE_MAX)
		return NULL;
	kind = commented(bytes, len);
	if (kind)
		return kind;
	if (begins(bytes, len, "PuTTY-User-Key-File-"))
		return "a secret key of PuTTY";
	if (memmem(bytes, len, "AGE-SECRET-KEY-1", 16) && memchr(bytes, '\0', len) == NULL)
		return "a secret key of age";
	return is_pem(bytes, len) ? "a private key (PEM)" : NULL;
}
