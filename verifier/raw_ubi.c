/* SPDX-License-Identifier: ISC */
/* `ubi:/dev/ubiX_Y': a volume, replaced by UBI's own update, which leaves a volume that was cut off marked as such. */
#include <inttypes.h>
#include <stdlib.h>

#include "verifier/ubi.h"

struct raw_ubi {
	struct raw base;
	struct ubi *u;
};

static int begin_ubi(struct raw *base, uint64_t size, struct err *e)
{
	struct raw_ubi *r = (struct raw_ubi *)base;

	return r->u->update(r->u, size) == 0 ? 0 : err_errno(e, "cannot begin the update of %s", base->what);
}

static int write_ubi(struct raw *base, uint64_t at, const unsigned char *data, size_t len, struct err *e)
{
	struct raw_ubi *r = (struct raw_ubi *)base;

	return r->u->write(r->u, data, len) == 0 ? 0 : err_errno(e, "cannot write %s at its byte %" PRIu64, base->what, at);
}

static int end_ubi(struct raw *base, struct err *e)
{
	struct raw_ubi *r = (struct raw_ubi *)base;

	return r->u->finish(r->u) == 0 ? 0 : err_errno(e, "cannot end the update of %s", base->what);
}

static int read_ubi(struct raw *base, uint64_t at, unsigned char *buf, size_t len, struct err *e)
{
	struct raw_ubi *r = (struct raw_ubi *)base;

	return r->u->read(r->u, at, buf, len) == 0 ? 0 : err_errno(e, "cannot read %s at its byte %" PRIu64, base->what, at);
}

static void close_ubi(struct raw *base)
{
	struct raw_ubi *r = (struct raw_ubi *)base;

	r->u->close(r->u);
	free(r);
}

int raw_ubi_on(struct raw **out, struct ubi *u, struct err *e)
{
	struct raw_ubi *r = calloc(1, sizeof *r);

	if (!r) {
		u->close(u);
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	}
	r->base = (struct raw){.capacity = u->capacity, .unit = u->leb, .begin = begin_ubi, .write = write_ubi, .end = end_ubi,
			       .read = read_ubi, .close = close_ubi};
	r->u = u;
	*out = &r->base;
	return 0;
}

int raw_ubi_open(struct raw **out, const struct copy *c, bool writing, struct err *e)
{
	struct ubi *u;

	return ubi_open(&u, c->path, writing, e) == 0 ? raw_ubi_on(out, u, e) : -1;
}
