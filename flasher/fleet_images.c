/* SPDX-License-Identifier: ISC */
/* What a run needs before it may begin: passwords, keys, and what each kind of board is sent. */
#include "flasher/fleet_parts.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int fleet_read_credentials(struct fleet_run *f, struct err *e)
{
	const struct fleet_options *o = &f->options;
	struct secret *password = NULL;

	if (o->dry_run)
		return 0;
	if (o->credentials) {
		if (credentials_read(&f->credentials, o->credentials, e))
			return access(o->credentials, R_OK) != 0 ? err_prefix(e, "the credentials (--credentials FILE says where they are now)") : -1;
	} else if (!o->password_file && o->password_fd < 0) {
		return err_set(e, VERDICT_USAGE, "the password came by a descriptor, and is wanted again (--password-fd)");
	} else if (secret_read(&password, o->password_file, o->password_fd, e) ||
		   credentials_single(&f->credentials, CREDENTIAL_DIGEST, o->user ? o->user : "root", password, e)) {
		secret_free(&password);
		return -1;
	}
	return 0;
}

/* Every board of the plan has a login that its kind may be shown. */
static int check_credentials(const struct fleet_run *f, struct err *e)
{
	for (size_t i = 0; i < f->plan.n; i++) {
		const struct inventory_board *b = &f->plan.devices[i].board;

		for (size_t k = 0; f->plan.devices[i].wave && k < f->nkinds; k++)
			if (strcmp(f->kinds[k].board.id, b->board) == 0 &&
			    credential_check(credentials_find(f->credentials, b->credential), b->credential, &f->kinds[k].board, f->options.realm, e) != 0)
				return err_prefix(e, "%s", b->mac);
	}
	return 0;
}

/* Opens what BOARD is sent, unless another kind is sent the same. The bundle is verified anew for each part of it: that costs
 * a second, and no part is ever taken out of bytes that nobody vouches for. Returns NULL with E set when it cannot be. */
static const struct image *find_image(struct fleet_run *f, const struct board *board, const struct trust *trust, struct err *e)
{
	struct policy any = {0};
	struct fleet_image *i;

	for (i = f->images; i; i = i->next)
		if (i->send == board->send && strcmp(i->path, board->send_path) == 0)
			return &i->image;
	i = calloc(1, sizeof *i);
	if (!i) {
		err_set(e, VERDICT_SYSTEM, "out of memory");
		return NULL;
	}
	if (image_open(&i->image, f->options.bundle, trust, &any, e)) {
		if (access(f->options.bundle, R_OK) != 0)
			err_prefix(e, "the bundle (--bundle FILE says where it is now)");
		free(i);
		return NULL;
	}
	i->send = board->send;
	snprintf(i->path, sizeof i->path, "%s", board->send_path);
	i->next = f->images;
	f->images = i;
	if (i->image.size != f->plan.size || memcmp(i->image.hash, f->plan.hash, HASH_SIZE) != 0) {
		err_set(e, VERDICT_USAGE, "%s is not the bundle that the plan was made with", f->options.bundle);
		return NULL;
	}
	return image_select(&i->image, board, trust, e) == 0 ? &i->image : NULL;
}

static bool have_kind(const struct fleet_run *f, const char *id)
{
	for (size_t k = 0; k < f->nkinds; k++)
		if (strcmp(f->kinds[k].board.id, id) == 0)
			return true;
	return false;
}

static int add_kind(struct fleet_run *f, const char *id, const struct board_dirs *dirs, const struct trust *trust, struct err *e)
{
	struct rollout_kind *more = realloc(f->kinds, (f->nkinds + 1) * sizeof *more);
	struct rollout_kind *k;

	if (!more)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	f->kinds = more;
	k = &more[f->nkinds];
	*k = (struct rollout_kind){.image = NULL};
	if (board_find(&k->board, dirs, id, e))
		return -1;
	k->image = find_image(f, &k->board, trust, e);
	f->nkinds += k->image != NULL;
	return k->image ? 0 : -1;
}

int fleet_open_images(struct fleet_run *f, struct err *e)
{
	struct trust *trust = calloc(1, sizeof *trust);
	struct board_dirs dirs;
	int rc = -1;

	if (!trust)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	if (f->options.ntrust == 0) {
		err_set(e, VERDICT_USAGE, "--pubkey FILE or --keyring FILE is missing");
		goto out;
	}
	for (size_t i = 0; i < f->options.ntrust; i++)
		if (trust_add_any_file(trust, f->options.trust[i], e))
			goto out;
	if (board_dirs_init(&dirs, f->options.boards_dir, e))
		goto out;
	for (size_t i = 0; i < f->plan.n; i++)
		if (f->plan.devices[i].wave && !have_kind(f, f->plan.devices[i].board.board) &&
		    add_kind(f, f->plan.devices[i].board.board, &dirs, trust, e))
			goto out;
	rc = f->options.dry_run ? 0 : check_credentials(f, e);
out:
	free(trust);
	return rc;
}

void fleet_close_images(struct fleet_run *f)
{
	struct fleet_image *next;

	free(f->kinds);
	f->kinds = NULL;
	f->nkinds = 0;
	for (; f->images; f->images = next) {
		next = f->images->next;
		image_close(&f->images->image);
		free(f->images);
	}
}
