/* SPDX-License-Identifier: ISC */
/* From answers and silence to classes of failure. */
#include "flasher/link_fault.h"

enum session_class link_fault_get(const struct http *h, const struct result *r)
{
	const struct exchange *x = http_exchange(h);

	if (r->outcome == OUTCOME_ACCEPTED)
		return CLASS_NONE;
	if (x->foreign)
		return CLASS_FOREIGN;
	if (x->answer.status == 401)
		return CLASS_LOGIN;
	switch (http_reach(h)) {
	case HTTP_NOT_REACHED:
		return CLASS_UNREACHABLE;
	case HTTP_NO_ANSWER:
		return CLASS_LOST;
	default:
		return x->answer.status == 503 ? CLASS_BUSY : CLASS_GARBLED;
	}
}

enum session_class link_fault_upload(const struct http *h, const struct result *r)
{
	switch (r->outcome) {
	case OUTCOME_ACCEPTED:
		return CLASS_NONE;
	case OUTCOME_REJECTED:
		return CLASS_REFUSED;
	case OUTCOME_UNKNOWN:
		return http_reach(h) == HTTP_ANSWERED ? CLASS_GARBLED : CLASS_LOST;
	default:
		return r->judged ? CLASS_BUSY : link_fault_get(h, r);
	}
}
