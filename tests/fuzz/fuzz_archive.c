/* SPDX-License-Identifier: ISC */
/* Archives of all formats, from anybody: what comes out is a tree whose paths are safe, sorted, and each there once. */
#define _GNU_SOURCE /* memfd_create */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/io.h"
#include "packer/import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_be_safe(const struct tree *t)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct tree_entry *entry = &t->entries[i];

		if (path_fault(entry->path, strlen(entry->path), entry->type == ENTRY_DIR) != PATH_FINE || entry->refused)
			abort();
		if (i > 0 && strcmp(t->entries[i - 1].path, entry->path) >= 0)
			abort();
		if (entry->type == ENTRY_LINK && path_link_fault(entry->path, entry->target, strlen(entry->target)) != PATH_FINE)
			abort();
		if (entry->mode > 0777 || entry->uid || entry->gid)
			abort(); /* neither was asked for */
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct tree_rules rules;
	struct tree *t = tree_new(&rules);
	struct err e = {0};
	int fd = memfd_create("archive", MFD_CLOEXEC);

	if (!t || fd < 0 || io_write_all(fd, data, size) != 0 || lseek(fd, 0, SEEK_SET) != 0)
		abort();
	t->spool = memfd_create("spool", MFD_CLOEXEC);
	if (import_archive(t, fd, "fuzz", NULL, &e) == 0)
		must_be_safe(t);
	else if (e.verdict == VERDICT_OK || e.message[0] == '\0')
		abort();
	tree_free(&t);
	close(fd);
	return 0;
}
