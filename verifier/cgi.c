/* SPDX-License-Identifier: ISC */
/* From a request to an install, or a look. */
#include "verifier/cgi.h"

#include <stdlib.h>
#include <string.h>

#include "verifier/upload.h"

struct session {
	struct cgi_outcome *out;
	const struct cgi_request *request;
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

static int check_upload(const struct session *s, char *boundary, struct err *e)
{
	uint64_t length = 0, max = s->out->device.max_upload;

	if (!s->request->method || strcmp(s->request->method, "POST") != 0)
		return err_set(e, VERDICT_USAGE, "an upgrade comes by POST");
	if (parse_length(&length, s->request->content_length, e) != 0)
		return -1;
	if (length > max)
		return err_set(e, VERDICT_TOO_LARGE, "the upload is over %llu bytes, the most that this board takes", (unsigned long long)max);
	return multipart_boundary(boundary, s->request->content_type, e);
}

static int receive(struct session *s, enum install_settings settings, struct err *e)
{
	char boundary[MULTIPART_BOUNDARY_MAX + 1];

	if (check_upload(s, boundary, e) != 0 || multipart_open(&s->part, &s->upload.base, boundary, e) != 0 ||
	    install(&s->out->device, &s->part.base, settings, &s->out->result, e) != 0)
		return -1;
	return multipart_close(&s->part, e);
}

static int look(struct session *s, struct err *e)
{
	if (!s->request->method || strcmp(s->request->method, "GET") != 0)
		return err_set(e, VERDICT_USAGE, "the status is asked for by GET");
	return status_look(&s->out->report, &s->out->device, e);
}

static int serve(struct session *s, struct err *e)
{
	switch (s->request->page) {
	case CGI_UPGRADE: return receive(s, INSTALL_KEEP, e);
	case CGI_UPGRADE_CLEAR: return receive(s, INSTALL_CLEAR, e);
	case CGI_STATUS: return look(s, e);
	}
	return err_set(e, VERDICT_SYSTEM, "there is no such page");
}

int cgi_serve(struct cgi_outcome *out, const struct cgi_request *request, const char *device_file, struct err *e)
{
	struct session *s = calloc(1, sizeof *s);
	uint64_t length = 0;
	int rc;

	*out = (struct cgi_outcome){.page = request->page};
	if (!s)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	s->out = out;
	s->request = request;
	rc = device_load(&out->device, device_file, e);
	if (rc != 0)
		out->device = (struct device){.max_upload = 0};
	parse_length(&length, request->content_length, NULL);
	upload_init(&s->upload, request->body, length, out->device.min_rate, out->device.max_time);
	if (rc == 0)
		rc = origin_check(&request->from, e) == ACCEPTED ? serve(s, e) : -1;
	if (rc != 0)
		upload_drain(&s->upload, out->device.max_upload ? out->device.max_upload : DEVICE_UPLOAD_DEFAULT, UPLOAD_DRAIN_MS);
	free(s);
	return rc;
}
