/* SPDX-License-Identifier: ISC */
/* Device files. */
#include <stdlib.h>
#include <string.h>

#include "verifier/device.h"
#include "verifier/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct device d;
	struct err e = {0};

	if (device_parse(&d, "device", (const char *)data, size, NULL, &e) == 0) {
		for (size_t i = 0; i < d.nslots; i++)
			for (int side = SIDE_A; side < SIDES; side++)
				if ((side == SIDE_A || target_has_sides(&d.slots[i])) && copy_fault(d.slots[i].target[side]))
					abort(); /* accepted, and of no known kind */
		for (size_t i = 0; i < d.nsettings; i++)
			if (path_fault(d.settings[i], strlen(d.settings[i]), false) != PATH_FINE)
				abort(); /* accepted, and leads out of the tree */
		if (d.nreboot > 0 && d.reboot[0] != '/')
			abort();
	} else if (e.verdict == VERDICT_OK || e.message[0] == '\0') {
		abort();
	}
	return 0;
}
