/* SPDX-License-Identifier: ISC */
/* Archives of all formats, from anybody: what comes out is a tree whose paths are safe, sorted, and each there once. */
#define _GNU_SOURCE /* memfd_create */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "archive/import.h"
#include "core/io.h"
#include "tests/fuzz/safe_tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("archive", MFD_CLOEXEC), spool = memfd_create("spool", MFD_CLOEXEC), said = memfd_create("said", MFD_CLOEXEC);

	if (fd < 0 || spool < 0 || said < 0 || io_write_all(fd, data, size) != 0)
		abort();
	import_serve(fd, spool, "fuzz", said); /* both halves in one process, so that the fuzzer sees them */
	if (lseek(said, 0, SEEK_SET) != 0)
		abort();
	must_be_safe(said, spool, import_limit(size), true);
	close(fd);
	close(said);
	return 0;
}
