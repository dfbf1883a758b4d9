/* SPDX-License-Identifier: ISC */
/* Makes what the linker says is constant after relocation read-only: glibc's start code does so, and musl's does not for a program that
 * is its own loader. Without it the tables of verbs, targets and board methods could be overwritten. */
#include <link.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* The linker's name for the beginning of the file in memory. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

__attribute__((constructor)) static void protect(void)
{
	uintptr_t base = (uintptr_t)&__ehdr_start, page = (uintptr_t)sysconf(_SC_PAGESIZE);
	const ElfW(Phdr) *segment = (const void *)(base + __ehdr_start.e_phoff);

	for (unsigned i = 0; i < __ehdr_start.e_phnum; i++) {
		uintptr_t first = (base + segment[i].p_vaddr) / page * page;
		uintptr_t end = (base + segment[i].p_vaddr + segment[i].p_memsz) / page * page;

		if (segment[i].p_type == PT_GNU_RELRO && end > first && mprotect((void *)first, end - first, PROT_READ) != 0)
			abort();
	}
}
