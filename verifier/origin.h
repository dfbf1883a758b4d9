/* SPDX-License-Identifier: ISC */
/* Who sent a request: this board's own page and tools, or a page of somebody else in the operator's browser (cross-site request
 * forgery). A browser that has the password adds it to every request, whichever page asks for it. */
#ifndef VERIFIER_ORIGIN_H
#define VERIFIER_ORIGIN_H

#include <stdbool.h>

#include "core/err.h"

/* What the request's head says; NULL: not said. The strings stay the caller's. */
struct origin {
	const char *host;       /* Host (RFC 9110 section 7.2) */
	const char *origin;     /* Origin (RFC 6454 section 7, Fetch section 3.2) */
	const char *fetch_site; /* Sec-Fetch-Site (Fetch Metadata Request Headers) */
	bool secure;            /* the server itself took the request by TLS */
};

/* Refuses a request of a foreign page. Origin must be one `http://' or `https://' origin whose host is Host's, in any case, and whose
 * port is Host's; where Host names none, the port is the default of the origin's scheme. `null', several values and an empty one are
 * foreign. `http://' is foreign on a server that took the request by TLS; `https://' is not foreign on one that did not, for a proxy
 * may end TLS in front of it. Sec-Fetch-Site must be `same-origin' or `none'. A header that is not there refuses nothing: tools send
 * neither. Returns ACCEPTED, or REFUSED (cross-site). */
MUST_CHECK enum decision origin_check(const struct origin *o, struct err *e) __attribute__((warn_unused_result));

#endif
