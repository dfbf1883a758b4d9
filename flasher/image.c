/* SPDX-License-Identifier: ISC */
/* Copy, seal, verify the copy: between the check and the sending there is no moment to swap the bytes in. Hashing while
 * sending would find a swap, too, but only when the device has most of the wrong image already. */
#define _GNU_SOURCE /* memfd_create, F_ADD_SEALS */
#include "flasher/image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/chunks.h"
#include "core/io.h"
#include "core/reader.h"

enum { COPY_SIZE = 256 << 10, THREADS_MAX = 16 };

static int open_file(const char *file, struct err *e)
{
	char quoted[160];
	struct stat st;
	int fd;

	if (strcmp(file, "-") == 0) {
		fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
		return fd >= 0 ? fd : err_errno(e, "cannot read standard input");
	}
	fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK); /* a FIFO must not hang us here */
	if (fd < 0)
		return err_errno(e, "cannot open %s", err_quote(quoted, sizeof quoted, file, strlen(file)));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return err_set(e, VERDICT_SYSTEM, "%s is not a regular file",
			       err_quote(quoted, sizeof quoted, file, strlen(file)));
	}
	return fd;
}

/* Copies all that FROM holds, and hashes it on the way. */
static int copy(struct image *image, int from, struct err *e)
{
	unsigned char *buf = malloc(COPY_SIZE);
	struct hash hash;
	ssize_t n;
	int rc = -1;

	if (!buf)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	hash_init(&hash, HASH_SIZE);
	while ((n = io_read_full(from, buf, COPY_SIZE)) > 0) {
		if (image->size + (uint64_t)n > IMAGE_MAX) {
			err_set(e, VERDICT_TOO_LARGE, "the bundle is over %llu bytes", (unsigned long long)IMAGE_MAX);
			goto out;
		}
		hash_update(&hash, buf, (size_t)n);
		if (io_write_all(image->fd, buf, (size_t)n)) {
			err_errno(e, "cannot copy the bundle to memory");
			goto out;
		}
		image->size += (uint64_t)n;
	}
	if (n < 0) {
		err_errno(e, "cannot read the bundle");
		goto out;
	}
	hash_final(&hash, image->hash, HASH_SIZE);
	rc = 0;
out:
	free(buf);
	return rc;
}

static int verify(struct image *image, const struct trust *trust, const struct policy *policy, struct err *e)
{
	struct reader *reader = NULL;
	struct source_fd source;
	int rc = -1;

	if (lseek(image->fd, 0, SEEK_SET) != 0)
		return err_errno(e, "cannot read the copy of the bundle");
	source_fd_init(&source, image->fd);
	if (reader_open(&reader, &source.base, trust, policy, chunks_threads(THREADS_MAX), e) != 0)
		goto out;
	if (reader_authenticate(reader, e) != 0 || reader_complete(reader, e) != ACCEPTED)
		goto out;
	image->head = *manifest_head(reader_manifest(reader));
	for (uint32_t i = 0; i < image->head.nboards; i++)
		manifest_board(reader_manifest(reader), i, &image->boards[i]);
	snprintf(image->name, sizeof image->name, "%s-%s.firm.tar", image->head.product, image->head.version);
	rc = 0;
out:
	reader_free(&reader);
	return rc;
}

/* Sealed against shrinking: no access to it can fault. */
static int map(struct image *image, struct err *e)
{
	void *at = mmap(NULL, (size_t)image->size, PROT_READ, MAP_SHARED, image->fd, 0);

	if (at == MAP_FAILED)
		return err_errno(e, "cannot map the copy of the bundle");
	image->map = at;
	return 0;
}

int image_open(struct image *image, const char *file, const struct trust *trust, const struct policy *policy,
	       struct err *e)
{
	int from, rc = -1;

	*image = (struct image){.fd = -1};
	from = open_file(file, e);
	if (from < 0)
		return -1;
	image->fd = memfd_create("firmseal-bundle", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (image->fd < 0) {
		err_errno(e, "cannot make a private copy of the bundle");
		goto out;
	}
	if (copy(image, from, e))
		goto out;
	if (fcntl(image->fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)) {
		err_errno(e, "cannot seal the copy of the bundle");
		goto out;
	}
	if (verify(image, trust, policy, e))
		goto out;
	if (map(image, e))
		goto out;
	rc = 0;
out:
	close(from);
	if (rc)
		image_close(image);
	return rc;
}

ssize_t image_read(const struct image *image, void *buf, size_t len, uint64_t offset)
{
	ssize_t n;

	if (image->map) {
		n = offset >= image->size ? 0 : (ssize_t)(len < image->size - offset ? len : image->size - offset);
		memcpy(buf, image->map + (offset < image->size ? offset : 0), (size_t)n);
		return n;
	}
	do
		n = pread(image->fd, buf, len, (off_t)offset);
	while (n < 0 && errno == EINTR);
	return n;
}

void image_close(struct image *image)
{
	if (image->map)
		munmap(image->map, (size_t)image->size);
	image->map = NULL;
	if (image->fd >= 0)
		close(image->fd);
	image->fd = -1;
}
