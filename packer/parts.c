/* SPDX-License-Identifier: ISC */
/* Two line formats, read in place: the strings stay in the text. */
#include "packer/parts.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static int add(struct parts *p, const struct part *part, struct err *e)
{
	struct part *more;

	if (p->n == PARTS_MAX)
		return err_set(e, VERDICT_TOO_LARGE, "more than %d packages", PARTS_MAX);
	if (p->n == p->room) {
		p->room = p->room > 0 ? 2 * p->room : 64;
		more = realloc(p->at, p->room * sizeof *more);
		if (!more)
			return err_set(e, VERDICT_SYSTEM, "out of memory");
		p->at = more;
	}
	p->at[p->n++] = *part;
	return 0;
}

/* Takes over TEXT and makes it a string without NULs inside. */
static int take_text(struct parts *p, char *text, size_t len, struct err *e)
{
	p->texts[p->ntexts++] = text; /* one of each kind */
	if (memchr(text, '\0', len))
		return err_set(e, VERDICT_MALFORMED_MANIFEST, "it is no text");
	return 0;
}

/* Cuts the next line off *TEXT, or returns NULL. */
static char *next_line(char **text)
{
	char *line = *text, *end;

	if (!line || *line == '\0')
		return NULL;
	end = strchr(line, '\n');
	*text = end ? end + 1 : NULL;
	if (end)
		*end = '\0';
	return line;
}

/* The value of field NAME on LINE, or NULL. */
static char *field(char *line, const char *name)
{
	size_t n = strlen(name);

	if (strncmp(line, name, n) != 0 || line[n] != ':')
		return NULL;
	line += n + 1;
	return line + strspn(line, " \t");
}

static int end_paragraph(struct parts *p, struct part *part, bool *installed, size_t number, struct err *e)
{
	int rc = 0;

	if (part->name && *installed) {
		if (!part->version)
			return err_set(e, VERDICT_MALFORMED_MANIFEST, "line %zu: a package without a Version", number);
		rc = add(p, part, e);
	}
	*part = (struct part){.name = NULL};
	*installed = false;
	return rc;
}

int parts_take_dpkg(struct parts *p, char *text, size_t len, struct err *e)
{
	struct part part = {.name = NULL};
	bool installed = false;
	size_t number = 0;
	char *line, *value;

	if (take_text(p, text, len, e) != 0)
		return -1;
	while ((line = next_line(&text))) {
		number++;
		if (*line == '\0') {
			if (end_paragraph(p, &part, &installed, number, e) != 0)
				return -1;
		} else if (*line == ' ' || *line == '\t') {
			continue; /* more of the field above */
		} else if (!strchr(line, ':')) {
			return err_set(e, VERDICT_MALFORMED_MANIFEST, "line %zu: it is no field of a dpkg status file", number);
		} else if ((value = field(line, "Package"))) {
			part.name = value;
		} else if ((value = field(line, "Version"))) {
			part.version = value;
		} else if ((value = field(line, "Architecture"))) {
			part.arch = value;
		} else if ((value = field(line, "Status"))) {
			installed = strstr(value, " installed") != NULL;
		}
	}
	return end_paragraph(p, &part, &installed, number, e);
}

int parts_take_list(struct parts *p, char *text, size_t len, struct err *e)
{
	size_t number = 0;
	char *line;

	if (take_text(p, text, len, e) != 0)
		return -1;
	while ((line = next_line(&text))) {
		char *word[4] = {NULL, NULL, NULL, NULL}, *state = NULL;

		number++;
		if (*line == '\0' || *line == '#')
			continue;
		word[0] = strtok_r(line, " \t", &state);
		for (int i = 1; i < 4 && word[i - 1]; i++)
			word[i] = strtok_r(NULL, " \t", &state);
		if (!word[1] || word[3])
			return err_set(e, VERDICT_MALFORMED_MANIFEST, "line %zu: want NAME VERSION [PURL]", number);
		if (add(p, &(struct part){.name = word[0], .version = word[1], .purl = word[2]}, e) != 0)
			return -1;
	}
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct part *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	if (order == 0)
		order = strcmp(x->version, y->version);
	if (order == 0)
		order = strcmp(x->arch ? x->arch : "", y->arch ? y->arch : "");
	return order != 0 ? order : strcmp(x->purl ? x->purl : "", y->purl ? y->purl : "");
}

void parts_sort(struct parts *p)
{
	if (p->n > 1)
		qsort(p->at, p->n, sizeof *p->at, compare);
}

void parts_clear(struct parts *p)
{
	free(p->at);
	for (size_t i = 0; i < p->ntexts; i++)
		free(p->texts[i]);
	*p = (struct parts){.at = NULL};
}
