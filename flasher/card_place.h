/* SPDX-License-Identifier: ISC */
/* What a byte of a card belongs to, for a person. */
#ifndef FLASHER_CARD_PLACE_H
#define FLASHER_CARD_PLACE_H

#include <stddef.h>
#include <stdint.h>

#include "flasher/card.h"

/* Writes "the file \"bin/uImage\"", "the first FAT", ... to OUT. */
void card_place(char *out, size_t size, const struct card *c, uint64_t at);

#endif
