/* SPDX-License-Identifier: ISC */
/* Reading back what was written. */
#include "core/readback.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/io.h"

enum { BUFFER = 64 << 10 };

int readback_check(int fd, const unsigned char hash[static HASH_SIZE], const char *what, struct err *e)
{
	unsigned char found[HASH_SIZE], *buf = malloc(BUFFER);
	struct hash state;
	ssize_t n;

	if (!buf)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED); /* or else the page cache would answer for the flash */
	n = lseek(fd, 0, SEEK_SET) == 0 ? 1 : -1;
	hash_init(&state, HASH_SIZE);
	while (n > 0 && (n = io_read_full(fd, buf, BUFFER)) > 0)
		hash_update(&state, buf, (size_t)n);
	hash_final(&state, found, HASH_SIZE);
	free(buf);
	if (n < 0)
		return err_errno(e, "cannot read %s back", what);
	if (!crypto_equal(found, hash, HASH_SIZE))
		return err_set(e, VERDICT_SYSTEM, "%s reads back otherwise than it was written: the medium is failing", what);
	return 0;
}
