/* SPDX-License-Identifier: ISC */
/* libcurl, loaded when the network is wanted, and not before: it brings thirty libraries along, LDAP, Kerberos and two of TLS among
 * them. Verbs that write disks, as root, shall not have those in their process, nor wait for them, nor need them installed.
 *
 * The functions of <curl/curl.h> that are used here are defined here, and pass on to the library. Calls look as ever, with the types
 * that the header checks; a function that is missing here is missing at link time. */
#ifndef FLASHER_CURL_LATE_H
#define FLASHER_CURL_LATE_H

#include "core/err.h"

/* Before any function of libcurl. Returns 0, or -1: system (it is not installed, or lacks something). */
MUST_CHECK int curl_late_load(struct err *e);

#endif
