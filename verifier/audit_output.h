/* SPDX-License-Identifier: ISC */
/* The result of an audit, for people and for programs. */
#ifndef VERIFIER_AUDIT_OUTPUT_H
#define VERIFIER_AUDIT_OUTPUT_H

#include <stdio.h>

#include "verifier/audit.h"
#include "verifier/reference.h"

enum { AUDIT_LINES_MAX = 50 }; /* of findings, and again of what was not looked at; JSON has all */

/* Summary, strength, then findings: what looks like an infection first. Names from the tree are escaped. */
void audit_print(FILE *out, const struct audit_result *r, const struct reference *ref);

/* One object; paths of the tree are spelled as in a manifest (FORMAT section 3). */
void audit_print_json(FILE *out, const struct audit_result *r, const struct reference *ref);

/* The exit status: done when clean, else not authentic. */
enum status audit_status(const struct audit_result *r);

#endif
