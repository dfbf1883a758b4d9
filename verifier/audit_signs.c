/* SPDX-License-Identifier: ISC */
/* From a sign that holds to a finding. */
#include "verifier/audit_parts.h"

struct judging {
	struct audit *a;
	const char *path;
	bool as_signed;
};

static void hit(void *context, const struct sign *sign)
{
	struct judging *j = context;
	struct finding finding = {
		.kind = sign->severity == SEVERITY_INFECTION ? FINDING_SIGN : FINDING_WEAKNESS,
		.path = j->path, .detail = sign->words, .sign = sign->id,
	};

	/* What the vendor signed is no infection, though it may be called like one on other boards (/usr/bin/egrep). A weakness is
	 * one whoever signed it. */
	if (sign->severity == SEVERITY_WEAKNESS || !j->as_signed)
		findings_add(j->a->findings, &finding);
}

void audit_judge(struct audit *a, size_t i, const struct sighting *s, bool as_signed)
{
	struct judging j = {a, known_bad_path(a->o->signs, i), as_signed};

	known_bad_judge(a->o->signs, i, s, hit, &j);
}
