/* SPDX-License-Identifier: ISC */
/* A progress line as a watch. */
#ifndef PACKER_TERMINAL_H
#define PACKER_TERMINAL_H

#include <stdbool.h>

#include "core/progress.h"
#include "packer/watch.h"

struct terminal {
	struct watch base;
	struct progress progress;
	bool quiet;
};

void terminal_init(struct terminal *t, bool quiet);

#endif
