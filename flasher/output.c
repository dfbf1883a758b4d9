/* SPDX-License-Identifier: ISC */
/* A stream into memory, and then out at once. */
#include "flasher/output.h"

#include <stdlib.h>
#include <string.h>

#include "core/io.h"

int output_open(struct output *o, struct err *e)
{
	*o = (struct output){.file = NULL};
	o->file = open_memstream(&o->text, &o->len);
	return o->file ? 0 : err_set(e, VERDICT_SYSTEM, "out of memory");
}

int output_commit(struct output *o, const char *name, struct err *e)
{
	bool lost = ferror(o->file) != 0;
	int rc;

	lost = fclose(o->file) != 0 || lost;
	o->file = NULL;
	if (lost)
		rc = err_set(e, VERDICT_SYSTEM, "out of memory");
	else if (name && strcmp(name, "-") != 0)
		rc = io_write_new(name, o->text, o->len, 0644, false, e);
	else
		rc = fwrite(o->text, 1, o->len, stdout) == o->len && fflush(stdout) == 0 ? 0 : err_errno(e, "cannot write standard output");
	output_discard(o);
	return rc;
}

void output_discard(struct output *o)
{
	if (o->file)
		fclose(o->file);
	free(o->text);
	*o = (struct output){.file = NULL};
}
