/* SPDX-License-Identifier: ISC */
/* What the files of the device file's parser share; nobody else includes it. */
#ifndef VERIFIER_DEVICE_PARTS_H
#define VERIFIER_DEVICE_PARTS_H

#include "verifier/device.h"

struct parser {
	struct device *d;
	const char *name;        /* of the file */
	unsigned line;
	unsigned seen;           /* bit I: directive I was there */
	size_t nfields;          /* of this line */
	struct span rest;        /* of this line: all behind its word */
	int (*keyring)(struct device *d, const char *path, struct err *e);
	struct err *e;
};

/* Refuses the line. Returns -1. */
int device_bad(const struct parser *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Copies a field. Returns 0 or -1. */
int device_name(const struct parser *p, char out[static TEXT_NAME_MAX + 1], struct span field, const char *what);
int device_text(const struct parser *p, char out[static DEVICE_TARGET_MAX], struct span field, const char *what);

/* device_slots.c: the directives about slots, and how they fit together. F[0] is the word. They return 0 or -1. */
int device_take_slot(struct parser *p, const struct span *f);
int device_take_staging(struct parser *p, const struct span *f);
int device_take_expect_mtd(struct parser *p, const struct span *f);
int device_take_boot(struct parser *p, const struct span *f);
int device_take_boot_tries(struct parser *p, const struct span *f);
int device_take_proc(struct parser *p, const struct span *f);
/* What no line by itself can show. Returns NULL, or what is wrong. */
const char *device_slots_fault(const struct device *d);

#endif
