/* SPDX-License-Identifier: ISC */
/* Options of a run that its ledger keeps, so that `resume LEDGER' is all that need be said after a crash. */
#include "flasher/fleet_parts.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES = 4096 };

/* Where a relative path leads to from another directory, nobody knows: so it is kept absolute. */
static int keep_path(struct ledger *l, const char *key, const char *path, struct err *e)
{
	char absolute[2 * PATH_BYTES], here[PATH_BYTES];

	if (!path)
		return 0;
	if (path[0] == '/')
		return ledger_set(l, key, path, e);
	if (!getcwd(here, sizeof here))
		return err_errno(e, "cannot tell the current directory");
	if (snprintf(absolute, sizeof absolute, "%s/%s", here, path) >= LEDGER_VALUE_MAX)
		return err_set(e, VERDICT_USAGE, "the path of %s is too long", key);
	return ledger_set(l, key, absolute, e);
}

int fleet_keep(struct fleet_run *f, struct err *e)
{
	const struct fleet_options *o = &f->options;
	char key[32], port[16];

	snprintf(port, sizeof port, "%u", (unsigned)o->api_port);
	if (keep_path(f->ledger, "bundle", o->bundle ? o->bundle : f->plan.bundle, e) ||
	    keep_path(f->ledger, "credentials", o->credentials, e) ||
	    keep_path(f->ledger, "password-file", o->password_file, e) || keep_path(f->ledger, "boards", o->boards_dir, e) ||
	    keep_path(f->ledger, "metrics", o->metrics, e) || ledger_set(f->ledger, "api-port", port, e) ||
	    (o->user && ledger_set(f->ledger, "user", o->user, e)) ||
	    (o->realm && ledger_set(f->ledger, "realm", o->realm, e)) || (o->dry_run && ledger_set(f->ledger, "dry-run", "yes", e)))
		return -1;
	for (size_t i = 0; i < o->ntrust; i++) {
		snprintf(key, sizeof key, "trust.%zu", i);
		if (keep_path(f->ledger, key, o->trust[i], e))
			return -1;
	}
	return 0;
}

/* Sets *OPTION from the ledger unless it was given. */
static int recall(struct fleet_run *f, const char **option, const char *key, struct err *e)
{
	char *value;

	if (*option)
		return 0;
	value = malloc(LEDGER_VALUE_MAX + 1);
	if (!value)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	f->kept[f->nkept++] = value;
	if (ledger_get(f->ledger, key, value, e))
		return -1;
	if (value[0])
		*option = value;
	return 0;
}

/* What a ledger says that was copied, or that somebody else made, is not the user's own word. */
static int demand_all(struct fleet_run *f, struct err *e)
{
	struct fleet_options *o = &f->options;

	if (o->ntrust == 0 || (!o->credentials && !o->password_file && o->password_fd < 0))
		return err_set(e, VERDICT_USAGE, "%s is not the file that `apply' made here, but a copy, or another user's: what it says of keys, "
						 "credentials and files is not used. Name --pubkey or --keyring, --credentials or --password-file, and what else there was (--bundle, --boards, --metrics)",
			       o->file);
	if (!o->bundle)
		o->bundle = f->plan.bundle;
	return 0;
}

int fleet_recall(struct fleet_run *f, struct err *e)
{
	struct fleet_options *o = &f->options;
	bool login = o->credentials || o->password_file || o->password_fd >= 0;
	const char *port = NULL, *dry = NULL;
	char key[32];

	if (recall(f, &dry, "dry-run", e))
		return -1;
	if (dry)
		return err_set(e, VERDICT_USAGE, "this is the ledger of a dry run: there is nothing to be resumed");
	if (!ledger_at_home(f->ledger))
		return demand_all(f, e);
	if (recall(f, &o->bundle, "bundle", e) || recall(f, &o->boards_dir, "boards", e) ||
	    recall(f, &o->metrics, "metrics", e) || recall(f, &port, "api-port", e) || recall(f, &o->realm, "realm", e))
		return -1;
	if (!login && (recall(f, &o->credentials, "credentials", e) || recall(f, &o->password_file, "password-file", e) ||
		       recall(f, &o->user, "user", e)))
		return -1;
	if (!o->have_api_port && port && text_number(&o->api_port, (struct span){port, strlen(port)}, UINT16_MAX))
		return err_set(e, VERDICT_USAGE, "the ledger's port is no number");
	for (bool given = o->ntrust > 0; !given && o->ntrust < FLEET_TRUST_MAX;) {
		const char *file = NULL;

		snprintf(key, sizeof key, "trust.%zu", o->ntrust);
		if (recall(f, &file, key, e))
			return -1;
		if (!file)
			break;
		o->trust[o->ntrust++] = file;
	}
	return 0;
}
