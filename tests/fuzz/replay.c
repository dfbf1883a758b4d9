/* SPDX-License-Identifier: ISC */
/* Feeds every file of a folder to a fuzz target: the committed corpus as a plain test, without libFuzzer. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/io.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int feed(const char *folder, const char *name)
{
	char path[4096];
	struct err e = {0};
	char *bytes = NULL;
	size_t len = 0;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	if (io_read_file(&bytes, &len, path, (size_t)64 << 20, &e) != 0) {
		fprintf(stderr, "%s\n", e.message);
		return -1;
	}
	LLVMFuzzerTestOneInput((const uint8_t *)bytes, len);
	free(bytes);
	return 0;
}

int main(int argc, char **argv)
{
	struct dirent *d;
	int fed = 0, rc = 0;
	DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;

	if (!dir) {
		fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
		return 2;
	}
	while (rc == 0 && (d = readdir(dir)))
		if (d->d_name[0] != '.') {
			rc = feed(argv[1], d->d_name);
			fed++;
		}
	closedir(dir);
	printf("%d inputs\n", fed);
	return rc == 0 && fed > 0 ? 0 : 1;
}
