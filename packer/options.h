/* SPDX-License-Identifier: ISC */
/* What `firmpack build` was asked to do. */
#ifndef PACKER_OPTIONS_H
#define PACKER_OPTIONS_H

#include <stdbool.h>

#include "core/manifest.h"
#include "core/minisig.h"
#include "keys/password.h"
#include "keys/signer.h"
#include "packer/tree.h"

enum {
	OPTIONS_WRITES_MAX = 64,
	OPTIONS_RUNS_MAX = 64,     /* the reader's limit */
	OPTIONS_ATTACH_MAX = 64,
	OPTIONS_KEYRINGS_MAX = 64, /* the format's */
};

/* Strings stay argv's. */
struct build_options {
	const char *input;         /* a directory or an archive */
	const char *output;
	const char *product, *version;
	uint64_t counter;
	bool have_counter;
	struct manifest_board boards[MANIFEST_BOARDS_MAX]; /* sorted */
	size_t nboards;
	struct manifest_write writes[OPTIONS_WRITES_MAX];  /* sorted by slot */
	size_t nwrites;
	struct manifest_run runs[OPTIONS_RUNS_MAX];        /* `before' first, else as given */
	size_t nruns;
	const char *attach[OPTIONS_ATTACH_MAX];
	size_t nattach;
	const char *keyrings[OPTIONS_KEYRINGS_MAX]; /* in the order of their serials */
	size_t nkeyrings;
	bool for_0_1;              /* --for 0.1: without the manifest's `keyring' line, which that version refuses */
	const char *keys[MINISIG_BLOCKS_MAX];
	size_t nkeys;
	struct signer_list signers; /* programs that sign */
	struct password password;  /* where the keys' passwords come from */
	int level;
	uint32_t chunk_size;
	unsigned threads;
	struct tree_rules rules;
	bool sbom, provenance;     /* evidence to be made */
	const char *sbom_dpkg, *sbom_list; /* components for the SBOM, or NULL */
	const char *builder;       /* URI of who builds */
	const char *source, *source_commit; /* URI and git commit of what it is built from, or NULL */
	bool not_signed;           /* --unsigned: signatures come later, by `attach` */
	bool allow_secrets;        /* secret keys of others may be packed */
	/* Said of what would be refused as a mistake (packer/confirm.h; names: see text_is_name and looks_wrong in options.c). */
	bool allow_empty, allow_folder, allow_names, allow_board;
	const char *boards_dir;    /* --boards, or NULL: the profiles beside the program */
	bool drop_unsafe, quiet, json;
};

/* Reads the arguments of `build` (ARGV[0] is the verb). What a signer says goes to SAY. Returns 0, or -1 (usage) with the message in E. */
MUST_CHECK int options_parse(struct build_options *o, int argc, char **argv, void (*say)(const char *text), struct err *e);

#endif
