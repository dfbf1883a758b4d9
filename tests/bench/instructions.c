/* SPDX-License-Identifier: ISC */
/* A plugin for qemu-arm (API 1): counts the instructions that a program executes, by translation block.
 *   qemu-arm -plugin ./instructions.so,out=FILE PROGRAM...
 * FILE gets the address at which the code begins, then a line for each block: its address and the instructions executed from it.
 * Debian ships no header for plugins: what is used of the interface is declared here. */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct qemu_plugin_tb;
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, void (*call)(uint64_t id, struct qemu_plugin_tb *tb));
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *tb, int op, void *counter, uint64_t amount);
void qemu_plugin_register_atexit_cb(uint64_t id, void (*call)(uint64_t id, void *data), void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_start_code(void);

extern int qemu_plugin_version;
int qemu_plugin_version = 1;
int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv);

struct block {
	uint64_t address, executed;
	struct block *next;
};

static struct block *blocks;
static const char *out;

static void translated(uint64_t id, struct qemu_plugin_tb *tb)
{
	struct block *b = calloc(1, sizeof *b);

	(void)id;
	if (!b)
		abort();
	b->address = qemu_plugin_tb_vaddr(tb);
	b->next = blocks;
	blocks = b;
	qemu_plugin_register_vcpu_tb_exec_inline(tb, 0 /* add */, &b->executed, qemu_plugin_tb_n_insns(tb));
}

static void finish(uint64_t id, void *data)
{
	FILE *f = fopen(out, "w");

	(void)id;
	(void)data;
	if (!f)
		abort();
	fprintf(f, "%" PRIx64 "\n", qemu_plugin_start_code());
	for (const struct block *b = blocks; b; b = b->next)
		if (b->executed > 0)
			fprintf(f, "%" PRIx64 " %" PRIu64 "\n", b->address, b->executed);
	if (fclose(f) != 0)
		abort();
}

int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
	(void)info;
	for (int i = 0; i < argc; i++)
		if (strncmp(argv[i], "out=", 4) == 0)
			out = strdup(argv[i] + 4);
	if (!out)
		return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, finish, NULL);
	return 0;
}
