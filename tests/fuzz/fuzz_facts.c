/* SPDX-License-Identifier: ISC */
/* What a board says of itself: the first byte picks the page or the command, the rest is its answer. Nothing that a terminal
 * obeys may come out of it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "flasher/facts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void printable(const char *text, size_t room)
{
	if (!memchr(text, '\0', room))
		abort();
	for (; *text; text++)
		if (*text != '\n' && (*text < 0x20 || *text > 0x7e))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct link_identity id = {.uptime_s = 0};
	struct link_health health = {.http = false};
	char pools[FACTS_POOLS_MAX] = "", *text;

	if (size < 1)
		return 0;
	text = malloc(size); /* one less than there is, so that a sanitizer sees the first byte too far */
	if (!text)
		return 0;
	memcpy(text, data + 1, --size);
	switch (data[0] % 7) {
	case 0: (void)facts_system_info(&id, text, size); break;
	case 1: (void)facts_miner_type(&id, text, size); break;
	case 2: (void)facts_status(&id, text, size); break;
	case 3: (void)facts_api_version(&id, text, size); break;
	case 4: (void)facts_api_summary(&health, text, size); break;
	case 5: (void)facts_api_stats(&health, text, size); break;
	default: (void)facts_api_pools(pools, text, size); break;
	}
	free(text);
	printable(id.mac, sizeof id.mac);
	printable(id.model, sizeof id.model);
	printable(id.subtype, sizeof id.subtype);
	printable(id.version, sizeof id.version);
	printable(id.hostname, sizeof id.hostname);
	printable(pools, sizeof pools);
	return 0;
}
