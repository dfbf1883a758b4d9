/* SPDX-License-Identifier: ISC */
/* Hooks: programs of the image that it wants run, from the verified tree and nowhere else, if the device file says `hooks on`. */
#ifndef VERIFIER_HOOKS_H
#define VERIFIER_HOOKS_H

#include "core/manifest.h"

/* Runs the hooks of one stage in order, inside the tree at TREE: that is their working directory. Their environment is a PATH, their
 * argument the stage, their input and output /dev/null; after ten minutes one is killed. Each file is compared with its
 * hash right before it runs. Returns 0, or -1: system (one failed: which, and how). */
MUST_CHECK int hooks_run(const struct manifest *m, enum run_stage stage, const char *tree, struct err *e);

#endif
