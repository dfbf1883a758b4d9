/* SPDX-License-Identifier: ISC */
/* firmverify audit */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/chunks.h"
#include "core/cli.h"
#include "core/policy.h"
#include "verifier/boot.h"
#include "verifier/audit_output.h"
#include "verifier/keyrings.h"
#include "verifier/state.h"
#include "verifier/verbs.h"

enum { THREADS_MAX = 64 };

/* Strings stay argv's. */
struct options {
	const char *device, *bundle, *root, *state, *known_bad;
	const char *pubkeys[TRUST_KEYS_MAX];
	size_t npubkeys;
	const char *keyring;     /* or NULL */
	const char *side;        /* "a", "b", or NULL: the one that runs */
	const char *settings[AUDIT_SETTINGS_MAX];
	size_t nsettings;
	bool json;
};

/* What an audit needs open. */
struct session {
	struct device device;
	enum side side;
	bool have_device;       /* else only its state directory and keys are set */
	struct reference reference;
	struct known_bad *signs;
	int lock;
};

static const char *append(const char **list, size_t *n, size_t max, const char *value)
{
	if (*n == max)
		return "too many of one option";
	list[(*n)++] = value;
	return NULL;
}

static const char *take_option(struct options *o, int c)
{
	switch (c) {
	case 'd': o->device = optarg; return NULL;
	case 'b': o->bundle = optarg; return NULL;
	case 'r': o->root = optarg; return NULL;
	case 's': o->state = optarg; return NULL;
	case 'k': o->known_bad = optarg; return NULL;
	case 'e': o->side = optarg; return NULL;
	case 'g': o->keyring = optarg; return NULL;
	case 'p': return append(o->pubkeys, &o->npubkeys, TRUST_KEYS_MAX, optarg);
	case 'o':
		if (path_fault(optarg, strlen(optarg), false) != PATH_FINE)
			return "a setting is a path in the tree: relative, without . and ..";
		return append(o->settings, &o->nsettings, AUDIT_SETTINGS_MAX, optarg);
	case 'j': o->json = true; return NULL;
	default: return "this verb has no such option";
	}
}

/* Returns NULL, or what is wrong. */
static const char *parse(struct options *o, int argc, char **argv, struct err *e)
{
	static const struct option table[] = {
		{"device", required_argument, NULL, 'd'}, {"bundle", required_argument, NULL, 'b'},
		{"root", required_argument, NULL, 'r'}, {"state", required_argument, NULL, 's'},
		{"known-bad", required_argument, NULL, 'k'}, {"pubkey", required_argument, NULL, 'p'},
		{"keyring", required_argument, NULL, 'g'},
		{"side", required_argument, NULL, 'e'},
		{"setting", required_argument, NULL, 'o'}, {"json", no_argument, NULL, 'j'}, {NULL, 0, NULL, 0}};
	const char *wrong = NULL;
	int c;

	while (!wrong && (c = cli_option(argc, argv, "", table, e)) != -1)
		wrong = c == '?' ? e->message : take_option(o, c);
	if (!wrong && argc != optind)
		wrong = "want no more arguments";
	if (!wrong && o->bundle && o->state)
		wrong = "the manifest comes from a bundle or from a state directory, not from both";
	if (!wrong && o->keyring && o->npubkeys > 0)
		wrong = "--pubkey and --keyring exclude each other";
	return wrong;
}

/* Keys given by hand stand for the device file's. */
static int load_trust(struct trust *t, const struct options *o, struct err *e)
{
	if (o->npubkeys == 0 && !o->keyring)
		return 0;
	t->nkeys = 0;
	t->ring.serial = 0;
	for (size_t i = 0; i < o->npubkeys; i++)
		if (trust_add_file(t, o->pubkeys[i], e) != 0)
			return -1;
	return o->keyring ? trust_add_keyring_file(t, o->keyring, e) : 0;
}

/* The image's own keyring, and what was learned since. */
static int learn(struct session *s, struct err *e)
{
	struct keyrings kept;
	int rc = keyrings_load(&kept, &s->device, &s->device.trust, e);

	if (kept.faulty)
		fprintf(stderr, "firmverify: note: %s/keyrings is damaged or forged (%s): keyring %" PRIu64 " counts\n", s->device.state,
			kept.fault.message, s->device.trust.ring.serial);
	keyrings_free(&kept);
	return rc;
}

/* The device file is read unless all that it could say has been said. */
static int load_device(struct session *s, const struct options *o, struct err *e)
{
	s->have_device = o->device || !o->root || (o->npubkeys == 0 && !o->keyring) || (!o->bundle && !o->state);
	if (s->have_device && device_load(&s->device, o->device ? o->device : DEVICE_FILE_DEFAULT, e) != 0)
		return -1;
	if (load_trust(&s->device.trust, o, e) != 0)
		return -1;
	if (o->state && strlen(o->state) >= sizeof s->device.state)
		return err_set(e, VERDICT_USAGE, "the name of the state directory is too long");
	if (o->state)
		memcpy(s->device.state, o->state, strlen(o->state) + 1);
	/* Keys given by hand are all that is trusted. */
	return s->have_device && o->npubkeys == 0 && !o->keyring ? learn(s, e) : 0;
}

/* Of a board with two sides the one that runs, unless it is said which: when its disk is looked at from elsewhere, it has to be. */
static int choose_side(struct session *s, const struct options *o, struct err *e)
{
	struct boot_state boot;

	s->side = SIDE_A;
	if (o->side) {
		if (boot_side(&s->side, (struct span){o->side, strlen(o->side)}) != 0)
			return err_set(e, VERDICT_USAGE, "--side wants a or b");
		s->device.two_sided = s->device.two_sided || !s->have_device;
		return 0;
	}
	if (!s->device.two_sided)
		return 0;
	if (boot_read(&s->device, &boot, e) != 0)
		return -1;
	s->side = boot_running(&s->device, &boot);
	return 0;
}

static int load_reference(struct session *s, const struct options *o, struct err *e)
{
	struct policy policy = {.board = s->device.board, .revision = s->device.revision, .product = s->device.product};
	int rc;

	/* Neither the installed tree nor its records may change meanwhile. */
	if (!o->root || !o->bundle)
		s->lock = state_lock_shared(&s->device, e);
	if (s->lock < 0 && (!o->root || !o->bundle))
		return -1;
	rc = o->bundle ? reference_from_bundle(&s->reference, o->bundle, &s->device.trust, e) :
		reference_from_state(&s->reference, &s->device, s->side, &s->device.trust, e);
	if (rc != 0)
		return -1;
	return !s->have_device || policy_check(&policy, s->reference.m, e) == ACCEPTED ? 0 : -1;
}

static int run(struct session *s, const struct options *o, struct audit_result *result, struct err *e)
{
	struct audit_options options = {.root = o->root, .nsettings = o->nsettings, .threads = chunks_threads(THREADS_MAX)};

	if (crypto_init_verify(e) != 0 || load_device(s, o, e) != 0 || choose_side(s, o, e) != 0)
		return -1;
	options.side = s->side;
	if (o->known_bad && known_bad_load(&s->signs, o->known_bad, e) != 0)
		return -1;
	if (load_reference(s, o, e) != 0)
		return -1;
	options.device = s->have_device ? &s->device : NULL;
	options.m = s->reference.m;
	options.signs = s->signs;
	memcpy(options.settings, o->settings, sizeof options.settings);
	for (size_t i = 0; s->have_device && i < s->device.nsettings && options.nsettings < AUDIT_SETTINGS_MAX; i++)
		options.settings[options.nsettings++] = s->device.settings[i];
	return audit_run(result, &options, e);
}

int cmd_audit(int argc, char **argv)
{
	struct options options = {.json = false};
	struct session session = {.lock = -1};
	struct audit_result result = {.findings = NULL};
	struct err e = {.verdict = VERDICT_SYSTEM};
	const char *wrong = parse(&options, argc, argv, &e);
	int status;

	if (wrong)
		return cli_usage("%s", wrong);
	if (run(&session, &options, &result, &e) != 0) {
		status = cli_fail_as(&e, options.json);
	} else {
		status = (int)audit_status(&result);
		if (options.json)
			audit_print_json(stdout, &result, &session.reference);
		else
			audit_print(stdout, &result, &session.reference);
	}
	findings_free(&result.findings);
	known_bad_free(&session.signs);
	reference_close(&session.reference);
	if (session.lock >= 0)
		close(session.lock);
	return cli_done(status);
}
