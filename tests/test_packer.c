/* SPDX-License-Identifier: ISC */
/* The packer's parts: trees from directories, content that changes, the payload on any number of threads, arguments. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/deflate.h"
#include "core/io.h"
#include "core/ustar.h"
#include "packer/attach.h"
#include "packer/bundle_write.h"
#include "packer/content.h"
#include "packer/manifest_write.h"
#include "packer/options.h"
#include "packer/payload.h"

static char home[64];

/* --- a directory to play in --- */

static int start(void **state)
{
	(void)state;
	if (sodium_init() < 0)
		return -1;
	umask(022);
	strcpy(home, "/tmp/firmseal-packer-XXXXXX");
	return mkdtemp(home) && chdir(home) == 0 ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	return chdir("/") == 0 && beneath_remove(AT_FDCWD, home, NULL) == 0 ? 0 : -1;
}

/* Each test begins with an empty directory "t". */
static int fresh(void **state)
{
	(void)state;
	return beneath_remove(AT_FDCWD, "t", NULL) == 0 && mkdir("t", 0755) == 0 ? 0 : -1;
}

static void put(const char *name, const void *bytes, size_t len)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(io_write_all(fd, bytes, len), 0);
	close(fd);
}

static void put_text(const char *name, const char *text)
{
	put(name, text, strlen(text));
}

/* LEN bytes that do not deflate well, the same each time. */
static void put_noise(const char *name, size_t len)
{
	unsigned char *bytes = malloc(len + 1);
	uint32_t x = 1;

	assert_non_null(bytes);
	for (size_t i = 0; i < len; i++) {
		x = x * 1664525 + 1013904223;
		bytes[i] = (unsigned char)(i % 3000 < 1500 ? x >> 24 : i / 3000);
	}
	put(name, bytes, len);
	free(bytes);
}

static struct tree *read_tree(const struct tree_rules *rules)
{
	struct err e = {.verdict = VERDICT_OK};
	struct tree *t = tree_new(rules);
	int fd = open("t", O_RDONLY | O_DIRECTORY);

	assert_non_null(t);
	assert_true(fd >= 0);
	if (tree_read(t, fd, &e) != 0)
		fail_msg("%s", e.message);
	close(fd);
	return t;
}

static const struct tree_rules plain_rules;

static void assert_paths(const struct tree *t, const char *const *paths, size_t n)
{
	assert_int_equal(t->n, n);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(t->entries[i].path, paths[i]);
}

/* --- trees --- */

static void sorts_as_bytes(void **state)
{
	static const char *const sorted[] = {" lead", "%41", "a", "a b", "a-b", "a/b", "a/b-", "a/b0", "b", "\xc3\xbc", "\xff"};
	struct tree *t;

	(void)state;
	assert_int_equal(mkdir("t/a", 0755), 0);
	put_text("t/b", "");
	put_text("t/a-b", "");
	put_text("t/a b", "");
	put_text("t/a/b0", "");
	put_text("t/a/b-", "");
	put_text("t/a/b", "");
	put_text("t/\xff", "");
	put_text("t/\xc3\xbc", "");
	put_text("t/%41", "");
	put_text("t/ lead", "");
	t = read_tree(&plain_rules);
	assert_paths(t, sorted, sizeof sorted / sizeof sorted[0]);
	assert_int_equal(t->refused.n, 0);
	tree_free(&t);
}

static const char *refusal(const struct tree *t, const char *path)
{
	for (size_t i = 0; i < t->refused.n; i++)
		if (strcmp(t->refused.at[i].path, path) == 0)
			return t->refused.at[i].reason;
	return "it is not refused";
}

static void tells_links_apart(void **state)
{
	static const char *const sorted[] = {"d", "d/f", "d/inside", "dangling", "root"};
	struct tree *t;

	(void)state;
	assert_int_equal(mkdir("t/d", 0755), 0);
	put_text("t/d/f", "x");
	assert_int_equal(symlink("../d/f", "t/d/inside"), 0);
	assert_int_equal(symlink("/etc/../proc/mounts", "t/root"), 0);
	assert_int_equal(symlink("nowhere", "t/dangling"), 0);
	assert_int_equal(symlink("../../etc", "t/d/outside"), 0);
	assert_int_equal(symlink("f/../../..", "t/d/sly"), 0);
	t = read_tree(&plain_rules);
	assert_paths(t, sorted, 5);
	assert_int_equal(t->entries[2].type, ENTRY_LINK);
	assert_string_equal(t->entries[2].target, "../d/f");
	assert_int_equal(t->entries[3].type, ENTRY_LINK);
	assert_int_equal(t->entries[4].type, ENTRY_ROOTLINK);
	assert_int_equal(t->refused.n, 2);
	assert_string_equal(refusal(t, "d/outside"), "its target \"../../etc\" is a link that leads out of the tree");
	assert_string_equal(refusal(t, "d/sly"), "its target \"f/../../..\" has a `..' component");
	tree_free(&t);
}

static void refuses_special_files(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "t/socket"};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	bool device = mknod("t/device", S_IFCHR | 0600, 0) == 0; /* root may */
	struct tree *t;

	(void)state;
	assert_int_equal(mkfifo("t/fifo", 0600), 0);
	assert_true(fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0);
	put_text("t/new\nline", "");
	put_text("t/back\\slash", "");
	t = read_tree(&plain_rules);
	assert_int_equal(t->n, 0);
	assert_string_equal(refusal(t, "fifo"), "it is a FIFO");
	assert_string_equal(refusal(t, "socket"), "it is a socket");
	if (device)
		assert_string_equal(refusal(t, "device"), "it is a character device");
	assert_string_equal(refusal(t, "new\\x0aline"), "its path has a control byte");
	assert_non_null(strstr(refusal(t, "back\\x5cslash"), "has a backslash"));
	close(fd);
	tree_free(&t);
}

static void takes_off_setid(void **state)
{
	static const struct tree_rules setid = {.allow_setid = true};
	struct tree *t;

	(void)state;
	put_text("t/su", "");
	assert_int_equal(chmod("t/su", 04755), 0);
	assert_int_equal(mkdir("t/tmp", 0755), 0);
	assert_int_equal(chmod("t/tmp", 01777), 0);
	t = read_tree(&plain_rules);
	assert_int_equal(t->entries[0].mode, 0755);
	assert_int_equal(t->entries[1].mode, 0777);
	assert_int_equal(t->warnings.n, 2);
	tree_free(&t);
	t = read_tree(&setid);
	assert_int_equal(t->entries[0].mode, 04755);
	assert_int_equal(t->entries[1].mode, 01777);
	assert_int_equal(t->warnings.n, 0);
	tree_free(&t);
}

static void owners_are_root_unless_kept(void **state)
{
	static const struct tree_rules keep = {.keep_owner = true};
	struct tree *t;

	(void)state;
	put_text("t/a", "");
	put_text("t/b", "");
	if (chown("t/a", 12, 34) != 0 || chown("t/b", 2097152, 0) != 0)
		skip(); /* not root */
	t = read_tree(&plain_rules);
	assert_int_equal(t->n, 2);
	assert_int_equal(t->entries[0].uid, 0);
	tree_free(&t);
	t = read_tree(&keep);
	assert_int_equal(t->n, 1);
	assert_int_equal(t->entries[0].uid, 12);
	assert_int_equal(t->entries[0].gid, 34);
	assert_string_equal(refusal(t, "b"), "its owner 2097152:0 is over 2097151");
	tree_free(&t);
}

/* --- trees from found entries, as an archive gives them --- */

static int add(struct tree *t, enum entry_type type, const char *path, const char *target)
{
	struct tree_found found = {.type = type, .path = path, .target = target, .mode = 0644};
	struct err e;

	return tree_add(t, &found, &e);
}

static void makes_missing_parents(void **state)
{
	static const char *const sorted[] = {"a", "a-b", "a/b", "a/b/c", "a/b/d", "z"};
	struct tree *t = tree_new(&plain_rules);
	struct err e;

	(void)state;
	assert_int_equal(add(t, ENTRY_FILE, "a/b/d", NULL), 1);
	assert_int_equal(add(t, ENTRY_FILE, "z", NULL), 1);
	assert_int_equal(add(t, ENTRY_FILE, "a-b", NULL), 1);
	assert_int_equal(add(t, ENTRY_FILE, "a/b/c", NULL), 1);
	assert_int_equal(tree_finish(t, &e), 0);
	assert_paths(t, sorted, sizeof sorted / sizeof sorted[0]);
	assert_int_equal(t->entries[0].type, ENTRY_DIR);
	assert_int_equal(t->entries[0].mode, 0755);
	tree_free(&t);
}

/* A parent that was made for an entry that is refused in the end must not stay behind. */
static void leaves_no_parent_of_what_it_refuses(void **state)
{
	static const char *const sorted[] = {"l"};
	struct tree *t = tree_new(&plain_rules);
	struct err e;

	(void)state;
	assert_int_equal(add(t, ENTRY_LINK, "l", "x"), 1);
	assert_int_equal(add(t, ENTRY_FILE, "l/deep/er/file", NULL), 1);
	assert_int_equal(tree_finish(t, &e), 0);
	assert_paths(t, sorted, 1);
	assert_string_equal(refusal(t, "l/deep/er/file"), "its path leads through a link");
	tree_free(&t);
}

static void bounds_the_number_of_entries(void **state)
{
	struct tree *t = tree_new(&plain_rules);
	struct tree_found found = {.type = ENTRY_FILE, .path = "..", .mode = 0644};
	struct err e;

	(void)state;
	for (int i = 0; i < TREE_ENTRIES_MAX; i++)
		assert_int_equal(tree_add(t, &found, &e), 0);
	assert_int_equal(t->refused.n, NOTES_MAX);
	assert_int_equal(t->refused.more, TREE_ENTRIES_MAX - NOTES_MAX);
	assert_int_equal(tree_add(t, &found, &e), -1);
	assert_int_equal(e.verdict, VERDICT_TOO_LARGE);
	tree_free(&t);
}

/* --- payload --- */

static const struct payload_options small_chunks = {.created = 1700000000, .chunk_size = CHUNK_SIZE_MIN, .level = 6, .threads = 2};

static int spool(void)
{
	struct err e;
	int fd = io_spool("spool", &e);

	assert_true(fd >= 0);
	return fd;
}

static char *slurp(int fd, size_t len)
{
	char *bytes = malloc(len + 1);

	assert_non_null(bytes);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(io_read_full(fd, bytes, len + 1), len);
	return bytes;
}

static void plant(void)
{
	char name[32];

	assert_int_equal(mkdir("t/d", 0755), 0);
	put_noise("t/large", 1000000);
	put_noise("t/d/chunk", CHUNK_SIZE_MIN);
	put_text("t/empty", "");
	assert_int_equal(symlink("d/chunk", "t/link"), 0);
	for (int i = 0; i < 40; i++) {
		snprintf(name, sizeof name, "t/d/%02d", i);
		put_noise(name, (size_t)(i * 511));
	}
}

static void any_number_of_threads_gives_the_same(void **state)
{
	static const unsigned threads[] = {1, 2, 3, 7, 64};
	struct payload_options options = small_chunks;
	char *first = NULL, *other;
	size_t first_len = 0;
	struct err e;

	(void)state;
	plant();
	for (size_t i = 0; i < sizeof threads / sizeof threads[0]; i++) {
		struct tree *t = read_tree(&plain_rules);
		struct payload p;
		int fd = spool();

		options.threads = threads[i];
		assert_int_equal(payload_pack(&p, t, fd, &options, NULL, &e), 0);
		assert_int_equal(p.nchunks, (p.bytes - 1) / CHUNK_SIZE_MIN + 1);
		other = slurp(fd, (size_t)p.packed);
		if (first) {
			assert_int_equal(p.packed, first_len);
			assert_memory_equal(other, first, first_len);
			free(other);
		} else {
			first = other;
			first_len = (size_t)p.packed;
		}
		payload_clear(&p);
		tree_free(&t);
		close(fd);
	}
	free(first);
}

/* Expands the payload and compares it with what the specification says of the tree. */
static void stream_is_what_the_format_says(void **state)
{
	static const unsigned char zeros[USTAR_END];
	unsigned char *stream, header[USTAR_BLOCK], hash[HASH_SIZE], *at;
	struct inflater *f = inflater_new();
	struct tree *t;
	struct payload p;
	struct err e;
	int fd = spool();
	char *packed, *next;

	(void)state;
	plant();
	t = read_tree(&plain_rules);
	assert_int_equal(payload_pack(&p, t, fd, &small_chunks, NULL, &e), 0);
	next = packed = slurp(fd, (size_t)p.packed);
	at = stream = malloc((size_t)p.bytes);
	assert_non_null(stream);
	for (uint32_t i = 0; i < p.nchunks; i++) {
		size_t left = (size_t)p.bytes - (size_t)i * CHUNK_SIZE_MIN, n = left < CHUNK_SIZE_MIN ? left : CHUNK_SIZE_MIN;

		hash_buffer(hash, next, p.chunks[i].packed);
		assert_memory_equal(hash, p.chunks[i].hash, HASH_SIZE);
		assert_int_equal(inflater_run(f, at, n, next, p.chunks[i].packed, &e), 0);
		next += p.chunks[i].packed;
		at += n;
	}
	at = stream;
	for (size_t i = 0; i < t->n; i++) {
		struct manifest_entry entry = {.type = t->entries[i].type, .mode = t->entries[i].mode, .size = t->entries[i].size};

		strcpy(entry.path, t->entries[i].path);
		strcpy(entry.target, t->entries[i].target);
		manifest_entry_header(header, &entry, 1700000000);
		assert_memory_equal(at, header, USTAR_BLOCK);
		at += USTAR_BLOCK;
		if (entry.type != ENTRY_FILE)
			continue;
		hash_buffer(hash, at, (size_t)entry.size);
		assert_memory_equal(hash, t->entries[i].hash, HASH_SIZE);
		at += entry.size + ustar_padding(entry.size);
	}
	assert_memory_equal(at, zeros, USTAR_END);
	assert_ptr_equal(at + USTAR_END, stream + p.bytes);
	inflater_free(&f);
	free(stream);
	free(packed);
	payload_clear(&p);
	tree_free(&t);
	close(fd);
}

static void an_empty_tree_is_two_blocks(void **state)
{
	struct tree *t = read_tree(&plain_rules);
	struct payload p;
	struct err e;
	int fd = spool();

	(void)state;
	assert_int_equal(payload_pack(&p, t, fd, &small_chunks, NULL, &e), 0);
	assert_int_equal(p.bytes, USTAR_END);
	assert_int_equal(p.nchunks, 1);
	payload_clear(&p);
	tree_free(&t);
	close(fd);
}

/* --- what changes while it is packed --- */

struct meddler {
	struct watch base;
	void (*act)(void);
	bool done;
};

static void nothing_begins(struct watch *w, const char *what, uint64_t total)
{
	(void)w;
	(void)what;
	assert_true(total > 0);
}

static void meddle(struct watch *w, uint64_t done)
{
	struct meddler *m = (struct meddler *)w;

	(void)done;
	if (!m->done)
		m->act();
	m->done = true;
}

static void nothing_ends(struct watch *w)
{
	(void)w;
}

/* Packs one file of a megabyte. BEFORE happens between the look at the tree and the reading, DURING in the middle of it. */
static void assert_change_fails(void (*before)(void), void (*during)(void), const char *message)
{
	struct meddler m = {.base = {nothing_begins, meddle, nothing_ends}, .act = during, .done = !during};
	struct tree *t;
	struct payload p;
	struct err e = {.verdict = VERDICT_OK};
	int fd = spool();

	put_noise("t/file", 1 << 20);
	t = read_tree(&plain_rules);
	if (before)
		before();
	assert_int_equal(payload_pack(&p, t, fd, &small_chunks, &m.base, &e), -1);
	assert_int_equal(e.verdict, VERDICT_SYSTEM);
	if (!strstr(e.message, message))
		fail_msg("\"%s\" is not in \"%s\"", message, e.message);
	tree_free(&t);
	close(fd);
}

static void grow(void)
{
	assert_int_equal(truncate("t/file", (1 << 20) + 1), 0);
}

static void shrink(void)
{
	assert_int_equal(truncate("t/file", 100000), 0);
}

static void rewrite(void)
{
	struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 1}};

	assert_int_equal(utimensat(AT_FDCWD, "t/file", times, 0), 0);
}

static void make_fifo(void)
{
	assert_int_equal(unlink("t/file"), 0);
	assert_int_equal(mkfifo("t/file", 0600), 0);
}

static void make_link(void)
{
	assert_int_equal(rename("t/file", "moved"), 0);
	assert_int_equal(symlink("../moved", "t/file"), 0);
}

static void take_away(void)
{
	assert_int_equal(unlink("t/file"), 0);
}

static void a_changing_file_fails_the_build(void **state)
{
	static const struct {
		void (*before)(void), (*during)(void);
		const char *message;
	} cases[] = {
		{grow, NULL, "changed its size"}, {shrink, NULL, "changed its size"}, {make_fifo, NULL, "was replaced"},
		{make_link, NULL, "went away"}, {take_away, NULL, "went away"}, {NULL, grow, "changed while"},
		{NULL, shrink, "became shorter"}, {NULL, rewrite, "changed while"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(fresh(state), 0);
		assert_change_fails(cases[i].before, cases[i].during, cases[i].message);
	}
}

/* A full disk: the spool takes no more than the limit says. */
static void a_failing_spool_fails_the_build(void **state)
{
	struct tree *t;
	struct payload p;
	struct err e;
	int fd = open("/dev/full", O_RDWR);

	(void)state;
	assert_true(fd >= 0);
	plant();
	t = read_tree(&plain_rules);
	assert_int_equal(payload_pack(&p, t, fd, &small_chunks, NULL, &e), -1);
	assert_int_equal(e.verdict, VERDICT_SYSTEM);
	tree_free(&t);
	close(fd);
}

static void too_many_chunks_are_refused_at_once(void **state)
{
	struct tree *t = tree_new(&plain_rules);
	struct tree_found found = {.type = ENTRY_FILE, .path = "huge", .size = USTAR_SIZE_MAX};
	struct payload p;
	struct err e;

	(void)state;
	assert_int_equal(tree_add(t, &found, &e), 1);
	assert_int_equal(payload_pack(&p, t, -1, &small_chunks, NULL, &e), -1);
	assert_int_equal(e.verdict, VERDICT_TOO_LARGE);
	tree_free(&t);
}

/* --- manifest, attachments --- */

static void manifest_passes_the_readers_parser(void **state)
{
	struct build_options o = {.product = "p", .version = "1.0", .counter = 7, .nboards = 1, .chunk_size = CHUNK_SIZE_MIN};
	struct attachments a = {.n = 0};
	const char *const files[] = {"zeta.json", "alpha 1.txt"};
	struct manifest *m;
	struct tree *t;
	struct payload p;
	struct err e = {.verdict = VERDICT_OK};
	int fd = spool();
	size_t len;
	char *text;

	(void)state;
	plant();
	put_text("t/name with % and \xff", "x");
	put_text("zeta.json", "{}");
	put_text("alpha 1.txt", "");
	o.boards[0] = (struct manifest_board){.id = "b", .low = 0, .high = INT64_MAX};
	t = read_tree(&plain_rules);
	assert_int_equal(attach_open(&a, files, 2, &e), 0);
	assert_int_equal(payload_pack(&p, t, fd, &small_chunks, NULL, &e), 0);
	assert_int_equal(manifest_write_text(&text, &len, &o, 1700000000, t, &p, &a, &e), 0);
	if (manifest_parse(&m, text, len, &e) != 0)
		fail_msg("%s", e.message);
	assert_int_equal(manifest_head(m)->nentries, t->n);
	assert_int_equal(manifest_head(m)->nattach, 2);
	assert_true(manifest_find(m, "name with % and \xff") >= 0);
	manifest_free(&m);
	payload_clear(&p);
	attach_close(&a);
	tree_free(&t);
	close(fd);
}

static void attachments_have_names_of_their_own(void **state)
{
	static const char *const bad[][2] = {
		{"manifest", NULL}, {"payload.tar.gz", NULL}, {"keyring.4", NULL}, {"new\nline", NULL}, {"t", NULL},
		{"t/twice", "twice"},
	};
	struct attachments a;
	struct err e;

	(void)state;
	put_text("t/twice", "");
	put_text("twice", "");
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		if (strcmp(bad[i][0], "t") != 0)
			put_text(bad[i][0], "");
		assert_int_equal(attach_open(&a, bad[i], bad[i][1] ? 2 : 1, &e), -1);
		assert_int_equal(e.verdict, VERDICT_USAGE);
	}
}

static void an_attachment_that_changes_leaves_no_bundle(void **state)
{
	struct attachments a;
	const char *const files[] = {"note"};
	struct bundle_parts parts = {.manifest = {"m", 1}, .signatures = {"s", 1}, .attachments = &a};
	uint64_t size;
	struct err e;

	(void)state;
	put_text("note", "one");
	parts.payload = spool();
	assert_int_equal(attach_open(&a, files, 1, &e), 0);
	put_text("note", "two");
	assert_int_equal(bundle_write("out", &parts, &size, &e), -1);
	assert_int_equal(e.verdict, VERDICT_SYSTEM);
	assert_int_equal(access("out", F_OK), -1);
	attach_close(&a);
	close(parts.payload);
}

/* --- arguments --- */

static int parse(struct build_options *o, struct err *e, const char *const *more, size_t n)
{
	const char *argv[40] = {"build", "tree", "--product", "p", "--version", "1", "--counter", "1", "--key", "k", "-o", "out"};
	size_t argc = 12;

	for (size_t i = 0; i < n; i++)
		argv[argc++] = more[i];
	argv[argc] = NULL;
	return options_parse(o, (int)argc, (char **)argv, e);
}

static void reads_boards(void **state)
{
	static const char *const more[] = {"--board", "z:3", "--board", "b:1-2", "--board", "m"};
	struct build_options o;
	struct err e;

	(void)state;
	assert_int_equal(parse(&o, &e, more, 6), 0);
	assert_string_equal(o.boards[0].id, "b");
	assert_int_equal(o.boards[0].low, 1);
	assert_int_equal(o.boards[0].high, 2);
	assert_string_equal(o.boards[1].id, "m");
	assert_int_equal(o.boards[1].low, 0);
	assert_true(o.boards[1].high == INT64_MAX);
	assert_int_equal(o.boards[2].low, 3);
	assert_int_equal(o.boards[2].high, 3);
}

static void reads_chunk_sizes(void **state)
{
	static const struct {
		const char *text;
		uint32_t size; /* 0: refused */
	} cases[] = {{"64K", 65536}, {"256K", 262144}, {"1M", 1 << 20}, {"4M", 4 << 20}, {"65536", 65536}, {"63K", 0}, {"96K", 0},
		     {"8M", 0}, {"", 0}, {"K", 0}, {"0x10000", 0}, {"4096M", 0}, {"1m", 0}, {"-1M", 0}};
	struct build_options o;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const char *const more[] = {"--board", "b", "--chunk-size", cases[i].text};

		assert_int_equal(parse(&o, &e, more, 4), cases[i].size ? 0 : -1);
		if (cases[i].size)
			assert_int_equal(o.chunk_size, cases[i].size);
		else
			assert_int_equal(e.verdict, VERDICT_USAGE);
	}
}

static void refuses_wrong_arguments(void **state)
{
	static const char *const cases[][4] = {
		{"--board", "b:2-1", NULL, NULL}, {"--board", "b:-1", NULL, NULL}, {"--board", "b:1-", NULL, NULL},
		{"--board", "b:", NULL, NULL}, {"--board", "", NULL, NULL}, {"--board", "a b", NULL, NULL},
		{"--board", "b:9223372036854775808", NULL, NULL}, {"--board", "b", "--board", "b:1"},
		{"--board", "b", "--level", "0"}, {"--board", "b", "--level", "10"}, {"--board", "b", "--threads", "0"},
		{"--board", "b", "--threads", "65"}, {"--board", "b", "--write", "f"}, {"--board", "b", "--write", "../f=s"},
		{"--board", "b", "--write", "f=s/t"}, {"--board", "b", "--write", "=s"}, {"--board", "b", "--run", "f=later"},
		{"--board", "b", "--counter", "-1"}, {"--board", "b", "--counter", "01"}, {"--board", "b", "--version", "1 0"},
		{"--board", "b", "--no-such", NULL}, {"--board", "b", "second-tree", NULL}, {"--board", NULL, NULL, NULL},
		{NULL, NULL, NULL, NULL},
	};
	struct build_options o;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		size_t n = 0;

		while (n < 4 && cases[i][n])
			n++;
		if (parse(&o, &e, cases[i], n) != -1)
			fail_msg("case %zu is taken", i);
		assert_int_equal(e.verdict, VERDICT_USAGE);
	}
}

static void orders_actions(void **state)
{
	static const char *const more[] = {"--board", "b", "--run", "c=after", "--run", "b=before", "--run", "a=before",
					   "--write", "x=y=slot-z", "--write", "w=slot-a"};
	static const char *const twice[] = {"--board", "b", "--run", "c=after", "--run", "c=after"};
	struct build_options o;
	struct err e;

	(void)state;
	assert_int_equal(parse(&o, &e, more, 12), 0);
	assert_string_equal(o.runs[0].path, "b"); /* as given, within a stage */
	assert_string_equal(o.runs[1].path, "a");
	assert_string_equal(o.runs[2].path, "c");
	assert_string_equal(o.writes[0].slot, "slot-a");
	assert_string_equal(o.writes[1].path, "x=y");
	assert_int_equal(parse(&o, &e, twice, 6), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(sorts_as_bytes, fresh),
		cmocka_unit_test_setup(tells_links_apart, fresh),
		cmocka_unit_test_setup(refuses_special_files, fresh),
		cmocka_unit_test_setup(takes_off_setid, fresh),
		cmocka_unit_test_setup(owners_are_root_unless_kept, fresh),
		cmocka_unit_test(makes_missing_parents),
		cmocka_unit_test(leaves_no_parent_of_what_it_refuses),
		cmocka_unit_test(bounds_the_number_of_entries),
		cmocka_unit_test_setup(any_number_of_threads_gives_the_same, fresh),
		cmocka_unit_test_setup(stream_is_what_the_format_says, fresh),
		cmocka_unit_test_setup(an_empty_tree_is_two_blocks, fresh),
		cmocka_unit_test(a_changing_file_fails_the_build),
		cmocka_unit_test_setup(a_failing_spool_fails_the_build, fresh),
		cmocka_unit_test(too_many_chunks_are_refused_at_once),
		cmocka_unit_test_setup(manifest_passes_the_readers_parser, fresh),
		cmocka_unit_test_setup(attachments_have_names_of_their_own, fresh),
		cmocka_unit_test(an_attachment_that_changes_leaves_no_bundle),
		cmocka_unit_test(reads_boards),
		cmocka_unit_test(reads_chunk_sizes),
		cmocka_unit_test(refuses_wrong_arguments),
		cmocka_unit_test(orders_actions),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
