/* SPDX-License-Identifier: ISC */
/* Envelopes made. */
#include "keys/dsse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"

int dsse_encode(unsigned char **out, size_t *len, const char *type, const void *body, size_t body_len, struct err *e)
{
	char head[256];
	int n = snprintf(head, sizeof head, "DSSEv1 %zu %s %zu ", strlen(type), type, body_len);

	if (n < 0 || (size_t)n >= sizeof head)
		return err_set(e, VERDICT_MALFORMED_SIGNATURE, "the envelope's type is too long");
	*out = malloc((size_t)n + body_len);
	if (!*out)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	memcpy(*out, head, (size_t)n);
	memcpy(*out + n, body, body_len);
	*len = (size_t)n + body_len;
	return 0;
}

static int put_signature(struct json *j, const struct hand *h, const unsigned char *bytes, size_t len, struct err *e)
{
	char id[KEYID_HEX + 1], line[BASE64_SIZE(ED25519_SIG_SIZE)];
	unsigned char sig[ED25519_SIG_SIZE];
	struct public_key public;

	if (hand_sign(h, sig, bytes, len, e) != 0)
		return -1;
	hand_public(h, &public);
	if (ed25519_verify(sig, bytes, len, public.key) != ACCEPTED)
		return err_set(e, VERDICT_SYSTEM, "the signature just made does not verify: is this machine sound?");
	keyid_print(id, public.id);
	base64_encode(line, sizeof line, sig, sizeof sig);
	json_open_object(j, NULL);
	json_put_string(j, "keyid", id);
	json_put_string(j, "sig", line);
	json_close_object(j);
	return 0;
}

static int write_envelope(FILE *f, const char *type, const void *body, size_t body_len, const unsigned char *bytes, size_t len,
			  const struct hand *hands, size_t n, struct err *e)
{
	char *payload = malloc(BASE64_SIZE(body_len));
	struct json j;
	int rc = 0;

	if (!payload)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	base64_encode(payload, BASE64_SIZE(body_len), body, body_len);
	json_begin(&j, f);
	json_open_object(&j, NULL);
	json_put_string(&j, "payloadType", type);
	json_put_string(&j, "payload", payload);
	free(payload);
	json_open_array(&j, "signatures");
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = put_signature(&j, &hands[i], bytes, len, e);
	json_close_array(&j);
	json_close_object(&j);
	json_finish(&j);
	return rc;
}

int dsse_seal(char **out, size_t *len, const char *type, const void *body, size_t body_len, const struct hand *hands, size_t n,
	      struct err *e)
{
	unsigned char *bytes = NULL;
	size_t encoded = 0;
	FILE *f;
	int rc = -1;

	*out = NULL;
	if (dsse_encode(&bytes, &encoded, type, body, body_len, e) != 0)
		return -1;
	f = open_memstream(out, len);
	if (!f) {
		err_errno(e, "cannot write the envelope");
		goto done;
	}
	rc = write_envelope(f, type, body, body_len, bytes, encoded, hands, n, e);
	if (fclose(f) != 0 && rc == 0)
		rc = err_errno(e, "cannot write the envelope");
done:
	free(bytes);
	if (rc != 0) {
		free(*out);
		*out = NULL;
	}
	return rc;
}
