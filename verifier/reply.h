/* SPDX-License-Identifier: ISC */
/* The answer of the web endpoint, in the forms that the tools of farms read already. */
#ifndef VERIFIER_REPLY_H
#define VERIFIER_REPLY_H

#include <stdio.h>

#include "verifier/cgi.h"

/* Writes a whole CGI response (RFC 3875 section 6) to OUT: what was done, or, when REFUSAL's verdict is not ok, why not. Upgrade
 * pages answer in the device's dialect, status.cgi as `firmverify status --json' does. The verdict is in the header
 * Firmseal-Verdict, too. The status is 200 either way, as stock pages have it: their clients look for the words in the body; but 403 for
 * cross-site, which no client of a stock page gets.
 * Returns 0, or -1 (system: nobody takes it). */
MUST_CHECK int reply_write(FILE *out, const struct cgi_outcome *outcome, const struct err *refusal, struct err *e);

#endif
