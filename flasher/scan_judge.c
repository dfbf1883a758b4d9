/* SPDX-License-Identifier: ISC */
/* What kind of board it is, and what about it is suspicious. */
#include <stdio.h>
#include <string.h>

#include "flasher/scan.h"

const char *scan_state_word(enum scan_state state)
{
	static const char *const words[SCAN_STATES] = {"silent", "found", "login", "foreign", "miner"};

	return state < SCAN_STATES ? words[state] : "?";
}

const char *scan_sign_word(unsigned i)
{
	static const char *const words[SIGN_COUNT] = {"no-password", "factory-password", "pools-differ",     "versions-differ",
						      "odd-version", "upgrade-blocked",  "hostname-command"};

	return i < SIGN_COUNT ? words[i] : "?";
}

bool scan_realm_known(const struct scan_options *options, const char *realm)
{
	for (size_t i = 0; i < options->nboards; i++)
		if (options->boards[i].realm[0] && strcmp(options->boards[i].realm, realm) == 0)
			return true;
	for (size_t i = 0; i < options->nrealms; i++)
		if (strcmp(options->realms[i], realm) == 0)
			return true;
	return false;
}

static bool sent_password(const struct board *b)
{
	return credential_scheme_of(b) == CREDENTIAL_TOKEN;
}

bool scan_told_board(const struct scan_options *options, const char *id)
{
	for (size_t i = 0; i < options->nboards; i++)
		if (strcmp(options->boards[i].id, id) == 0)
			return !sent_password(&options->boards[i]);
	return true;
}

const struct board *scan_kind(const struct scan_options *options, const char *realm, const struct link_identity *id, bool *by_model,
			      char why[static SCAN_NOTE_MAX])
{
	enum board_fit best = BOARD_UNFIT;
	const struct board *kind = NULL, *other = NULL;

	why[0] = '\0';
	*by_model = false;
	for (size_t i = 0; i < options->nboards; i++) {
		const struct board *b = &options->boards[i];
		enum board_fit fit = sent_password(b) ? BOARD_UNFIT : board_fits(b, realm, id->model, id->subtype);

		if (fit > best) {
			best = fit;
			kind = b;
			other = NULL;
		} else if (fit == best && fit != BOARD_UNFIT) {
			other = b;
		}
	}
	if (!kind)
		snprintf(why, SCAN_NOTE_MAX, "no profile fits its model \"%.50s\" and subtype \"%.50s\"", id->model, id->subtype);
	else if (other)
		snprintf(why, SCAN_NOTE_MAX, "both %.64s and %.64s fit", kind->id, other->id);
	*by_model = best == BOARD_FIT_MODEL;
	return other ? NULL : kind;
}

/* A name as RFC 1123 has it, or the empty one. */
static bool plain_hostname(const char *name)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_";

	return strspn(name, allowed) == strlen(name);
}

/* What versions are made of: dates with the time of day, numbers, and names in brackets. Escapes are not. */
static bool plain_version(const char *version)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_+:()/, ";

	return version[0] && strspn(version, allowed) == strlen(version);
}

/* Cuts the first line off TEXT. */
static struct span take_line(const char **text)
{
	struct span line = {*text, strcspn(*text, "\n")};

	*text += line.len + ((*text)[line.len] == '\n');
	return line;
}

/* Is each line of LIVE among those of CONF? */
static bool all_within(const char *live, const char *conf)
{
	while (*live) {
		struct span pool = take_line(&live);
		const char *rest = conf;
		bool found = false;

		while (*rest && !found) {
			struct span line = take_line(&rest);

			found = line.len == pool.len && memcmp(line.at, pool.at, pool.len) == 0;
		}
		if (!found)
			return false;
	}
	return true;
}

unsigned scan_signs(const struct link_identity *id, const char *version_4028, const char *pools_live, const char *pools_conf)
{
	unsigned signs = 0;

	if (*pools_live && *pools_conf && !all_within(pools_live, pools_conf))
		signs |= SIGN_POOLS;
	if (*version_4028 && id->version[0] && strcmp(version_4028, id->version) != 0)
		signs |= SIGN_VERSIONS;
	if (!plain_version(id->version))
		signs |= SIGN_ODD_VERSION;
	if (!plain_hostname(id->hostname))
		signs |= SIGN_HOSTNAME;
	return signs;
}
