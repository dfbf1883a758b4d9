/* SPDX-License-Identifier: ISC */
/* What the simulator takes from anybody: a request's head with its login, an upload's body, a command. The first byte says which, and in
 * what pieces a body comes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "simulator/digest.h"
#include "simulator/form.h"
#include "simulator/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { KINDS = 4 };

static void head(const char *bytes, size_t size)
{
	static const unsigned char secret[DIGEST_SECRET_SIZE] = {1};
	const struct digest_door door = {.realm = "r", .user = "root", .password = "p", .secret = secret};
	size_t n = request_head_length(bytes, size);
	struct request r;

	if (n == 0 || request_parse(&r, bytes, n))
		return;
	if (r.path[0] != '/' || strlen(r.path) > REQUEST_PATH_MAX || r.target.at < bytes || r.target.at + r.target.len > bytes + n)
		abort();
	if (r.authorization.len && digest_check(&door, r.method, r.target, r.authorization, 0) == DIGEST_GOOD)
		abort(); /* whoever finds that password has found a nonce as well */
}

static void body(const char *bytes, size_t size, size_t step, bool several)
{
	struct form f;
	struct span file;
	uint64_t n = 0;

	form_begin(&f, size, several);
	for (size_t at = 0; at < size; at += step) {
		if (form_take(&f, bytes + at, size - at < step ? size - at : step, &file))
			return;
		if (file.len && (file.at < bytes || file.at + file.len > bytes + size))
			abort();
		n += file.len;
	}
	if (f.begun && n != f.file_size)
		abort();
	(void)form_exact(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char command[REQUEST_COMMAND_MAX + 1], *copy;

	if (size == 0)
		return 0;
	copy = malloc(size); /* of its own size, so that a step beyond it shows */
	if (!copy)
		return 0;
	memcpy(copy, data + 1, size - 1);
	switch (data[0] % KINDS) {
	case 0:
		head(copy, size - 1);
		break;
	case 1:
	case 2:
		body(copy, size - 1, (size_t)data[0] / KINDS + 1, data[0] % KINDS == 2);
		break;
	default:
		if (request_member(command, sizeof command, "\"command\"", copy, size - 1) == 0 && strlen(command) > REQUEST_COMMAND_MAX)
			abort();
	}
	free(copy);
	return 0;
}
