/* SPDX-License-Identifier: ISC */
/* Files on their way to be signed or verified. */
#include "keys/subject.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/io.h"
#include "core/manifest.h"
#include "keys/sign.h"

enum { STEP = 256 << 10 };

/* A manifest's text, kept for the parser. */
struct kept {
	char *text;
	size_t len;
};

static bool begins_as_manifest(const void *bytes, size_t len)
{
	return len >= strlen(MANIFEST_MAGIC) && memcmp(bytes, MANIFEST_MAGIC, strlen(MANIFEST_MAGIC)) == 0;
}

static int keep(struct kept *k, const void *bytes, size_t len, struct err *e)
{
	char *more;

	if (len > MANIFEST_MAX - k->len)
		return err_set(e, VERDICT_TOO_LARGE, "the manifest is over %zu bytes", MANIFEST_MAX);
	more = realloc(k->text, k->len + len);
	if (!more)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	memcpy(more + k->len, bytes, len);
	k->text = more;
	k->len += len;
	return 0;
}

/* Hashes to the end; keeps in K, unless it is NULL, what begins as a manifest. */
static int hash_all(unsigned char prehash[static PREHASH_SIZE], struct kept *k, int fd, struct err *e)
{
	unsigned char *buf = malloc(STEP);
	bool first = true, manifest = false;
	struct hash h;
	ssize_t n = 0;
	int rc = -1;

	if (!buf)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	hash_init(&h, PREHASH_SIZE);
	do {
		n = io_read_full(fd, buf, STEP);
		if (n < 0) {
			err_errno(e, "cannot read it");
			goto out;
		}
		if (first)
			manifest = k && begins_as_manifest(buf, (size_t)n);
		first = false;
		if (manifest && keep(k, buf, (size_t)n, e) != 0)
			goto out;
		hash_update(&h, buf, (size_t)n);
	} while (n == STEP);
	hash_final(&h, prehash, PREHASH_SIZE);
	rc = 0;
out:
	free(buf);
	return rc;
}

static int manifest_comment(struct subject *s, struct kept *k, struct err *e)
{
	const struct manifest_head *head;
	struct manifest *m = NULL;
	char *text = k->text;

	k->text = NULL; /* the parser's now, also when it fails */
	if (manifest_parse(&m, text, k->len, e) != 0)
		return -1;
	head = manifest_head(m);
	sign_manifest_comment(s->comment, sizeof s->comment, head->product, head->version, head->counter);
	manifest_free(&m);
	return 0;
}

static bool is_standard(const char *name)
{
	return strcmp(name, "-") == 0;
}

static int open_regular(const char *name, struct err *e)
{
	struct stat st;
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK); /* a FIFO must not hang us */

	if (fd < 0)
		return err_errno(e, "cannot open it");
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return err_set(e, VERDICT_SYSTEM, "not a regular file");
	}
	return fd;
}

static int prefix_name(const char *name, struct err *e)
{
	char quoted[160];

	if (is_standard(name))
		return err_prefix(e, "standard input");
	return err_prefix(e, "%s", err_quote(quoted, sizeof quoted, name, strlen(name)));
}

static int hash_named(unsigned char prehash[static PREHASH_SIZE], struct kept *k, const char *name, struct err *e)
{
	int rc = -1, fd = is_standard(name) ? STDIN_FILENO : open_regular(name, e);

	if (fd >= 0)
		rc = hash_all(prehash, k, fd, e);
	if (fd >= 0 && fd != STDIN_FILENO)
		close(fd);
	return rc == 0 ? 0 : prefix_name(name, e);
}

/* "file:" and the last component, its odd bytes escaped: the same wherever the file lies, and whenever it is signed. */
static int file_comment(struct subject *s, const char *name, struct err *e)
{
	const char *slash = strrchr(name, '/'), *base = slash ? slash + 1 : name;

	if (3 * strlen(base) + sizeof "file:" > sizeof s->comment)
		return err_set(e, VERDICT_USAGE, "its name is too long");
	memcpy(s->comment, "file:", sizeof "file:");
	text_escape(s->comment + strlen("file:"), base, strlen(base));
	return 0;
}

int subject_read(struct subject *out, const char *name, struct err *e)
{
	struct kept k = {.text = NULL};
	int rc = -1;

	if (hash_named(out->prehash, &k, name, e) == 0) {
		rc = k.text ? manifest_comment(out, &k, e) : file_comment(out, name, e);
		if (rc != 0)
			prefix_name(name, e);
	}
	free(k.text);
	return rc;
}

int subject_hash(unsigned char prehash[static PREHASH_SIZE], const char *name, struct err *e)
{
	return hash_named(prehash, NULL, name, e);
}
