/* SPDX-License-Identifier: ISC */
/* Secret keys: made, loaded, saved; the process that holds them closed to others. */
#include "keys/seckey.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/io.h"
#include "keys/seal.h"

enum { TEXT_MAX = 512 }; /* of a key file as written here */

int keys_init(struct err *e)
{
	static const struct rlimit none = {0, 0};

	if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return err_errno(e, "cannot forbid core dumps");
	if (randombytes_set_implementation(&randombytes_sysrandom_implementation) != 0 || sodium_init() < 0)
		return err_set(e, VERDICT_SYSTEM, "cannot start libsodium");
	return 0;
}

static int out_of_memory(struct err *e)
{
	return err_set(e, VERDICT_SYSTEM, "out of memory");
}

void seckey_free(struct seckey **k)
{
	sodium_free(*k);
	*k = NULL;
}

static char *old_password(const char *path, const struct password *pw, struct err *e)
{
	struct password asked = *pw;
	char prompt[200];

	snprintf(prompt, sizeof prompt, "Password for %s: ", path);
	asked.twice = false;
	if (!asked.prompt)
		asked.prompt = prompt;
	return password_get(&asked, e);
}

static char *new_password(const struct password *pw, struct err *e)
{
	struct password asked = *pw;

	asked.twice = true;
	if (!asked.prompt)
		asked.prompt = "New password: ";
	return password_get(&asked, e);
}

static int read_blob(unsigned char *blob, bool *sealed, const char *path, struct err *e)
{
	struct seal_cost cost;
	char *text = NULL;
	size_t len = 0;
	int rc;

	if (seal_read_file(&text, &len, path, SEAL_FILE_MAX, seal_is_secret, e) != 0)
		return -1;
	rc = seal_decode(blob, text, len, e) == 0 ? seal_about(sealed, &cost, blob, e) : -1;
	sodium_free(text);
	return rc;
}

int seckey_load(struct seckey **out, const char *path, const struct password *pw, struct err *e)
{
	struct seckey *k = sodium_malloc(sizeof *k);
	unsigned char *blob = sodium_malloc(SEAL_BLOB);
	char *password = NULL, quoted[160];
	bool sealed = false;
	int rc = -1;

	*out = NULL;
	err_quote(quoted, sizeof quoted, path, strlen(path));
	if (!k || !blob) {
		out_of_memory(e);
		goto out;
	}
	if (read_blob(blob, &sealed, path, e) != 0)
		goto out;
	if (sealed && !pw) {
		err_set(e, VERDICT_USAGE, "it is sealed, and no password was given");
		goto out;
	}
	if (sealed && !(password = old_password(quoted, pw, e)))
		goto out;
	if (seal_open(k, blob, password, e) != 0)
		goto out;
	*out = k;
	k = NULL;
	rc = 0;
out:
	if (rc != 0)
		err_prefix(e, "secret key %s", quoted);
	sodium_free(password);
	sodium_free(blob);
	sodium_free(k);
	return rc;
}

int seckey_look(struct seckey_about *out, const char *text, size_t len, struct err *e)
{
	unsigned char *blob = sodium_malloc(SEAL_BLOB);
	struct seckey *k = sodium_malloc(sizeof *k);
	struct seal_cost cost = {0, 0};
	int rc = -1;

	*out = (struct seckey_about){.sealed = false};
	if (!blob || !k) {
		out_of_memory(e);
		goto out;
	}
	if (seal_decode(blob, text, len, e) != 0 || seal_about(&out->sealed, &cost, blob, e) != 0)
		goto out;
	if (out->sealed) {
		out->memory_mib = (unsigned)(cost.memory >> 20);
	} else {
		if (seal_open(k, blob, NULL, e) != 0)
			goto out;
		memcpy(out->id, k->id, sizeof out->id);
	}
	rc = 0;
out:
	sodium_free(k);
	sodium_free(blob);
	return rc;
}

int seckey_generate(struct seckey **out, struct err *e)
{
	struct seckey *k = sodium_malloc(sizeof *k);
	unsigned char *seed = sodium_malloc(crypto_sign_SEEDBYTES), public[crypto_sign_PUBLICKEYBYTES];
	int rc = -1;

	*out = NULL;
	if (!k || !seed) {
		out_of_memory(e);
		goto out;
	}
	if (seal_random(seed, crypto_sign_SEEDBYTES, e) != 0 || seal_random(k->id, sizeof k->id, e) != 0)
		goto out;
	crypto_sign_seed_keypair(public, k->key, seed);
	*out = k;
	k = NULL;
	rc = 0;
out:
	sodium_free(seed);
	sodium_free(k);
	return rc;
}

void seckey_public(const struct seckey *k, struct public_key *out)
{
	memcpy(out->id, k->id, sizeof out->id);
	crypto_sign_ed25519_sk_to_pk(out->key, k->key);
}

void seckey_sign(const struct seckey *k, unsigned char sig[static ED25519_SIG_SIZE], const void *bytes, size_t len)
{
	crypto_sign_detached(sig, NULL, bytes, len, k->key);
}

/* The whole text of a secret key file, in sodium_malloc'd memory; asks PW for the password unless PW is NULL. */
static char *secret_text(const struct seckey *k, const struct password *pw, bool *weaker, struct err *e)
{
	unsigned char *blob = sodium_malloc(SEAL_BLOB);
	char *text = sodium_malloc(TEXT_MAX), *password = NULL, id[KEYID_HEX + 1];
	struct seal_cost cost = seal_cost_full();
	int n, rc = -1;

	if (!blob || !text) {
		out_of_memory(e);
		goto out;
	}
	if (pw && !(password = new_password(pw, e)))
		goto out;
	if (seal_close(blob, k, password, &cost, *weaker, e) != 0)
		goto out;
	*weaker = cost.memory < seal_cost_full().memory;
	keyid_print(id, k->id);
	n = snprintf(text, TEXT_MAX, "untrusted comment: firmseal secret key %s\n", id);
	base64_encode(text + n, BASE64_SIZE(SEAL_BLOB), blob, SEAL_BLOB);
	memcpy(text + n + BASE64_SIZE(SEAL_BLOB) - 1, "\n", 2);
	rc = 0;
out:
	sodium_free(password);
	sodium_free(blob);
	if (rc != 0) {
		sodium_free(text);
		return NULL;
	}
	return text;
}

static void public_text(char out[static TEXT_MAX], const struct public_key *public)
{
	unsigned char blob[PUBLIC_KEY_BLOB] = "Ed";
	char id[KEYID_HEX + 1], line[BASE64_SIZE(PUBLIC_KEY_BLOB)];

	memcpy(blob + 2, public->id, KEYID_SIZE);
	memcpy(blob + 2 + KEYID_SIZE, public->key, ED25519_PUBLIC_SIZE);
	keyid_print(id, public->id);
	base64_encode(line, sizeof line, blob, sizeof blob);
	snprintf(out, TEXT_MAX, "untrusted comment: minisign public key %s\n%s\n", id, line);
}

static int write_new(struct io_new *f, const char *path, mode_t mode, const char *text, struct err *e)
{
	if (io_new_open(f, path, mode, e) != 0)
		return -1;
	return io_write_all(f->fd, text, strlen(text)) == 0 ? 0 : err_errno(e, "cannot write %s", f->name);
}

/* NAME with ENDING, malloc'd; NULL when that file exists already. */
static char *free_name(const char *name, const char *ending, struct err *e)
{
	size_t size = strlen(name) + strlen(ending) + 1;
	char *path = malloc(size), quoted[160];
	struct stat st;

	if (!path) {
		out_of_memory(e);
		return NULL;
	}
	snprintf(path, size, "%s%s", name, ending);
	if (lstat(path, &st) == 0) {
		err_set(e, VERDICT_USAGE, "%s exists already, and a key is never overwritten",
			err_quote(quoted, sizeof quoted, path, size - 1));
		free(path);
		return NULL;
	}
	return path;
}

int seckey_save(const struct seckey *k, const char *name, const struct password *pw, bool *weaker, struct err *e)
{
	struct io_new secret = {.fd = -1}, public = {.fd = -1};
	char *secret_path = NULL, *public_path = NULL, *text = NULL, public_line[TEXT_MAX];
	struct public_key half;
	int rc = -1;

	secret_path = free_name(name, ".key", e); /* before the password is asked for; the commit is what makes sure */
	public_path = secret_path ? free_name(name, ".pub", e) : NULL;
	if (!public_path || !(text = secret_text(k, pw, weaker, e)))
		goto out;
	seckey_public(k, &half);
	public_text(public_line, &half);
	if (write_new(&secret, secret_path, 0600, text, e) != 0 ||
	    write_new(&public, public_path, 0644, public_line, e) != 0)
		goto out;
	/* The public half first: if the second step fails, nothing secret has to be taken back. */
	if (io_new_commit_exclusive(&public, e) != 0)
		goto out;
	if (io_new_commit_exclusive(&secret, e) != 0) {
		unlinkat(public.dir, public.name, 0);
		goto out;
	}
	rc = 0;
out:
	io_new_discard(&secret);
	io_new_discard(&public);
	sodium_free(text);
	free(public_path);
	free(secret_path);
	return rc;
}

int seckey_save_public(const struct public_key *k, const char *path, struct err *e)
{
	struct io_new f = {.fd = -1};
	char text[TEXT_MAX];
	int rc = -1;

	public_text(text, k);
	if (write_new(&f, path, 0644, text, e) == 0)
		rc = io_new_commit_exclusive(&f, e);
	io_new_discard(&f);
	return rc;
}

int seckey_reseal(const struct seckey *k, const char *path, const struct password *pw, bool *weaker, struct err *e)
{
	struct io_new secret = {.fd = -1};
	char *text = NULL, quoted[160];
	struct stat st;
	int rc = -1;

	err_quote(quoted, sizeof quoted, path, strlen(path));
	if (lstat(path, &st) != 0)
		return err_errno(e, "cannot look at %s", quoted);
	if (!S_ISREG(st.st_mode)) /* replacing a link would leave the old file, with the old password, where it was */
		return err_set(e, VERDICT_USAGE, "%s is a link or no file: name the key file itself", quoted);
	if (!(text = secret_text(k, pw, weaker, e)))
		return -1;
	if (write_new(&secret, path, 0600, text, e) == 0 && io_new_commit(&secret, e) == 0)
		rc = 0;
	io_new_discard(&secret);
	sodium_free(text);
	return rc;
}
