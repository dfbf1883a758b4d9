/* SPDX-License-Identifier: ISC */
/* The web-upgrade endpoint: one request (RFC 3875) that brings one bundle. */
#ifndef VERIFIER_CGI_H
#define VERIFIER_CGI_H

#include "verifier/install.h"

/* What the server says of the request; each may be NULL. */
struct cgi_request {
	const char *method;         /* REQUEST_METHOD */
	const char *content_type;   /* CONTENT_TYPE */
	const char *content_length; /* CONTENT_LENGTH */
	int body;                   /* descriptor */
};

struct cgi_outcome {
	enum dialect dialect;       /* in which to answer; html when the device file is not readable */
	struct install_result result;
};

/* Installs what the request brings, as DEVICE_FILE allows. After a refusal the rest of the body has been read and thrown
 * away, within bounds, so that the client sees the answer. Returns 0 or -1. */
int cgi_serve(struct cgi_outcome *out, const struct cgi_request *request, const char *device_file, struct err *e);

#endif
