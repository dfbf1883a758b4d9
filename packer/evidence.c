/* SPDX-License-Identifier: ISC */
/* Evidence made, into unnamed files beside the bundle, which then are attachments like any other. */
#include "packer/evidence.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/io.h"
#include "keys/dsse.h"

enum { STEP = 256 << 10 };

/* Hashes LEN bytes of FD from its start; the rest of them, when LEN is 0. */
static int hash_fd(char hex[static SHA256_HEX + 1], int fd, uint64_t len, struct err *e)
{
	unsigned char *buf = malloc(STEP);
	struct sha256 hash = {.state = {0}};
	uint64_t done = 0;

	if (!buf)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	sha256_init(&hash);
	while (len == 0 || done < len) {
		size_t want = len > 0 && len - done < STEP ? (size_t)(len - done) : STEP;
		ssize_t n = pread(fd, buf, want, (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || (n == 0 && len > 0)) {
			free(buf);
			return err_errno(e, "cannot read what was just written");
		}
		if (n == 0)
			break;
		sha256_update(&hash, buf, (size_t)n);
		done += (uint64_t)n;
	}
	free(buf);
	sha256_final(&hash, hex);
	return 0;
}

/* The same image has the same serial number: a UUID of the custom kind (RFC 9562, version 8) out of the text's own hash. */
static int put_serial(int fd, off_t at, struct err *e)
{
	char hex[SHA256_HEX + 1], uuid[64];

	if (hash_fd(hex, fd, 0, e) != 0)
		return -1;
	snprintf(uuid, sizeof uuid, "urn:uuid:%.8s-%.4s-8%.3s-a%.3s-%.12s", hex, hex + 8, hex + 12, hex + 15, hex + 18);
	if (pwrite(fd, uuid, strlen(uuid), at) != (ssize_t)strlen(uuid))
		return err_errno(e, "cannot write the SBOM");
	return 0;
}

/* A stream onto a descriptor of its own, so that closing it leaves FD open. */
static FILE *stream(int fd, struct err *e)
{
	int copy = dup(fd);
	FILE *f = copy >= 0 ? fdopen(copy, "w") : NULL;

	if (!f) {
		err_errno(e, "cannot write evidence");
		if (copy >= 0)
			close(copy);
	}
	return f;
}

static int make_sbom(struct evidence *ev, struct attachments *a, char sha256[static SHA256_HEX + 1], struct err *e)
{
	off_t serial_at = 0;
	int fd = io_spool(ev->o->output, e), rc;
	FILE *f = fd >= 0 ? stream(fd, e) : NULL;

	if (!f)
		goto failed;
	rc = sbom_write(f, &serial_at, ev, e);
	if (fclose(f) != 0 && rc == 0)
		rc = err_errno(e, "cannot write the SBOM");
	if (rc != 0 || put_serial(fd, serial_at, e) != 0 || hash_fd(sha256, fd, 0, e) != 0)
		goto failed;
	return attach_made(a, EVIDENCE_SBOM, fd, e);
failed:
	if (fd >= 0)
		close(fd);
	return -1;
}

static int attach_text(struct attachments *a, const char *name, const char *beside, const char *text, size_t len, struct err *e)
{
	int fd = io_spool(beside, e);

	if (fd < 0)
		return -1;
	if (io_write_all(fd, text, len) == 0)
		return attach_made(a, name, fd, e);
	err_errno(e, "cannot write %s", name);
	close(fd);
	return -1;
}

static int make_provenance(struct evidence *ev, struct attachments *a, const char *sbom_sha256, struct err *e)
{
	char *statement = NULL, *envelope = NULL;
	size_t statement_len = 0, envelope_len = 0;
	FILE *f = open_memstream(&statement, &statement_len);
	int rc = -1;

	if (!f)
		return err_errno(e, "cannot write the provenance");
	provenance_write(f, ev, sbom_sha256);
	if (fclose(f) != 0) {
		err_errno(e, "cannot write the provenance");
	} else if (ev->nhands == 0) {
		rc = attach_text(a, EVIDENCE_STATEMENT, ev->o->output, statement, statement_len, e);
	} else if (dsse_seal(&envelope, &envelope_len, EVIDENCE_PAYLOAD_TYPE, statement, statement_len, ev->hands, ev->nhands, e) == 0) {
		rc = attach_text(a, EVIDENCE_PROVENANCE, ev->o->output, envelope, envelope_len, e);
	}
	free(statement);
	free(envelope);
	return rc;
}

int evidence_make(struct evidence *ev, struct attachments *a, struct err *e)
{
	char sbom[SHA256_HEX + 1] = "";

	if (!ev->o->sbom && !ev->o->provenance)
		return 0;
	if (hash_fd(ev->payload_sha256, ev->spool, ev->payload->packed, e) != 0 ||
	    (ev->o->sbom && make_sbom(ev, a, sbom, e) != 0))
		return -1;
	return ev->o->provenance ? make_provenance(ev, a, ev->o->sbom ? sbom : NULL, e) : 0;
}
