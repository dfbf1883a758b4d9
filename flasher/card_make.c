/* SPDX-License-Identifier: ISC */
/* Layout first, then the stream, the MBR last. */
#include "flasher/card_make.h"

#include <string.h>
#include <unistd.h>

#include "core/chunks.h"
#include "core/policy.h"
#include "core/progress.h"
#include "core/ustar.h"
#include "flasher/card.h"
#include "flasher/tee.h"

enum {
	THREADS_MAX = 64,
	AT_HAND = 10 << 20, /* bytes: with less, threads wait for the one that writes, and the other way round */
};

/* One image in the making. */
struct making {
	const struct card_wish *wish;
	struct interrupt_source source;
	struct tee tee;
	struct medium_file medium;
	struct medium_gather files;  /* to MEDIUM */
	struct reader *reader;
	struct card card;
	uint32_t next;       /* of the card's files: the first one of the entry that is coming, or of one behind it */
	uint64_t content;    /* bytes of the current file so far */
};

/* The reader has taken everything up to the payload: what follows it is known to the byte. */
static uint64_t bundle_bytes(const struct making *k)
{
	const struct manifest *m = reader_manifest(k->reader);
	const struct manifest_head *head = manifest_head(m);
	uint64_t size = k->tee.count + head->packed_bytes + ustar_padding(head->packed_bytes) + USTAR_END;
	struct manifest_attach attach;

	for (uint32_t i = 0; i < head->nattach; i++) {
		manifest_attach(m, i, &attach);
		size += USTAR_BLOCK + attach.size + ustar_padding(attach.size);
	}
	return size;
}

/* What has been read of the bundle so far, and all that comes, goes to its place on the card. */
static int place_bundle(struct making *k, struct err *e)
{
	uint32_t node = k->card.bundle;

	if (node == FAT_NONE)
		return tee_place(&k->tee, NULL, 0, e);
	if (fat_volume_slack(&k->card.volume, node, &k->medium.base, e))
		return -1;
	return tee_place(&k->tee, &k->medium.base, card_at(&k->card, node), e);
}

static int begin(struct making *k, int bundle, struct err *e)
{
	struct card_order order = {.board = k->wish->board, .size = k->wish->size};
	struct policy policy = {.board = k->wish->board->id, .revision = k->wish->revision, .any_revision = !k->wish->have_revision};

	interrupt_source_init(&k->source, k->wish->interrupt, bundle);
	tee_init(&k->tee, &k->source.base, k->wish->hash_bundle);
	if (medium_gather_init(&k->files, &k->medium.base, e) ||
	    reader_open(&k->reader, &k->tee.base, k->wish->trust, &policy, chunks_threads(THREADS_MAX), e))
		return -1;
	reader_pace(k->reader, AT_HAND, READER_BEHIND);
	order.manifest = reader_manifest(k->reader);
	order.signatures = reader_signatures(k->reader).len;
	order.bundle = bundle_bytes(k);
	if (card_lay_out(&k->card, &order, e))
		return -1;
	if (ftruncate(k->medium.fd, (off_t)k->card.note.size))
		return err_errno(e, "cannot make the image as large as the card");
	return place_bundle(k, e);
}

/* The payload is on its way while FATs and directories are written. */
static int write_frame(struct making *k, struct err *e)
{
	if (reader_begin(k->reader, e))
		return -1;
	return card_write_frame(&k->card, reader_manifest(k->reader), reader_signatures(k->reader), &k->medium.base, e);
}

/* The files come in the order of their entries; one may go to several places, or to none. */
static int take(struct making *k, const struct reader_item *item, uint32_t entry, struct err *e)
{
	const struct card *c = &k->card;

	if (item->what == READER_ENTRY) {
		k->content = 0;
		while (k->next < c->nfiles && c->files[k->next].entry < entry)
			k->next++;
		return 0;
	}
	for (uint32_t i = k->next; i < c->nfiles && c->files[i].entry == entry; i++) {
		uint32_t node = c->files[i].node;

		if (item->what == READER_DATA &&
		    k->files.base.write(&k->files.base, card_at(c, node) + k->content, item->data, item->len, e))
			return -1;
		if (item->what == READER_DONE && fat_volume_slack(&c->volume, node, &k->files.base, e))
			return -1;
	}
	k->content += item->len;
	return 0;
}

static int stream(struct making *k, struct err *e)
{
	struct reader_item item = {0};
	struct progress progress;
	uint32_t entry = 0;
	int rc;

	progress_begin(&progress, "laying out", manifest_head(reader_manifest(k->reader))->packed_bytes, k->wish->quiet);
	while ((rc = reader_next(k->reader, &item, e)) == 1) {
		entry += item.what == READER_ENTRY;
		if ((rc = take(k, &item, entry - 1, e)) != 0)
			break;
		progress_update(&progress, reader_position(k->reader));
	}
	progress_end(&progress);
	if (rc != 0 || reader_complete(k->reader, e) != ACCEPTED)
		return -1;
	return medium_gather_flush(&k->files, e);
}

static void report(struct card_made *made, const struct making *k)
{
	const struct manifest *m = reader_manifest(k->reader);
	struct span text = manifest_text(m);
	const struct card *c = &k->card;

	*made = (struct card_made){.head = *manifest_head(m),
				   .signers = *reader_signers(k->reader),
				   .have_bundle = k->wish->hash_bundle,
				   .files = c->nfiles + (c->bundle != FAT_NONE),
				   .bytes = c->file_bytes,
				   .size = c->note.size,
				   .used = fat_used_end(&c->volume.geometry),
				   .start = c->volume.geometry.start};
	memcpy(made->board, c->note.board, sizeof made->board);
	hash_buffer(made->manifest, text.at, text.len);
	if (made->have_bundle)
		tee_hash(&k->tee, made->bundle);
}

int card_make(struct card_made *made, int image, int bundle, const struct card_wish *wish, struct err *e)
{
	struct making k = {.wish = wish};
	int rc = -1;

	medium_file_init(&k.medium, image);
	if (begin(&k, bundle, e) || write_frame(&k, e) || stream(&k, e) || card_write_head(&k.card, &k.medium.base, e))
		goto out;
	report(made, &k);
	rc = 0;
out:
	reader_free(&k.reader);
	tee_free(&k.tee);
	card_free(&k.card);
	medium_gather_free(&k.files);
	return rc;
}
