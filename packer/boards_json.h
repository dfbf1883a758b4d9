/* SPDX-License-Identifier: ISC */
/* The boards of an image in JSON, the same in every answer. */
#ifndef PACKER_BOARDS_JSON_H
#define PACKER_BOARDS_JSON_H

#include "core/json.h"
#include "core/manifest.h"

/* "boards": an array of {"id", "low", "high"}. */
void boards_put_json(struct json *j, const struct manifest *m);

#endif
