/* SPDX-License-Identifier: ISC */
/* What states and failures are called: in the ledger, in plans, in reports. */
#include "flasher/session.h"

#include <string.h>

static const char *const state_words[SESSION_STATES] = {
	"waiting", "probed", "eligible", "uploading", "accepted", "rebooting", "up", "version", "healthy", "soaked",
	"asking", "success", "already", "skipped", "rejected", "failed", "unknown", "needs-card"};
static const char *const class_words[SESSION_CLASSES] = {
	"none", "unreachable", "login", "foreign", "moved", "refused", "transfer", "reboot", "version", "health", "dead",
	"unknown", "local"};

const char *session_state_word(enum session_state state)
{
	return state < SESSION_STATES ? state_words[state] : "failed";
}

const char *session_class_word(enum session_class class)
{
	return class < SESSION_CLASSES ? class_words[class] : "local";
}

int session_state_find(enum session_state *out, const char *word)
{
	for (int i = 0; i < SESSION_STATES; i++)
		if (strcmp(state_words[i], word) == 0)
			return *out = (enum session_state)i, 0;
	return -1;
}

int session_class_find(enum session_class *out, const char *word)
{
	for (int i = 0; i < SESSION_CLASSES; i++)
		if (strcmp(class_words[i], word) == 0)
			return *out = (enum session_class)i, 0;
	return -1;
}

bool session_bad(enum session_state state)
{
	return state >= SESSION_REJECTED && state < SESSION_STATES;
}
