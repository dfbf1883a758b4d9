/* SPDX-License-Identifier: ISC */
/* The words of states and classes, and what they mean. */
#include "flasher/states.h"

#include <string.h>

/* The compiler refuses an entry without a word or without a sentence. */
#define TEXT_CHECKED(name, word, means) \
	_Static_assert(sizeof(word) > 1, #name " has a word"); \
	_Static_assert(sizeof(means) > sizeof "A word.", #name " has an explanation");
#define STATE_CHECKED(name, word, doing, means) \
	TEXT_CHECKED(name, word, means) \
	_Static_assert(sizeof(doing) > 1, #name " says what the board does");
STATES_EACH(STATE_CHECKED)
CLASSES_EACH(TEXT_CHECKED)

#define STATE_ROW(name, word, doing, means) [SESSION_##name] = {word, doing, means},
#define CLASS_ROW(name, word, means) [CLASS_##name] = {word, means},
static const struct {
	const char *word, *doing, *means;
} states[] = {STATES_EACH(STATE_ROW)};
static const struct {
	const char *word, *means;
} classes[] = {CLASSES_EACH(CLASS_ROW)};
_Static_assert(sizeof states / sizeof *states == SESSION_STATES, "each state has its row");
_Static_assert(sizeof classes / sizeof *classes == SESSION_CLASSES, "each class has its row");

const char *session_state_word(enum session_state state)
{
	return states[state < SESSION_STATES ? state : SESSION_FAILED].word;
}

const char *session_state_doing(enum session_state state)
{
	return states[state < SESSION_STATES ? state : SESSION_FAILED].doing;
}

const char *session_state_means(enum session_state state)
{
	return states[state < SESSION_STATES ? state : SESSION_FAILED].means;
}

const char *session_class_word(enum session_class class)
{
	return classes[class < SESSION_CLASSES ? class : CLASS_LOCAL].word;
}

const char *session_class_means(enum session_class class)
{
	return classes[class < SESSION_CLASSES ? class : CLASS_LOCAL].means;
}

int session_state_find(enum session_state *out, const char *word)
{
	for (int i = 0; i < SESSION_STATES; i++) {
		if (strcmp(states[i].word, word) == 0) {
			*out = (enum session_state)i;
			return 0;
		}
	}
	return -1;
}

int session_class_find(enum session_class *out, const char *word)
{
	for (int i = 0; i < SESSION_CLASSES; i++) {
		if (strcmp(classes[i].word, word) == 0) {
			*out = (enum session_class)i;
			return 0;
		}
	}
	return -1;
}
