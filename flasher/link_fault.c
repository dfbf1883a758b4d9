/* SPDX-License-Identifier: ISC */
/* From answers and silence to classes of failure. */
#include "flasher/link_fault.h"

enum link_fault link_fault_get(const struct http *h, const struct result *r)
{
	const struct exchange *x = http_exchange(h);

	if (r->outcome == OUTCOME_ACCEPTED)
		return LINK_NONE;
	if (x->foreign)
		return LINK_FOREIGN;
	if (x->answer.status == 401)
		return LINK_LOGIN;
	switch (http_reach(h)) {
	case HTTP_NOT_REACHED:
		return LINK_UNREACHABLE;
	case HTTP_NO_ANSWER:
		return LINK_LOST;
	default:
		return x->answer.status == 503 ? LINK_BUSY : LINK_GARBLED;
	}
}

enum link_fault link_fault_upload(const struct http *h, const struct result *r)
{
	switch (r->outcome) {
	case OUTCOME_ACCEPTED:
		return LINK_NONE;
	case OUTCOME_REJECTED:
		return LINK_REFUSED;
	case OUTCOME_UNKNOWN:
		return http_reach(h) == HTTP_ANSWERED ? LINK_GARBLED : LINK_LOST;
	default:
		return r->judged ? LINK_BUSY : link_fault_get(h, r);
	}
}
