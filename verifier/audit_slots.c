/* SPDX-License-Identifier: ISC */
/* The raw copies of the image, each read from its medium and compared with what was signed. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "verifier/audit_parts.h"
#include "verifier/raw.h"
#include "verifier/target.h"

static const char *target_on(const struct device_slot *slot, enum side side)
{
	return slot->target[target_has_sides(slot) ? side : SIDE_A];
}

const char *audit_target(const struct audit *a, size_t i)
{
	return target_on(&a->o->device->slots[i], a->o->side);
}

const char *audit_tree_slot(const struct device *d, enum side side)
{
	for (size_t i = 0; i < d->nslots; i++)
		if (target_takes_tree(d->slots[i].target[SIDE_A]))
			return target_path(target_on(&d->slots[i], side));
	return NULL;
}

/* A copy of what a raw slot should hold. */
struct raw_copy {
	const char *slot, *target;     /* of that copy alone */
	const struct manifest_entry *entry;
};

__attribute__((format(printf, 4, 5)))
static void report(struct audit *a, enum finding_kind kind, const struct raw_copy *c, const char *format, ...)
{
	char detail[256];
	struct finding finding = {.kind = kind, .slot = c->slot, .path = c->target, .detail = detail};
	va_list args;

	va_start(args, format);
	vsnprintf(detail, sizeof detail, format, args);
	va_end(args);
	findings_add(a->findings, &finding);
}

/* Opens a copy, standing at its first byte. Returns the descriptor, or -1 with errno set; EILSEQ when it cannot be the signed file. */
static int open_copy(const struct raw_copy *c)
{
	int fd = open(target_path(c->target), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;
	int error = EILSEQ;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) != 0)
		error = errno;
	else if (S_ISREG(st.st_mode) && (uint64_t)st.st_size == c->entry->size)
		return fd;
	close(fd);
	errno = error;
	return -1;
}

static void compare_file(struct audit_worker *w, const struct raw_copy *c)
{
	unsigned char hash[HASH_SIZE];
	char why[128] = "";
	uint64_t size = 0;
	int fd = open_copy(c);

	if (fd < 0 && (errno == ENOENT || errno == EILSEQ)) {
		if (errno == ENOENT)
			report(w->a, FINDING_MISSING, c, "%s", "");
		else
			report(w->a, FINDING_MODIFIED, c, "not a file of %llu bytes, as was signed", (unsigned long long)c->entry->size);
		return;
	}
	if (fd >= 0) /* the medium is asked, not the page cache */
		(void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	if (fd < 0 || audit_read(w, fd, c->entry->size, NULL, &size, hash) != 0) {
		(void)strerror_r(errno, why, sizeof why);
		report(w->a, FINDING_UNREADABLE, c, "%s", why);
	} else {
		atomic_fetch_add(&w->a->copies, 1);
		if (size != c->entry->size || !crypto_equal(hash, c->entry->hash, HASH_SIZE))
			report(w->a, FINDING_MODIFIED, c, "as many bytes as signed, but others");
	}
	if (fd >= 0)
		close(fd);
}

static void compare_raw(struct audit_worker *w, const struct raw_copy *c, const struct copy *where)
{
	struct err why = {.verdict = VERDICT_SYSTEM};
	unsigned char hash[HASH_SIZE];
	struct raw *r = NULL;

	if (raw_open(&r, where, false, &why) != 0 || raw_hash(r, c->entry->size, hash, &why) != 0) {
		if (why.verdict == VERDICT_TOO_LARGE) /* what was signed cannot be there */
			report(w->a, FINDING_MODIFIED, c, "%.200s", why.message);
		else
			report(w->a, FINDING_UNREADABLE, c, "%.200s", why.message);
	} else {
		atomic_fetch_add(&w->a->copies, 1);
		atomic_fetch_add(&w->a->bytes, c->entry->size);
		if (!crypto_equal(hash, c->entry->hash, HASH_SIZE))
			report(w->a, FINDING_MODIFIED, c, "as many bytes as signed, but others");
	}
	raw_close(&r);
}

/* Every copy of a target by itself: a boot loader may take any of them. */
static void compare_copies(struct audit_worker *w, const struct raw_copy *of, const char *target)
{
	struct raw_copy c = *of;
	struct copy where;

	while (copy_next(&where, &target)) {
		c.target = where.text;
		if (copy_is_raw(where.kind))
			compare_raw(w, &c, &where);
		else
			compare_file(w, &c);
	}
}

void audit_write(struct audit_worker *w, uint32_t i)
{
	const struct device *d = w->a->o->device;
	struct manifest_entry entry;
	struct manifest_write line;
	struct raw_copy copy = {.target = "no such slot on this board", .entry = &entry};

	manifest_write(w->a->o->m, i, &line);
	manifest_entry(w->a->o->m, (uint32_t)manifest_find(w->a->o->m, line.path), &entry); /* the parser has seen it there */
	copy.slot = line.slot;
	for (size_t k = 0; k < d->nslots; k++) {
		if (strcmp(d->slots[k].name, line.slot) != 0 || target_takes_tree(d->slots[k].target[SIDE_A]))
			continue;
		compare_copies(w, &copy, audit_target(w->a, k));
		return;
	}
	report(w->a, FINDING_MISSING, &copy, "the image writes it");
}

void audit_other_slots(struct audit *a)
{
	const struct device *d = a->o->device;
	struct manifest_write line;

	for (size_t k = 0; k < d->nslots; k++) {
		bool written = target_takes_tree(d->slots[k].target[SIDE_A]);

		for (uint32_t i = 0; !written && i < manifest_head(a->o->m)->nwrites; i++) {
			manifest_write(a->o->m, i, &line);
			written = strcmp(line.slot, d->slots[k].name) == 0;
		}
		if (!written)
			findings_skip(a->findings, audit_target(a, k), "the image has nothing for this slot: not compared");
		if (target_has_sides(&d->slots[k]))
			findings_skip(a->findings, d->slots[k].target[a->o->side == SIDE_A ? SIDE_B : SIDE_A], "the other side: not compared");
	}
}
