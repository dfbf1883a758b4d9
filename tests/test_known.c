/* SPDX-License-Identifier: ISC */
/* What a board believes of its state folder. Somebody who was root yesterday may have written any of it: a file that is missing, cut, changed,
 * old, of another board, or forged with a right checksum costs no board, undoes no revocation, and lowers no floor. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/io.h"
#include "tests/bundle.h"
#include "verifier/boot.h"
#include "verifier/install.h"
#include "verifier/journal.h"
#include "verifier/status.h"
#include "verifier/trial.h"

static struct test_key root, root2, release, stolen;
static char folder[48];
static struct device board;

static const char *in_folder(const char *name)
{
	static char path[4][96];
	static unsigned turn;

	turn = (turn + 1) % 4;
	snprintf(path[turn], sizeof path[turn], "%.47s/%.40s", folder, name);
	return path[turn];
}

/* --- keyrings --- */

/* Keyring SERIAL: K is its root, `release' and, when STOLEN_COUNTS, `stolen' may sign; else `stolen' is revoked. */
static void ring_text(struct pile *p, unsigned serial, const struct test_key *k, bool stolen_counts)
{
	const struct test_key *keys[] = {k, &release, &stolen};
	char line[3][BASE64_SIZE(PUBLIC_KEY_BLOB)], id[KEYID_HEX + 1];

	for (int i = 0; i < 3; i++) {
		unsigned char blob[PUBLIC_KEY_BLOB] = "Ed";

		memcpy(blob + 2, keys[i]->pub.id, KEYID_SIZE);
		memcpy(blob + 2 + KEYID_SIZE, keys[i]->pub.key, ED25519_PUBLIC_SIZE);
		base64_encode(line[i], sizeof line[i], blob, sizeof blob);
	}
	pile_print(p, "firmseal-keyring 1\nserial %u\nthreshold root 1\nroot %s\nthreshold release 1\nrelease %s test zynq-*\n", serial, line[0], line[1]);
	keyid_print(id, stolen.pub.id);
	if (stolen_counts)
		pile_print(p, "release %s test zynq-*\n", line[2]);
	else
		pile_print(p, "revoked %s\n", id);
}

static void ring_pair(struct pile *p, unsigned serial, const struct test_key *k, const struct test_key *before, bool stolen_counts)
{
	struct pile text = {0}, sigs = {0};
	char name[64];

	ring_text(&text, serial, k, stolen_counts);
	pile_sign(&sigs, k, text.at, text.len, "k");
	if (before != k)
		pile_sign(&sigs, before, text.at, text.len, "k");
	snprintf(name, sizeof name, "keyring.%u", serial);
	pile_member(p, name, text.at, text.len);
	snprintf(name, sizeof name, "keyring.%u.minisig", serial);
	pile_member(p, name, sigs.at, sigs.len);
	free(text.at);
	free(sigs.at);
}

/* --- a board and what comes to it --- */

static void remove_all(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		char name[1024];
		struct stat st;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
		if (lstat(name, &st) == 0 && S_ISDIR(st.st_mode))
			remove_all(name);
		else
			unlink(name);
	}
	if (dir)
		closedir(dir);
	rmdir(path);
}

static void put(const char *path, const void *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || io_write_all(fd, bytes, len) != 0 || close(fd) != 0)
		fail_msg("cannot write %s", path);
}

/* A new board, with keyring 1 in its image: two sides of a tree, or one. */
static void new_board(bool two_sided)
{
	static const char *const folders[] = {"state", "proc", "proc/sys", "proc/sys/kernel", "proc/sys/kernel/random"};
	struct pile ring = {0};

	remove_all(folder);
	assert_int_equal(mkdir(folder, 0700), 0);
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		assert_int_equal(mkdir(in_folder(folders[i]), 0700), 0);
	memset(&board, 0, sizeof board);
	snprintf(board.board, sizeof board.board, "zynq-s9");
	board.revision = 2;
	snprintf(board.product, sizeof board.product, "test");
	snprintf(board.state, sizeof board.state, "%s", in_folder("state"));
	snprintf(board.proc, sizeof board.proc, "%s", in_folder("proc"));
	snprintf(board.slots[0].name, sizeof board.slots[0].name, "root");
	snprintf(board.slots[0].target[SIDE_A], DEVICE_TARGET_MAX, "dir:%s/a", folder);
	board.nslots = 1;
	board.max_upload = DEVICE_UPLOAD_DEFAULT;
	if (two_sided) {
		snprintf(board.slots[0].target[SIDE_B], DEVICE_TARGET_MAX, "dir:%s/b", folder);
		board.two_sided = true;
		board.boot = BOOT_LINK;
		board.boot_tries = 3;
		snprintf(board.boot_argument, sizeof board.boot_argument, "%s", in_folder("current"));
		assert_int_equal(symlink("a", board.boot_argument), 0);
	}
	ring_text(&ring, 1, &root, true);
	assert_int_equal(keyring_parse(&board.trust.ring, (char *)ring.at, ring.len, NULL), 0);
	free(ring.at);
}

/* A bundle by K, with RINGS in front. */
static void make(struct pile *out, const struct test_key *k, unsigned counter, unsigned keyring, const struct pile *rings)
{
	struct test_bundle b = {.counter = counter, .keyring = keyring};
	char content[32];

	snprintf(content, sizeof content, "image %u", counter);
	test_bundle_file(&b, "image", content, strlen(content));
	test_bundle_manifest(&b);
	pile_sign(&b.sigs, k, b.manifest.at, b.manifest.len, "t");
	test_bundle_assemble(&b);
	if (rings)
		pile_add(out, rings->at, rings->len);
	pile_add(out, b.out.at, b.out.len);
	test_bundle_free(&b);
}

static enum verdict install_bytes(const struct pile *bundle)
{
	struct install_result result = {.slots = 0};
	struct err e = {.verdict = VERDICT_SYSTEM};
	struct source_memory src;

	source_memory_init(&src, bundle->at, bundle->len);
	return install(&board, &src.base, INSTALL_KEEP, &result, &e) == 0 ? VERDICT_OK : e.verdict;
}

static enum verdict install_new(const struct test_key *k, unsigned counter, unsigned keyring, const struct pile *rings)
{
	struct pile bundle = {0};
	enum verdict verdict;

	make(&bundle, k, counter, keyring, rings);
	verdict = install_bytes(&bundle);
	free(bundle.at);
	return verdict;
}

/* Would it be taken? Reads, and writes nothing. */
static enum verdict asked(const struct known *k, const struct pile *bundle)
{
	struct policy policy = known_policy(k, &board);
	struct err e = {.verdict = VERDICT_SYSTEM};
	struct reader *r = NULL;
	struct source_memory src;
	enum verdict verdict;

	source_memory_init(&src, bundle->at, bundle->len);
	verdict = reader_open(&r, &src.base, &k->trust, &policy, 1, &e) == 0 && reader_authenticate(r, &e) == 0 &&
		  reader_complete(r, &e) == ACCEPTED ? VERDICT_OK : e.verdict;
	reader_free(&r);
	return verdict;
}

static void start_and_confirm(void)
{
	struct trial_result result;
	struct known *k = NULL;
	struct boot_state next;

	assert_int_equal(boot_attempt(&board, &next, NULL), 0);
	assert_int_equal(journal_finish(&k, &board, JOURNAL_STAYS, NULL), 0);
	assert_int_equal(trial_confirm(&board, k, &result, NULL), 0);
	known_free(&k);
}

static uint64_t known_serial(void)
{
	struct known *k = known_new(&board, NULL);
	uint64_t serial;

	assert_non_null(k);
	serial = k->trust.ring.serial;
	known_free(&k);
	return serial;
}

/* --- the folder, kept and changed --- */

enum { FILES_MAX = 24 };
static struct kept_file {
	char name[64];
	char *text;
	size_t len;
} kept[FILES_MAX];
static size_t nkept;

static void keep_state(void)
{
	DIR *dir = opendir(board.state);
	struct dirent *entry;

	for (size_t i = 0; i < nkept; i++)
		free(kept[i].text);
	nkept = 0;
	while (dir && (entry = readdir(dir))) {
		struct kept_file *f = &kept[nkept];
		char path[DEVICE_TARGET_MAX + 72];

		if (entry->d_name[0] == '.')
			continue;
		assert_true(nkept < FILES_MAX);
		snprintf(f->name, sizeof f->name, "%.63s", entry->d_name);
		snprintf(path, sizeof path, "%s/%.64s", board.state, f->name);
		assert_int_equal(io_read_file(&f->text, &f->len, path, 1 << 20, NULL), 0);
		nkept++;
	}
	closedir(dir);
}

static void put_state(const char *name, const void *bytes, size_t len)
{
	char path[DEVICE_TARGET_MAX + 72];

	snprintf(path, sizeof path, "%s/%.64s", board.state, name);
	put(path, bytes, len);
}

static void restore_state(void)
{
	remove_all(board.state);
	assert_int_equal(mkdir(board.state, 0700), 0);
	for (size_t i = 0; i < nkept; i++)
		put_state(kept[i].name, kept[i].text, kept[i].len);
}

/* BODY with a checksum line that fits: forged. */
static void put_forged(const char *name, const void *body, size_t len)
{
	unsigned char hash[HASH_SIZE];
	char hex[HASH_HEX + 1];
	struct pile p = {0};

	hash_buffer(hash, body, len);
	text_put_hash(hex, hash);
	pile_add(&p, body, len);
	pile_print(&p, "blake2b %s\n", hex);
	put_state(name, p.at, p.len);
	free(p.at);
}

/* A board with a history: counter 5 on side b, then counter 6 on side a under keyring 2, which revokes `stolen'. Both confirmed. */
static struct pile ring2, by_stolen, next_good;

/* Whom a sound one trusts. */
static struct trust undamaged;

static void board_with_history(void)
{
	struct known *k;

	new_board(true);
	assert_int_equal(install_new(&release, 5, 1, NULL), VERDICT_OK);
	start_and_confirm();
	assert_int_equal(install_new(&release, 6, 2, &ring2), VERDICT_OK);
	start_and_confirm();
	k = known_new(&board, NULL);
	assert_non_null(k);
	assert_int_equal(k->trust.ring.serial, 2);
	assert_int_equal(k->nfaults, 0);
	assert_int_equal(asked(k, &by_stolen), VERDICT_REVOKED_KEY);
	assert_int_equal(asked(k, &next_good), VERDICT_OK);
	undamaged = k->trust;
	known_free(&k);
	keep_state();
}

/* The answers follow from what is trusted, and are asked for once each time that changes. */
static const char *wrong_answer(const struct known *k)
{
	static struct trust last;
	enum verdict verdict;

	if (memcmp(&k->trust, &last, sizeof last) == 0 || memcmp(&k->trust, &undamaged, sizeof undamaged) == 0)
		return NULL;
	last = k->trust;
	verdict = asked(k, &by_stolen);
	if (verdict != VERDICT_REVOKED_KEY && verdict != VERDICT_KEYRING_GAP)
		return "a revoked key's bundle is not refused as one";
	return asked(k, &next_good) == VERDICT_OK ? NULL : "the next good bundle is refused";
}

/* What holds of the board with a history, whatever became of its file NAME. MUST_TELL: something is said of it. Returns what does not hold,
 * or NULL. The boot record may only choose between sides that are installed: which one starts is its own. */
static const char *fault(const char *name, bool must_tell)
{
	bool boots = strncmp(name, "boot", 4) == 0;
	struct status_report report;
	struct boot_state next;
	const char *why = NULL;
	struct known *k;

	if (status_look(&report, &board, NULL) != 0) {
		status_free(&report);
		return "there is no status";
	}
	k = report.known;
	if (k->counter != 6)
		why = "the floor is not 6";
	else if (k->trust.ring.serial < 1 || k->trust.ring.serial > 2)
		why = "the keyring is neither 1 nor 2";
	else
		why = wrong_answer(k);
	if (!why && must_tell && k->nfaults == 0 && !report.torn && !report.half_written.any)
		why = "nothing is said";
	status_free(&report);
	if (boot_attempt(&board, &next, NULL) != 0 || (!boots && (next.side != SIDE_A || next.trial)))
		why = "the board does not start what was confirmed";
	return why;
}

static void must_hold(const char *name, const char *what, bool must_tell)
{
	const char *why = fault(name, must_tell);

	if (why)
		fail_msg("%s: %s", what, why);
}

static void install_after(const char *what)
{
	enum verdict verdict = install_bytes(&next_good);
	char *image = NULL;
	size_t len = 0;

	if (verdict != VERDICT_OK)
		fail_msg("%s: the next good bundle does not install: %s", what, verdict_word(verdict));
	assert_int_equal(io_read_file(&image, &len, in_folder("b/image"), 64, NULL), 0);
	assert_string_equal(image, "image 7");
	free(image);
}

/* Is NAME one whose loss shows in nothing but itself: a lock, an older generation? */
static bool is_quiet(const char *name)
{
	return strcmp(name, "lock") == 0 || strcmp(name, "running") == 0 || strstr(name, ".old") != NULL;
}

/* Of a file that is not there nothing can be said when there is another generation, or when the board may never have had it. */
static bool may_be_missing(const char *name)
{
	return is_quiet(name) || strcmp(name, "boot") == 0 || strcmp(name, "confirmed") == 0 || strncmp(name, "installed", 9) == 0 ||
	       strncmp(name, "manifest", 8) == 0 || strcmp(name, "floor") == 0;
}

static void a_file_that_is_gone_or_empty(void **state)
{
	char what[1200], path[DEVICE_TARGET_MAX + 72];

	(void)state;
	board_with_history();
	for (size_t i = 0; i < nkept; i++) {
		restore_state();
		snprintf(path, sizeof path, "%s/%.64s", board.state, kept[i].name);
		assert_int_equal(unlink(path), 0);
		snprintf(what, sizeof what, "%.64s removed", kept[i].name);
		must_hold(kept[i].name, what, !may_be_missing(kept[i].name));
		if (strcmp(kept[i].name, "boot") == 0)
			start_and_confirm(); /* the record before that one says that the image is on trial */
		install_after(what);
		restore_state();
		put_state(kept[i].name, "", 0);
		snprintf(what, sizeof what, "%.64s empty", kept[i].name);
		must_hold(kept[i].name, what, !is_quiet(kept[i].name));
		if (strcmp(kept[i].name, "boot") == 0)
			start_and_confirm();
		install_after(what);
	}
}

/* Every cut and every flipped bit of every STEPth byte from FIRST on. Returns whether all held; says what did not. */
static bool damage(size_t first, size_t step)
{
	for (size_t i = 0; i < nkept; i++) {
		struct kept_file *f = &kept[i];
		bool tell = !is_quiet(f->name);

		restore_state();
		for (size_t at = first; at < f->len; at += step) {
			const char *why;

			put_state(f->name, f->text, at);
			why = fault(f->name, tell);
			if (why) {
				print_error("%s cut at %zu: %s\n", f->name, at, why);
				return false;
			}
			for (int bit = 0; bit < 8; bit++) {
				f->text[at] = (char)(f->text[at] ^ 1 << bit);
				put_state(f->name, f->text, f->len);
				why = fault(f->name, tell);
				f->text[at] = (char)(f->text[at] ^ 1 << bit);
				if (why) {
					print_error("%s, bit %d of byte %zu: %s\n", f->name, bit, at, why);
					return false;
				}
			}
		}
	}
	return true;
}

/* By two processes, each in a folder of its own: the same board is made twice. */
static void a_file_that_is_cut_or_changed(void **state)
{
	enum { PROCESSES = 2 };
	pid_t pids[PROCESSES];
	int status;

	(void)state;
	for (unsigned p = 0; p < PROCESSES; p++) {
		pids[p] = fork();
		assert_true(pids[p] >= 0);
		if (pids[p] == 0) {
			bool held;

			folder[strlen(folder) - 1] = (char)('0' + p);
			board_with_history();
			held = damage(p, PROCESSES);
			remove_all(folder);
			_exit(held ? 0 : 1);
		}
	}
	for (unsigned p = 0; p < PROCESSES; p++) {
		assert_int_equal(waitpid(pids[p], &status, 0), pids[p]);
		assert_int_equal(status, 0);
	}
}

static void a_file_of_another_board_or_of_before(void **state)
{
	static struct kept_file older[FILES_MAX];
	char what[1200];
	size_t nolder;

	(void)state;
	/* Before keyring 2. */
	new_board(true);
	assert_int_equal(install_new(&release, 4, 1, NULL), VERDICT_OK);
	start_and_confirm();
	assert_int_equal(install_new(&release, 5, 1, NULL), VERDICT_OK);
	start_and_confirm();
	keep_state();
	nolder = nkept;
	memcpy(older, kept, sizeof older);
	nkept = 0; /* its texts are OLDER's now */
	board_with_history();
	for (size_t i = 0; i < nolder; i++) {
		if (strcmp(older[i].name, "boot") == 0) /* it may choose between sides that are installed, and that is all it may */
			continue;
		restore_state();
		put_state(older[i].name, older[i].text, older[i].len);
		snprintf(what, sizeof what, "an older %.63s", older[i].name);
		must_hold(older[i].name, what, false);
		install_after(what);
	}
	for (size_t i = 0; i < nolder; i++)
		free(older[i].text);
}

static void a_file_that_is_forged(void **state)
{
	static const struct {
		const char *name, *body;
	} forged[] = {
		{"confirmed", "counter 9223372036854775807\n"},
		{"confirmed", "counter 0\n"},
		{"confirmed", "counter -1\n"},
		{"installed.a", "product test\nversion 9\ncounter 9223372036854775807\nmanifest "
				"0000000000000000000000000000000000000000000000000000000000000000\n"},
		{"installed.b", "product test\nversion 9\ncounter 9223372036854775807\nmanifest "
				"0000000000000000000000000000000000000000000000000000000000000000\n"},
		{"installed.b", "product test\nversion 1.0\ncounter 0\nmanifest 0000000000000000000000000000000000000000000000000000000000000000\n"},
		{"manifest.a", "firmseal-manifest 1\nproduct test\nversion 9\ncounter 9223372036854775807\n"},
		{"manifest.minisig.a", "untrusted comment: firmseal key 0000000000000000\n"},
		{"floor", "untrusted comment: x\nfirmseal-manifest 1\nproduct test\nversion 9\ncounter 9223372036854775807\n"},
		{"floor", "firmseal-manifest 1\n"},
		{"keyrings", "keyring.3"},
		{"running", "b 01234567-89ab-cdef-0123-456789abcdef\n"},
		{"interrupted", "product test\nversion 9\ncounter 1\nmanifest 0000000000000000000000000000000000000000000000000000000000000000\n"},
		{"journal", "product test\nversion 9\ncounter 1\nmanifest 0000000000000000000000000000000000000000000000000000000000000000\nside b\n"
			    "swap 1 /etc\nflash 1 0000000000000000000000000000000000000000000000000000000000000000 x block:/dev/sda\n"},
		{"journal", "journal 2\nproduct test\nversion 9\ncounter 1\nmanifest "
			    "0000000000000000000000000000000000000000000000000000000000000000\nside b\n"},
		{"journal", "journal 3\n"},
	};
	char what[1200];

	(void)state;
	board_with_history();
	for (size_t i = 0; i < sizeof forged / sizeof *forged; i++) {
		restore_state();
		put_forged(forged[i].name, forged[i].body, strlen(forged[i].body));
		snprintf(what, sizeof what, "forged %zu, %s", i, forged[i].name);
		must_hold(forged[i].name, what, false);
		install_after(what);
	}
}

/* A genuine manifest of the vendor's for another revision of the board, put there as the proof of a huge floor. */
static void a_proof_of_another_revision_locks_nobody_out(void **state)
{
	static const char *const boards[] = {"board zynq-s9 3 9", "board zynq-s8 1 3"};

	(void)state;
	board_with_history();
	for (size_t i = 0; i < 2; i++) {
		struct pile text = {0}, body = {0};

		pile_print(&text, "firmseal-manifest 1\nproduct test\nversion 9\ncounter 999\ncreated 1\n%s\npayload 1024 65536 1\nchunk 40 "
			   "0000000000000000000000000000000000000000000000000000000000000000\n", boards[i]);
		pile_sign(&body, &release, text.at, text.len, "t");
		pile_add(&body, text.at, text.len);
		restore_state();
		put_forged("floor", body.at, body.len);
		must_hold("floor", boards[i], true);
		install_after(boards[i]);
		free(text.at);
		free(body.at);
	}
}

/* --- the journal --- */

/* A journal, with its checksum, for BUNDLE's manifest on side b; and what malware would leave staged beside that side. */
static void leave_journal(const struct test_key *signer, unsigned counter, const char *staged)
{
	struct test_bundle b = {.counter = counter, .keyring = 2};
	unsigned char hash[HASH_SIZE];
	char hex[HASH_HEX + 1], content[32];
	struct pile body = {0};

	snprintf(content, sizeof content, "image %u", counter);
	test_bundle_file(&b, "image", content, strlen(content));
	test_bundle_manifest(&b);
	pile_sign(&b.sigs, signer, b.manifest.at, b.manifest.len, "t");
	hash_buffer(hash, b.manifest.at, b.manifest.len);
	text_put_hash(hex, hash);
	pile_print(&body, "journal 2\nproduct test\nversion 1.0\ncounter %u\nmanifest %s\nside b\n", counter, hex);
	put_forged("manifest.next", b.manifest.at, b.manifest.len);
	put_forged("manifest.minisig.next", b.sigs.at, b.sigs.len);
	put_forged("journal", body.at, body.len);
	remove_all(in_folder(".firmseal-new-b"));
	assert_int_equal(mkdir(in_folder(".firmseal-new-b"), 0755), 0);
	put(in_folder(".firmseal-new-b/image"), staged, strlen(staged));
	free(body.at);
	test_bundle_free(&b);
}

/* Finishes it, as `status' does. Returns whether it was given up; SIDE_B is then as it was. */
static bool given_up(void)
{
	struct status_report report;
	char *image = NULL;
	size_t len = 0;
	bool before, said;

	assert_int_equal(status_settle(&report, &board, NULL), 0);
	said = report.known->nfaults > 0;
	assert_false(journal_waits(&board));
	assert_int_equal(io_read_file(&image, &len, in_folder("b/image"), 64, NULL), 0);
	before = strcmp(image, "image 5") == 0;
	assert_int_equal(said, before);
	assert_int_equal(report.boot.trial, !before);
	status_free(&report);
	free(image);
	return before;
}

static void a_journal_is_believed_with_its_manifest_only(void **state)
{
	(void)state;
	board_with_history();
	leave_journal(&release, 8, "image 8"); /* as a power cut leaves it */
	assert_false(given_up());
	board_with_history();
	leave_journal(&release, 8, "image 9"); /* what is staged is not what was signed */
	assert_true(given_up());
	board_with_history();
	leave_journal(&release, 5, "image 5 again"); /* an image that is too old */
	assert_true(given_up());
	board_with_history();
	leave_journal(&stolen, 9, "image 9"); /* by a revoked key */
	assert_true(given_up());
	board_with_history();
	leave_journal(&release, 8, "image 8");
	put(in_folder(".firmseal-new-b/worm"), "worm", 4); /* something beside it */
	assert_true(given_up());
	board_with_history();
	leave_journal(&release, 8, "image 8");
	put_forged("manifest.minisig.next", "", 0);
	assert_true(given_up());
	board_with_history();
	leave_journal(&release, 8, "image 8");
	remove_all(in_folder(".firmseal-new-b"));
	assert_int_equal(symlink("a", in_folder(".firmseal-new-b")), 0); /* a link where a tree should be */
	assert_true(given_up());
}

/* --- keyrings that are kept --- */

/* Somebody without a key changes the signatures of a keyring that the board knows, on the way. */
static void only_verified_keyrings_are_kept(void **state)
{
	struct pile rings = {0}, three = {0};
	char *file = NULL;
	size_t len = 0, before;

	(void)state;
	board_with_history();
	assert_int_equal(io_read_file(&file, &before, in_folder("state/keyrings"), 1 << 20, NULL), 0);
	free(file);
	ring_pair(&rings, 1, &root, &root, true);
	memset(rings.at + rings.len - USTAR_BLOCK, 'x', USTAR_BLOCK / 2); /* the signatures of keyring 1 */
	pile_add(&rings, ring2.at, ring2.len);
	rings.at[rings.len - USTAR_BLOCK] ^= 1;                           /* and those of keyring 2 */
	ring_pair(&three, 3, &root, &root, false);
	pile_add(&rings, three.at, three.len);
	assert_int_equal(install_new(&release, 7, 3, &rings), VERDICT_OK);
	assert_int_equal(known_serial(), 3);
	assert_int_equal(io_read_file(&file, &len, in_folder("state/keyrings"), 1 << 20, NULL), 0);
	assert_int_equal(len, before + three.len);                        /* the step, and nothing else, behind the old pairs */
	assert_memory_equal(file + before - 73, three.at, three.len);
	free(file);
	free(rings.at);
	free(three.at);
}

/* No number of keyrings locks a board out, and no older image loses its way to the newest. ROTATE: every so many serials the root changes. */
static void many_keyrings(unsigned rotate)
{
	enum { LAST = 130, AT_ONCE = 50 };
	const struct test_key *roots[] = {&root, &root2};
	struct trust first;
	unsigned at = 1, now = 0;
	struct stat st;

	new_board(false);
	first = board.trust;
	while (at < LAST) {
		struct pile rings = {0};

		for (unsigned n = 0; n < AT_ONCE && at < LAST; n++) {
			unsigned before = now;

			at++;
			if (rotate > 0 && at % rotate == 0)
				now = 1 - now;
			ring_pair(&rings, at, roots[now], roots[before], at < 10);
		}
		assert_int_equal(install_new(&release, at, at, &rings), VERDICT_OK);
		assert_int_equal(known_serial(), at);
		free(rings.at);
	}
	assert_int_equal(stat(in_folder("state/keyrings"), &st), 0);
	if (rotate == 0) /* what is signed by the same roots is not needed: never more than the pairs that need no thought */
		assert_true(st.st_size < KEYRINGS_PLAIN_PAIRS * 6 * USTAR_BLOCK);
	board.trust = first; /* the other side's image, which knows keyring 1 alone */
	assert_int_equal(known_serial(), LAST);
	assert_int_equal(install_new(&stolen, 999, 0, NULL), VERDICT_REVOKED_KEY);
}

static void no_number_of_keyrings_locks_a_board_out(void **state)
{
	(void)state;
	many_keyrings(0);
	many_keyrings(7);
	many_keyrings(1);
}

/* What is left of the kept keyrings does not lead to where the board was: it waits for a bundle that does. */
static void a_board_that_lost_its_keyrings_waits_for_them(void **state)
{
	(void)state;
	board_with_history();
	assert_int_equal(unlink(in_folder("state/keyrings")), 0);
	assert_int_equal(install_new(&release, 7, 0, NULL), VERDICT_KEYRING_GAP);
	assert_int_equal(install_new(&stolen, 7, 1, NULL), VERDICT_KEYRING_GAP);
	assert_int_equal(install_new(&release, 7, 2, NULL), VERDICT_KEYRING_GAP);
	assert_int_equal(install_new(&release, 7, 0, &ring2), VERDICT_OK);
	assert_int_equal(known_serial(), 2);
}

static int start(void **state)
{
	(void)state;
	umask(022);
	if (sodium_init() < 0)
		return -1;
	test_key_make(&root, 1);
	test_key_make(&root2, 4);
	test_key_make(&release, 2);
	test_key_make(&stolen, 3);
	snprintf(folder, sizeof folder, "%.32s/firmseal-known.%ld.x", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp", (long)getpid());
	ring_pair(&ring2, 2, &root, &root, false);
	make(&by_stolen, &stolen, 9, 0, NULL);
	make(&next_good, &release, 7, 2, &ring2);
	return 0;
}

static int end(void **state)
{
	(void)state;
	remove_all(folder);
	for (size_t i = 0; i < nkept; i++)
		free(kept[i].text);
	free(ring2.at);
	free(by_stolen.at);
	free(next_good.at);
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_that_is_gone_or_empty),
		cmocka_unit_test(a_file_that_is_cut_or_changed),
		cmocka_unit_test(a_file_of_another_board_or_of_before),
		cmocka_unit_test(a_file_that_is_forged),
		cmocka_unit_test(a_proof_of_another_revision_locks_nobody_out),
		cmocka_unit_test(a_journal_is_believed_with_its_manifest_only),
		cmocka_unit_test(only_verified_keyrings_are_kept),
		cmocka_unit_test(no_number_of_keyrings_locks_a_board_out),
		cmocka_unit_test(a_board_that_lost_its_keyrings_waits_for_them),
	};

	return cmocka_run_group_tests(tests, start, end);
}
