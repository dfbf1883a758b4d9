/* SPDX-License-Identifier: ISC */
/* Slots, sides, staging and boot methods in the device file. */
#include <string.h>

#include "verifier/copy.h"
#include "verifier/device_parts.h"

static bool is_tree(const char *target)
{
	return strncmp(target, "dir:", 4) == 0;
}

static bool is_named(const char *target)
{
	return is_tree(target) || strncmp(target, "file:", 5) == 0;
}

static int take_side(const struct parser *p, char out[static DEVICE_TARGET_MAX], struct span field)
{
	const char *why;

	if (device_text(p, out, field, "the target") != 0)
		return -1;
	why = copy_fault(out);
	return why ? device_bad(p, "a target %s", why) : 0;
}

int device_take_slot(struct parser *p, const struct span *f)
{
	struct device_slot *slot = &p->d->slots[p->d->nslots];

	if (p->d->nslots == DEVICE_SLOTS_MAX)
		return device_bad(p, "more than %d slots", DEVICE_SLOTS_MAX);
	if (device_name(p, slot->name, f[1], "a slot") != 0 || take_side(p, slot->target[SIDE_A], f[2]) != 0)
		return -1;
	if (p->nfields == 4) {
		if (take_side(p, slot->target[SIDE_B], f[3]) != 0)
			return -1;
		if (is_tree(slot->target[SIDE_A]) != is_tree(slot->target[SIDE_B]))
			return device_bad(p, "both sides of a slot take a tree, or neither does");
		if (strcmp(slot->target[SIDE_A], slot->target[SIDE_B]) == 0)
			return device_bad(p, "both sides of the slot are the same");
		p->d->two_sided = true;
	}
	for (size_t i = 0; i < p->d->nslots; i++)
		if (strcmp(p->d->slots[i].name, slot->name) == 0)
			return device_bad(p, "slot %s stands here twice", slot->name);
	p->d->nslots++;
	return 0;
}

int device_take_staging(struct parser *p, const struct span *f)
{
	if (f[1].at[0] != '/' && !span_is(f[1], DEVICE_STAGING_RAM))
		return device_bad(p, "staging is `ram' or the absolute path of a directory");
	return device_text(p, p->d->staging, f[1], "the staging directory");
}

int device_take_proc(struct parser *p, const struct span *f)
{
	if (f[1].at[0] != '/')
		return device_bad(p, "proc must be an absolute path");
	return device_text(p, p->d->proc, f[1], "proc");
}

int device_take_expect_mtd(struct parser *p, const struct span *f)
{
	struct device *d = p->d;

	(void)f;
	if (p->rest.len + 1 > sizeof d->mtd - d->mtd_len)
		return device_bad(p, "more lines of /proc/mtd than there is room for");
	memcpy(d->mtd + d->mtd_len, p->rest.at, p->rest.len);
	d->mtd_len += p->rest.len;
	d->mtd[d->mtd_len++] = '\0';
	d->nmtd++;
	return 0;
}

static int take_boot_argument(struct parser *p, const struct span *f)
{
	const char *why;

	if (device_text(p, p->d->boot_argument, f[2], "what the boot method wants") != 0)
		return -1;
	if (p->d->boot != BOOT_MARKER)
		return f[2].at[0] == '/' ? 0 : device_bad(p, "the boot method wants an absolute path");
	why = copy_fault(p->d->boot_argument);
	if (!why && is_tree(p->d->boot_argument))
		why = "for a marker is no tree";
	return why ? device_bad(p, "a target %s", why) : 0;
}

int device_take_boot(struct parser *p, const struct span *f)
{
	static const struct {
		const char *word;
		size_t least, most; /* fields */
	} methods[] = {
		[BOOT_NONE] = {"none", 2, 2}, [BOOT_UBOOT_ENV] = {"uboot-env", 2, 3}, [BOOT_MARKER] = {"marker", 3, 3}, [BOOT_LINK] = {"link", 3, 3},
	};

	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
		if (!span_is(f[1], methods[i].word))
			continue;
		if (p->nfields < methods[i].least || p->nfields > methods[i].most)
			return device_bad(p, "`boot %s' wants something else behind it", methods[i].word);
		p->d->boot = (enum boot_kind)i;
		return p->nfields == 3 ? take_boot_argument(p, f) : 0;
	}
	return device_bad(p, "the boot method is not known");
}

int device_take_boot_tries(struct parser *p, const struct span *f)
{
	uint64_t n;

	if (text_number(&n, f[1], 1000) != 0 || n == 0)
		return device_bad(p, "boot-tries must be a number from 1 to 1000");
	p->d->boot_tries = (uint32_t)n;
	return 0;
}

const char *device_slots_fault(const struct device *d)
{
	size_t trees = 0;
	bool staged = false;

	for (size_t i = 0; i < d->nslots; i++) {
		trees += is_tree(d->slots[i].target[SIDE_A]);
		staged = staged || (!d->slots[i].target[SIDE_B][0] && !is_named(d->slots[i].target[SIDE_A]));
	}
	if (trees > 1)
		return "more than one slot takes the tree";
	if (d->nsettings > 0 && trees == 0)
		return "settings, and no slot that takes a tree";
	if (staged && !d->staging[0])
		return "a raw slot has one side, and no `staging' line says where its image waits until it is whole";
	if (d->two_sided && d->boot == BOOT_NONE)
		return "a slot has two sides, and no `boot' line says how one of them is chosen";
	if (!d->two_sided && (d->boot == BOOT_UBOOT_ENV || d->boot == BOOT_LINK))
		return "this boot method chooses between two sides, and no slot has them";
	return NULL;
}
