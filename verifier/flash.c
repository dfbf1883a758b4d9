/* SPDX-License-Identifier: ISC */
/* Copy by copy. */
#include "verifier/flash.h"

#include <stdlib.h>
#include <unistd.h>

#include "core/io.h"

enum { COPY_BUFFER = 64 << 10 };

int flash_fits(const char *target, uint64_t size, struct err *e)
{
	struct copy c;
	int rc = 0;

	while (rc == 0 && copy_next(&c, &target)) {
		struct raw *r = NULL;

		rc = raw_open(&r, &c, true, e);
		if (rc == 0)
			rc = raw_fits(r, size, e);
		raw_close(&r);
	}
	return rc;
}

static bool holds(struct raw *r, uint64_t size, const unsigned char hash[static HASH_SIZE])
{
	unsigned char found[HASH_SIZE];

	return raw_hash(r, size, found, NULL) == 0 && crypto_equal(found, hash, HASH_SIZE);
}

static int pour(struct raw *r, int fd, uint64_t size, struct err *e)
{
	unsigned char *buf = malloc(COPY_BUFFER);
	uint64_t left = size;
	int rc = -1;

	if (!buf)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	if (lseek(fd, 0, SEEK_SET) != 0) {
		err_errno(e, "cannot read what is staged for %s", r->what);
		goto out;
	}
	if (raw_begin(r, size, e) != 0)
		goto out;
	while (left > 0) {
		ssize_t n = io_read_full(fd, buf, left < COPY_BUFFER ? (size_t)left : COPY_BUFFER);

		if (n <= 0) {
			err_set(e, VERDICT_SYSTEM, "what is staged for %s cannot be read", r->what);
			goto out;
		}
		if (raw_put(r, buf, (size_t)n, e) != 0)
			goto out;
		left -= (uint64_t)n;
	}
	rc = raw_end(r, e);
out:
	free(buf);
	return rc;
}

int flash_write(int fd, uint64_t size, const unsigned char hash[static HASH_SIZE], const char *target, struct err *e)
{
	struct copy c;
	int rc = 0;

	while (rc == 0 && copy_next(&c, &target)) {
		struct raw *r = NULL;

		rc = raw_open(&r, &c, true, e);
		if (rc == 0 && !holds(r, size, hash)) {
			rc = pour(r, fd, size, e);
			if (rc == 0)
				rc = raw_check(r, size, hash, e);
		}
		raw_close(&r);
	}
	return rc;
}

bool flash_holds(uint64_t size, const unsigned char hash[static HASH_SIZE], const char *target)
{
	struct copy c;
	bool all = true;

	while (all && copy_next(&c, &target)) {
		struct raw *r = NULL;

		all = raw_open(&r, &c, false, NULL) == 0 && holds(r, size, hash);
		raw_close(&r);
	}
	return all;
}
