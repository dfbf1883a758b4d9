/* SPDX-License-Identifier: ISC */
/* The answer of the web endpoint, in the forms that the tools of farms read already. */
#ifndef VERIFIER_REPLY_H
#define VERIFIER_REPLY_H

#include <stdio.h>

#include "verifier/install.h"

/* Writes a whole CGI response (RFC 3875 section 6) to OUT: R was installed, or, when E's verdict is not ok, was refused.
 * The verdict is in the header Firmseal-Verdict, too. The status is 200 either way, as stock pages have it: their
 * clients look for the words in the body. Returns 0, or -1 (system: nobody takes it). */
int reply_write(FILE *out, enum dialect dialect, const struct install_result *r, const struct err *refusal, struct err *e);

#endif
