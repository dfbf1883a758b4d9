/* SPDX-License-Identifier: ISC */
/* The one vocabulary of a rollout: states of a board, and classes of failure. Sessions, links, ledgers, plans and reports use these enums;
 * each entry has its word and its explanation, so that no form of a report lacks one. */
#ifndef FLASHER_STATES_H
#define FLASHER_STATES_H

#include <stdbool.h>

/* S(name, word, what a board in it is doing, meaning). The order is the order in which they are shown; the ledger stores the words. */
#define STATES_EACH(S) \
	S(WAITING, "waiting", "waiting", "Its wave has not begun, or its turn has not come.") \
	S(PROBED, "probed", "probing", "It said who it is; its figures are asked next.") \
	S(ELIGIBLE, "eligible", "ready", "Its own figures are known; it waits to be sent the image.") \
	S(UPLOADING, "uploading", "uploading", "The image is being sent.") \
	S(ACCEPTED, "accepted", "to be rebooted", "It has the image and waits to be rebooted.") \
	S(REBOOTING, "rebooting", "rebooting", "It restarts; the program looks until it answers again.") \
	S(UP, "up", "back", "It answers again at its own MAC.") \
	S(VERSION, "version", "checking", "It runs the new version; its health is looked at.") \
	S(HEALTHY, "healthy", "soaking", "It does as well as before, and is watched until the soak time is over.") \
	S(SOAKED, "soaked", "last look", "It was healthy for the whole soak time; one last look follows.") \
	S(ASKING, "asking", "asking", "Nobody knows whether it has the image. It is asked before anything is sent again.") \
	S(SUCCESS, "success", "done", "It runs the new version, and does as well as before.") \
	S(ALREADY, "already", "done", "It ran that version before; nothing was sent.") \
	S(SKIPPED, "skipped", "left out", "The plan leaves it out, and says why.") \
	S(REJECTED, "rejected", "ended", "It refused, and would refuse again. Nothing was installed.") \
	S(FAILED, "failed", "ended", "It ended badly; its class of failure says why.") \
	S(UNKNOWN, "unknown", "ended", "It may or may not have the image. Look at it before anything is sent again.") \
	S(NEEDS_CARD, "needs-card", "ended", "It took the image and does not come back. Look for it, then make a recovery card.")

/* C(name, word, meaning and next step). Why a board ended badly, or an act did not come about: what halts count. */
#define CLASSES_EACH(C) \
	C(NONE, "none", "Nothing failed.") \
	CLASSES_BAD_EACH(C)
#define CLASSES_BAD_EACH(C) \
	C(UNREACHABLE, "unreachable", "No connection before anything was sent. Check power and network, and scan again: the address may have changed.") \
	C(LOGIN, "login", "No password of the list was accepted, or the board asked for one by an unsafe scheme. Correct the credentials, then retry.") \
	C(FOREIGN, "foreign", "Another kind of board than the inventory says. Scan again, and plan with the new inventory.") \
	C(MOVED, "moved", "Another board answers at its address. Scan again, then `firmflash retry --inventory FILE`.") \
	C(REFUSED, "refused", "The board looked at the image and refused it. The message says why; a retry ends the same.") \
	C(BUSY, "busy", "Another install was under way there, or the board was out of service for the moment. Retry later.") \
	C(GARBLED, "garbled", "An answer came that no known board of this kind gives. Look at the board.") \
	C(LOST, "lost", "The connection broke while an answer was due. Check the network, then retry.") \
	C(TRANSFER, "transfer", "The upload did not come about in any of its tries. Nothing was installed; check the network, then retry.") \
	C(REBOOT, "reboot", "It has the image and did not reboot. Retry, or switch its power off and on.") \
	C(VERSION, "version", "It came back with another version than the one that was sent. Look at the board; retry sends the image again.") \
	C(HEALTH, "health", "It came back and does worse than before: hash rate, boards, fans, temperature or pools. Look at the board.") \
	C(DEAD, "dead", "It took the image and does not come back. Switch its power off and on, and scan again, since it may have another address. " \
			"If no scan finds it, make a recovery card.") \
	C(UNKNOWN, "unknown", "It was sent the image, and does not say whether it has it. Retry asks it before anything is sent again.") \
	C(LOCAL, "local", "This machine's own trouble: memory, open files. Correct that, then resume.")

enum session_state {
#define STATES_NAME(name, word, doing, means) SESSION_##name,
	STATES_EACH(STATES_NAME)
#undef STATES_NAME
	SESSION_STATES,
};

enum session_class {
#define CLASSES_NAME(name, word, means) CLASS_##name,
	CLASSES_EACH(CLASSES_NAME)
#undef CLASSES_NAME
	SESSION_CLASSES,
};

/* "waiting", ... "needs-card"; "none", "unreachable", ... A value out of range gives "failed" and "local". Never NULL. */
const char *session_state_word(enum session_state state);
const char *session_class_word(enum session_class class);
/* What a board in STATE is doing, for a person: "uploading", "soaking". */
const char *session_state_doing(enum session_state state);
/* One or more whole sentences for a person; of a class with the next step. Never empty. */
const char *session_state_means(enum session_state state);
const char *session_class_means(enum session_class class);
/* Return 0, or -1 when there is no such word. */
int session_state_find(enum session_state *out, const char *word);
int session_class_find(enum session_class *out, const char *word);
static inline bool session_ended(enum session_state state) { return state >= SESSION_SUCCESS; }
/* True for states between the first look and an end: somebody is at work on the board. */
static inline bool session_going(enum session_state state) { return state > SESSION_WAITING && state < SESSION_SUCCESS; }
/* True for an end that is no trouble. */
static inline bool session_good(enum session_state state) { return state == SESSION_SUCCESS || state == SESSION_ALREADY; }
/* True for an end that halts count as a failure. */
static inline bool session_bad(enum session_state state) { return state >= SESSION_REJECTED && state < SESSION_STATES; }

#endif
