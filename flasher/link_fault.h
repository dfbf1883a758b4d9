/* SPDX-License-Identifier: ISC */
/* What kind of failure a conversation with a board's web server ended in. */
#ifndef FLASHER_LINK_FAULT_H
#define FLASHER_LINK_FAULT_H

#include "flasher/http.h"
#include "flasher/link.h"

/* H has just told R of a GET, a probe or a reboot; of an upload. CLASS_NONE: of none. */
enum session_class link_fault_get(const struct http *h, const struct result *r);
enum session_class link_fault_upload(const struct http *h, const struct result *r);

#endif
