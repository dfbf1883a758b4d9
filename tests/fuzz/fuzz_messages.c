/* SPDX-License-Identifier: ISC */
/* What a reader of archives that somebody has taken over may say to its parent: the tree stays safe. */
#define _GNU_SOURCE /* memfd_create */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/io.h"
#include "tests/fuzz/safe_tree.h"

enum { SPOOL_LEN = 1 << 16, LIMIT = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int said = memfd_create("said", MFD_CLOEXEC), spool = memfd_create("spool", MFD_CLOEXEC);

	if (said < 0 || spool < 0 || io_write_all(said, data, size) != 0 || lseek(said, 0, SEEK_SET) != 0 || ftruncate(spool, SPOOL_LEN) != 0)
		abort();
	must_be_safe(said, spool, LIMIT, false);
	close(said);
	return 0;
}
