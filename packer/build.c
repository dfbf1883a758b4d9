/* SPDX-License-Identifier: ISC */
/* Tree, keys, payload, manifest, signatures, bundle: in this order, for the reasons given at each step. */
#include "packer/build.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/io.h"
#include "core/trust.h"
#include "core/ustar.h"
#include "keys/sign.h"
#include "packer/bundle_write.h"
#include "packer/confirm.h"
#include "packer/evidence.h"
#include "packer/keyrings.h"
#include "packer/manifest_write.h"
#include "packer/secret.h"

struct build {
	const struct build_options *o;
	struct build_result *result;
	struct watch *watch;
	struct secret_own never;     /* keys, passwords and the bundle itself */
	struct attachments attachments;
	struct payload payload;
	int spool;                   /* of the payload */
	struct manifest *manifest;
	struct hand hands[MINISIG_BLOCKS_MAX]; /* what signs: the keys, then the programs */
	size_t nhands;
	struct trust own;            /* their public keys */
	struct chain chain;
	struct trust last;           /* the last of the keyrings that are put in */
	char *signatures;
	size_t signatures_len;
	struct seckey *keys[MINISIG_BLOCKS_MAX];
};

/* SOURCE_DATE_EPOCH, or the clock. */
static int take_time(uint64_t *created, struct err *e)
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");
	time_t now;

	if (epoch && *epoch != '\0') {
		if (text_number(created, (struct span){epoch, strlen(epoch)}, USTAR_SIZE_MAX) != 0)
			return err_set(e, VERDICT_USAGE, "SOURCE_DATE_EPOCH is no number of seconds");
		return 0;
	}
	now = time(NULL);
	if (now < 0 || (uint64_t)now > USTAR_SIZE_MAX)
		return err_set(e, VERDICT_SYSTEM, "the clock is wrong: set it, or SOURCE_DATE_EPOCH");
	*created = (uint64_t)now;
	return 0;
}

/* --- the tree --- */

/* What must not be packed, whatever its name is in the tree: else the next run would pack what this one has written, and the key would
 * go to every board. */
static int know_own(struct build *b, const struct stat *input, struct err *e)
{
	const char *base;
	int dir = io_parent(b->o->output, &base, e), rc;
	struct stat st;

	if (dir < 0)
		return -1;
	rc = fstat(dir, &st);
	close(dir);
	if (rc != 0)
		return err_errno(e, "cannot look at the directory of %s", b->o->output);
	if (st.st_dev == input->st_dev && st.st_ino == input->st_ino)
		return err_set(e, VERDICT_USAGE, "%s would be written into the folder that is packed, and be packed the next time: put it elsewhere",
			       b->o->output);
	b->never.at[b->never.n].device = st.st_dev;
	b->never.at[b->never.n].inode = st.st_ino;
	b->never.at[b->never.n++].what = "the folder that the bundle is written to: put the bundle elsewhere";
	return 0;
}

static void know_secrets(struct build *b)
{
	for (size_t i = 0; i < b->o->nkeys; i++)
		secret_own_add(&b->never, b->o->keys[i], "the secret key that signs this bundle");
	secret_own_add(&b->never, b->o->password.file, "the file with the key's password");
	secret_own_add(&b->never, b->o->output, "what the bundle will replace");
}

/* --strip of a folder: the only member of the directory that *FD is open on becomes it; the old descriptor is closed. */
static int enter_only_folder(const struct build *b, int *fd, struct err *e)
{
	char name[NAME_MAX + 1] = "", quoted[NOTES_QUOTED_MAX];
	int copy = openat(*fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), below;
	DIR *d = copy >= 0 ? fdopendir(copy) : NULL;
	const struct dirent *found;
	size_t n = 0;

	if (!d) {
		err_errno(e, "cannot read %s", b->o->input);
		if (copy >= 0)
			close(copy);
		return -1;
	}
	while ((found = readdir(d)) != NULL) {
		if (strcmp(found->d_name, ".") == 0 || strcmp(found->d_name, "..") == 0)
			continue;
		snprintf(name, sizeof name, "%s", found->d_name);
		n++;
	}
	closedir(d);
	below = n == 1 ? openat(*fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
	if (below < 0)
		return err_set(e, VERDICT_USAGE, "--strip %u: %s does not hold that many folders within one another and nothing beside them; there: %zu %s%s%s%s",
			       b->o->rules.strip, b->o->input, n, n == 1 ? "member" : "members", n ? ", such as \"" : "",
			       n ? err_quote(quoted, sizeof quoted, name, strlen(name)) : "", n ? "\"" : "");
	close(*fd);
	*fd = below;
	return 0;
}

static int read_folder(struct build *b, int fd, struct err *e)
{
	int inner = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = inner < 0 ? err_errno(e, "cannot open %s", b->o->input) : 0;
	struct stat st;

	for (unsigned i = 0; i < b->o->rules.strip && rc == 0; i++)
		rc = enter_only_folder(b, &inner, e);
	if (rc == 0 && fstat(inner, &st) != 0)
		rc = err_errno(e, "cannot look at %s", b->o->input);
	if (rc == 0)
		rc = know_own(b, &st, e) == 0 ? tree_read(b->result->tree, inner, e) : -1;
	if (inner >= 0)
		close(inner);
	return rc;
}

static int read_input(struct build *b, int fd, struct err *e)
{
	struct tree *t = b->result->tree;
	struct stat st;

	if (fstat(fd, &st) != 0)
		return err_errno(e, "cannot look at %s", b->o->input);
	t->own = &b->never;
	if (S_ISDIR(st.st_mode))
		return read_folder(b, fd, e);
	if (!S_ISREG(st.st_mode))
		return err_set(e, VERDICT_USAGE, "%s is neither a directory nor an archive", b->o->input);
	t->spool = io_spool(b->o->output, e);
	return t->spool >= 0 ? tree_import(t, fd, b->o->input, b->watch, e) : -1;
}

static int refusal(const struct build *b, struct err *e)
{
	const struct notes *refused = &b->result->tree->refused;
	size_t n = refused->n + refused->more;

	if (n == 0 || b->o->drop_unsafe)
		return 0;
	return err_set(e, VERDICT_UNSAFE_PATH, "%zu %s refused, first \"%s\": %s (--drop-unsafe leaves such out)", n,
		       n == 1 ? "entry is" : "entries are", refused->at[0].path, refused->at[0].reason);
}

/* What shall be written or run must be there as a file. */
static int check_file(const struct tree *t, const char *option, const char *path, struct err *e)
{
	const struct tree_entry *entry = tree_find(t, path, strlen(path));
	char quoted[NOTES_QUOTED_MAX];

	if (entry && entry->type == ENTRY_FILE)
		return 0;
	return err_set(e, VERDICT_USAGE, "--%s: the tree has no file \"%s\"", option,
		       err_quote(quoted, sizeof quoted, path, strlen(path)));
}

static int take_tree(struct build *b, struct err *e)
{
	const struct tree *t = b->result->tree;
	int fd = open(b->o->input, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC), rc;

	if (fd < 0)
		return err_errno(e, "cannot open %s", b->o->input);
	rc = read_input(b, fd, e);
	close(fd);
	if (rc != 0 || refusal(b, e) != 0)
		return -1;
	if (confirm_tree(b->o, t, e) != 0)
		return -1;
	for (size_t i = 0; i < b->o->nwrites; i++)
		if (check_file(t, "write", b->o->writes[i].path, e) != 0)
			return -1;
	for (size_t i = 0; i < b->o->nruns; i++)
		if (check_file(t, "run", b->o->runs[i].path, e) != 0)
			return -1;
	return 0;
}

/* --- keys and signatures --- */

static int add_hand(struct build *b, const struct hand *hand, const char *name, struct err *e)
{
	struct public_key *public = &b->own.keys[b->nhands];

	hand_public(hand, public);
	for (size_t i = 0; i < b->nhands; i++)
		if (memcmp(b->own.keys[i].id, public->id, KEYID_SIZE) == 0)
			return err_set(e, VERDICT_USAGE, "%s is a key that was given already", name);
	b->hands[b->nhands++] = *hand;
	b->own.nkeys = b->nhands;
	return 0;
}

static int load_key(struct build *b, size_t i, struct err *e)
{
	struct password password = b->o->password;

	if (seckey_load(&b->keys[i], b->o->keys[i], &password, e) != 0)
		return -1;
	return add_hand(b, &(struct hand){.key = b->keys[i]}, b->o->keys[i], e);
}

/* Only after the archive has been read: while libarchive was at work, no secret was in this process. Before the long work of packing,
 * so that a wrong password is known at once. */
static int load_keys(struct build *b, struct err *e)
{
	for (size_t i = 0; i < b->o->nkeys; i++)
		if (load_key(b, i, e) != 0)
			return -1;
	for (size_t i = 0; i < b->o->signers.n; i++)
		if (add_hand(b, &(struct hand){.signer = &b->o->signers.at[i]}, b->o->signers.at[i].argv[0], e) != 0)
			return -1;
	return 0;
}

static void free_keys(struct build *b)
{
	for (size_t i = 0; i < b->o->nkeys; i++)
		seckey_free(&b->keys[i]);
}

static int sign_all(struct build *b, const unsigned char prehash[static PREHASH_SIZE], struct err *e)
{
	char comment[MINISIG_COMMENT_MAX + 1];

	b->signatures = malloc(b->nhands * (size_t)SIGN_BLOCK_MAX);
	if (!b->signatures)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	sign_manifest_comment(comment, sizeof comment, b->o->product, b->o->version, b->o->counter);
	for (size_t i = 0; i < b->nhands; i++) {
		int n = sign_prehash_by(b->signatures + b->signatures_len, &b->hands[i], prehash, comment, e);

		if (n < 0)
			return -1;
		b->signatures_len += (size_t)n;
	}
	return 0;
}

/* Signs the manifest, then checks the signatures as a board would: a slip of memory or processor must not leave this room. */
static int sign(struct build *b, struct err *e)
{
	struct span text = manifest_text(b->manifest);
	unsigned char prehash[PREHASH_SIZE];
	struct signers signers;
	struct hash hash;

	if (b->o->not_signed)
		return 0;
	hash_init(&hash, PREHASH_SIZE);
	hash_update(&hash, text.at, text.len);
	hash_final(&hash, prehash, PREHASH_SIZE);
	if (sign_all(b, prehash, e) != 0)
		return -1;
	if (trust_check(&b->own, prehash, (struct span){b->signatures, b->signatures_len}, &signers, e) != ACCEPTED)
		return err_prefix(e, "a signature just made is wrong");
	if (signers.n != b->nhands)
		return err_set(e, VERDICT_SYSTEM, "a signature just made is missing");
	memcpy(b->result->signers, signers.ids, sizeof signers.ids);
	b->result->nsigners = signers.n;
	return 0;
}

/* --- all together --- */

/* What the reader would refuse is never signed: its own parser looks at the manifest first. */
static int make_manifest(struct build *b, struct err *e)
{
	char *text;
	size_t len;

	if (manifest_write_text(&text, &len, b->o, b->result->created, b->o->for_0_1 ? 0 : b->last.ring.serial, b->result->tree, &b->payload, &b->attachments, e) != 0)
		return -1;
	return manifest_parse(&b->manifest, text, len, e) == 0 ? 0 : err_prefix(e, "the new bundle would be refused");
}

static int pack(struct build *b, struct err *e)
{
	struct payload_options options = {.created = b->result->created, .chunk_size = b->o->chunk_size,
					  .level = b->o->level, .threads = b->o->threads, .allow_secrets = b->o->allow_secrets};

	b->spool = io_spool(b->o->output, e);
	if (b->spool < 0 || payload_pack(&b->payload, b->result->tree, b->spool, &options, b->watch, e) != 0)
		return -1;
	b->result->payload_bytes = b->payload.bytes;
	b->result->packed_bytes = b->payload.packed;
	b->result->nchunks = b->payload.nchunks;
	b->result->nentries = b->result->tree->n;
	return 0;
}

/* Behind the payload, whose hash it tells, and before the manifest, which covers it. */
static int make_evidence(struct build *b, struct err *e)
{
	struct evidence evidence = {.o = b->o, .tree = b->result->tree, .payload = &b->payload, .spool = b->spool,
				    .created = b->result->created, .hands = b->hands, .nhands = b->nhands};

	return evidence_make(&evidence, &b->attachments, e);
}

static int write_out(struct build *b, struct err *e)
{
	struct bundle_parts parts = {
		.keyrings = {(const char *)b->chain.bytes, b->chain.len}, .manifest = manifest_text(b->manifest),
		.signatures = {b->signatures, b->signatures_len},
		.payload = b->spool, .packed = b->payload.packed, .attachments = &b->attachments,
	};

	return bundle_write(b->o->output, &parts, &b->result->bundle_bytes, e);
}

int build_run(struct build_result *result, const struct build_options *o, struct watch *watch, struct err *e)
{
	struct build b = {.o = o, .result = result, .watch = watch, .spool = -1};
	int rc = -1;

	result->tree = tree_new(&o->rules);
	if (!result->tree)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	know_secrets(&b);
	if (take_time(&result->created, e) == 0 && attach_open(&b.attachments, o->attach, o->nattach, &b.never, e) == 0 &&
	    keyrings_read(&b.chain, &b.last, o->keyrings, o->nkeyrings, e) == 0 &&
	    confirm_boards(o, result->tree, e) == 0 && take_tree(&b, e) == 0 && load_keys(&b, e) == 0 && pack(&b, e) == 0 && make_evidence(&b, e) == 0 &&
	    make_manifest(&b, e) == 0)
		rc = sign(&b, e);
	if (rc == 0 && o->nkeyrings > 0)
		rc = keyrings_judge(&b.last, b.manifest, (struct span){b.signatures, b.signatures_len}, e);
	free_keys(&b);
	if (rc == 0)
		rc = write_out(&b, e);
	attach_close(&b.attachments);
	chain_free(&b.chain);
	payload_clear(&b.payload);
	manifest_free(&b.manifest);
	free(b.signatures);
	if (b.spool >= 0)
		close(b.spool);
	return rc;
}
