/* SPDX-License-Identifier: ISC */
/* Whole files of a chunk. */
#include "core/whole.h"

static uint64_t extent(const struct manifest_entry *entry)
{
	return USTAR_BLOCK + entry->size + ustar_padding(entry->size);
}

void whole_advance(struct whole_place *p, const struct manifest *m, uint64_t end)
{
	struct manifest_entry entry;

	while (p->at < end && p->entry < manifest_head(m)->nentries) {
		manifest_entry(m, p->entry++, &entry);
		p->at += extent(&entry);
	}
}

uint32_t whole_check(const struct manifest *m, struct whole_place p, const unsigned char *data, uint64_t start, size_t len)
{
	unsigned char hash[HASH_SIZE];
	struct manifest_entry entry;

	for (; p.at - start < len && p.entry < manifest_head(m)->nentries; p.entry++, p.at += extent(&entry)) {
		size_t offset = (size_t)(p.at - start);

		manifest_entry(m, p.entry, &entry);
		if (entry.type != ENTRY_FILE || !whole_fits(entry.size, len - offset))
			continue;
		hash_buffer(hash, data + offset + USTAR_BLOCK, (size_t)entry.size);
		if (!crypto_equal(hash, entry.hash, HASH_SIZE))
			return p.entry;
	}
	return WHOLE_FINE;
}
