/* SPDX-License-Identifier: ISC */
/* Does a board do as well as it did before? For session.c. */
#ifndef FLASHER_SESSION_HEALTH_H
#define FLASHER_SESSION_HEALTH_H

#include "flasher/session.h"

/* True when all is well by the rules; else WHY says what is not. What was not known before is not asked after. */
bool session_health_good(const struct session *s, const struct session_rules *r, const struct link_event *event,
			 char why[static SESSION_TEXT_MAX]);

#endif
