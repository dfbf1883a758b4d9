/* SPDX-License-Identifier: ISC */
/* From a request to an install. */
#include "verifier/cgi.h"

#include <stdlib.h>
#include <string.h>

#include "verifier/upload.h"

struct session {
	struct device device;
	struct upload upload;
	struct multipart part;
};

/* Content-Length: digits (RFC 9110 section 8.6); more than fits is as good as too much. */
static int parse_length(uint64_t *out, const char *text, struct err *e)
{
	uint64_t n = 0;

	if (!text || !*text)
		return err_set(e, VERDICT_MALFORMED_HEADER, "an upload wants a Content-Length");
	for (const char *p = text; *p; p++) {
		if (*p < '0' || *p > '9')
			return err_set(e, VERDICT_MALFORMED_HEADER, "the Content-Length is no number");
		n = n > (UINT64_MAX - 9) / 10 ? UINT64_MAX : n * 10 + (uint64_t)(*p - '0');
	}
	*out = n;
	return 0;
}

static int check_request(struct session *s, const struct cgi_request *request, char *boundary, struct err *e)
{
	uint64_t length = 0;

	if (!request->method || strcmp(request->method, "POST") != 0)
		return err_set(e, VERDICT_USAGE, "an upgrade comes by POST");
	if (parse_length(&length, request->content_length, e) != 0)
		return -1;
	if (length > s->device.max_upload)
		return err_set(e, VERDICT_TOO_LARGE, "the upload is over %llu bytes, the most that this board takes",
			       (unsigned long long)s->device.max_upload);
	return multipart_boundary(boundary, request->content_type, e);
}

static int receive(struct session *s, const struct cgi_request *request, struct install_result *result, struct err *e)
{
	char boundary[MULTIPART_BOUNDARY_MAX + 1];

	if (check_request(s, request, boundary, e) != 0 || multipart_open(&s->part, &s->upload.base, boundary, e) != 0 ||
	    install(&s->device, &s->part.base, INSTALL_KEEP, result, e) != 0)
		return -1;
	return multipart_close(&s->part, e);
}

int cgi_serve(struct cgi_outcome *out, const struct cgi_request *request, const char *device_file, struct err *e)
{
	struct session *s = calloc(1, sizeof *s);
	uint64_t length = 0;
	bool loaded;
	int rc = -1;

	*out = (struct cgi_outcome){.dialect = DIALECT_HTML};
	if (!s)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	parse_length(&length, request->content_length, NULL);
	loaded = device_load(&s->device, device_file, e) == 0;
	upload_init(&s->upload, request->body, length, s->device.min_rate, s->device.max_time);
	if (loaded) {
		out->dialect = s->device.dialect;
		rc = receive(s, request, &out->result, e);
	}
	if (rc != 0)
		upload_drain(&s->upload, loaded ? s->device.max_upload : DEVICE_UPLOAD_DEFAULT, UPLOAD_DRAIN_MS);
	free(s);
	return rc;
}
