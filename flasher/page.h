/* SPDX-License-Identifier: ISC */
/* The text of an HTML page as a person would see it: a script that holds a sentence does not say it. */
#ifndef FLASHER_PAGE_H
#define FLASHER_PAGE_H

#include <stddef.h>

/* Tags and comments are gone, and so is all inside script, style and title; a <p> and a </p> have left a mark. */
struct page {
	char *text;
	size_t len;
};

/* Strips LEN bytes of HTML. What is not closed runs to the end. Returns 0, or -1 when memory is out. */
int page_read(struct page *p, const char *html, size_t len);

/* Where PHRASE stands (any case, white space as given), or NULL. */
char *page_find(const struct page *p, const char *phrase);

/* The content of the first paragraph behind PHRASE, which must be there: *LEN bytes, none when no paragraph follows.
 * They stay the page's, and may be changed. */
char *page_paragraph_after(const struct page *p, const char *phrase, size_t *len);

void page_free(struct page *p);

#endif
