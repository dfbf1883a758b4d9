/* SPDX-License-Identifier: ISC */
/* The web endpoint: one request (RFC 3875), which brings one bundle or asks how the board is. */
#ifndef VERIFIER_CGI_H
#define VERIFIER_CGI_H

#include "verifier/install.h"
#include "verifier/origin.h"
#include "verifier/status.h"

/* The pages, as stock boards have the first two. */
enum cgi_page {
	CGI_UPGRADE,       /* upgrade.cgi, by POST: installs, and carries over the settings that the device file names */
	CGI_UPGRADE_CLEAR, /* upgrade_clear.cgi, by POST: installs, and carries over none */
	CGI_STATUS,        /* status.cgi, by GET: what `firmverify status --json' says; changes nothing */
};

/* What the server says of the request; each may be NULL. */
struct cgi_request {
	enum cgi_page page;
	const char *method;         /* REQUEST_METHOD */
	const char *content_type;   /* CONTENT_TYPE */
	const char *content_length; /* CONTENT_LENGTH */
	struct origin from;         /* HTTP_HOST, HTTP_ORIGIN, HTTP_SEC_FETCH_SITE, HTTPS: who asks; a foreign page is refused, for every page */
	int body;                   /* descriptor */
};

struct cgi_outcome {
	enum cgi_page page;
	struct device device;       /* all zero (and so in HTML) when the device file could not be used */
	struct install_result result;
	struct status_report report;
};

/* Does what the request wants, as DEVICE_FILE allows. After a refusal the rest of the body has been read and thrown
 * away, within bounds, so that the client sees the answer. OUT is always filled. Returns 0 or -1. */
MUST_CHECK int cgi_serve(struct cgi_outcome *out, const struct cgi_request *request, const char *device_file, struct err *e);

#endif
