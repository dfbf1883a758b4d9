/* SPDX-License-Identifier: ISC */
/* Picks boards of an inventory. */
#include "flasher/plan_pick.h"

#include <stdio.h>
#include <string.h>

static const char *const keys[PICK_KEYS] = {"site", "rack", "tag", "model", "state"};

int plan_pick_add(struct plan_pick *p, bool exclude, const char *text, struct err *e)
{
	size_t name = strcspn(text, "=");
	enum pick_key key = PICK_KEYS;
	const char *at = text + name;

	for (int k = 0; k < PICK_KEYS; k++)
		if (span_is((struct span){text, name}, keys[k]))
			key = (enum pick_key)k;
	if (key == PICK_KEYS || !*at)
		return err_set(e, VERDICT_USAGE, "--%s wants KEY=VALUE[,VALUE...], KEY one of site, rack, tag, model, state", exclude ? "exclude" : "only");
	do {
		size_t len = strcspn(++at, ",");

		if (p->n == PICK_RULES_MAX)
			return err_set(e, VERDICT_USAGE, "--only and --exclude have over %d values", PICK_RULES_MAX);
		p->rules[p->n++] = (struct pick_rule){key, exclude, at, len};
		at += len;
	} while (*at);
	return 0;
}

static bool value_fits(const struct pick_rule *r, const char *value)
{
	size_t n = strlen(value);

	if (r->len && r->at[r->len - 1] == '*')
		return n >= r->len - 1 && memcmp(value, r->at, r->len - 1) == 0;
	return n == r->len && memcmp(value, r->at, n) == 0;
}

static bool rule_fits(const struct pick_rule *r, const struct inventory_board *b)
{
	switch (r->key) {
	case PICK_SITE:
		return value_fits(r, b->site);
	case PICK_RACK:
		return value_fits(r, b->rack);
	case PICK_MODEL:
		return value_fits(r, b->model);
	case PICK_STATE:
		return value_fits(r, inventory_state(b));
	default:
		for (size_t i = 0; i < b->ntags; i++)
			if (value_fits(r, b->tags[i]))
				return true;
		return false;
	}
}

bool plan_pick_takes(const struct plan_pick *p, const struct inventory_board *b, char why[static PICK_REASON_MAX + 1])
{
	bool asked[PICK_KEYS] = {false}, met[PICK_KEYS] = {false};

	why[0] = '\0';
	for (size_t i = 0; i < p->n; i++) {
		const struct pick_rule *r = &p->rules[i];
		bool fits = rule_fits(r, b);

		if (r->exclude && fits) {
			snprintf(why, PICK_REASON_MAX + 1, "left out by --exclude %s=%.*s", keys[r->key], r->len < 64 ? (int)r->len : 64, r->at);
			return false;
		}
		if (!r->exclude) {
			asked[r->key] = true;
			met[r->key] = met[r->key] || fits;
		}
	}
	for (int k = 0; k < PICK_KEYS; k++) {
		if (asked[k] && !met[k]) {
			snprintf(why, PICK_REASON_MAX + 1, "left out by --only %s", keys[k]);
			return false;
		}
	}
	if (!p->suspects && inventory_tagged(b, "suspect")) {
		snprintf(why, PICK_REASON_MAX + 1, "suspect: audit it first, or plan with --include-suspects");
		return false;
	}
	return true;
}
