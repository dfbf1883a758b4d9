/* SPDX-License-Identifier: ISC */
/* Strips HTML down to its text, in one pass, without a tree. */
#include "flasher/page.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Control bytes that no page's text keeps: bytes below 0x20 in the input become blanks. */
enum { PARAGRAPH_BEGINS = 1, PARAGRAPH_ENDS = 2 };

/* What is left of the input. */
struct rest {
	const char *at, *end;
};

static bool begins(const struct rest *r, const char *word)
{
	size_t n = strlen(word);

	return (size_t)(r->end - r->at) >= n && strncasecmp(r->at, word, n) == 0;
}

/* Moves behind the next WORD, or to the end. */
static void skip_past(struct rest *r, const char *word)
{
	while (r->at < r->end && !begins(r, word))
		r->at++;
	if (r->at < r->end)
		r->at += strlen(word);
}

/* True when the tag at the cursor has that name: "<p" but not "<pre". */
static bool tag_is(const struct rest *r, const char *name)
{
	size_t n = strlen(name);

	if (!begins(r, name) || (size_t)(r->end - r->at) == n)
		return false;
	return strchr(" \t\r\n/>", r->at[n]) && r->at[n] != '\0';
}

/* Moves behind the tag at the cursor; a quoted attribute may hold `>`. */
static void skip_tag(struct rest *r)
{
	char quote = 0;

	for (; r->at < r->end; r->at++) {
		if (quote) {
			if (*r->at == quote)
				quote = 0;
		} else if (*r->at == '"' || *r->at == '\'') {
			quote = *r->at;
		} else if (*r->at == '>') {
			r->at++;
			return;
		}
	}
}

/* Moves behind the mark-up at the cursor, and behind what it hides. Returns the byte that stands for it in the text, or
 * 0. */
static char skip_markup(struct rest *r)
{
	static const struct {
		const char *open, *close;
	} hidden[] = {{"<script", "</script"}, {"<style", "</style"}, {"<title", "</title"}};
	char mark = tag_is(r, "<p") ? PARAGRAPH_BEGINS : tag_is(r, "</p") ? PARAGRAPH_ENDS : 0;

	if (begins(r, "<!--")) {
		r->at += 4;
		skip_past(r, "-->");
		return 0;
	}
	for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++) {
		if (tag_is(r, hidden[i].open)) {
			skip_tag(r);
			skip_past(r, hidden[i].close);
			break;
		}
	}
	skip_tag(r);
	return mark;
}

/* A `<` that begins no tag is text (HTML, "tag open state"). */
static bool at_markup(const struct rest *r)
{
	char next = r->end - r->at > 1 ? r->at[1] : '\0';

	return *r->at == '<' && ((next >= 'a' && next <= 'z') || (next >= 'A' && next <= 'Z') || next == '/' ||
				 next == '!' || next == '?');
}

/* Takes the character at the cursor; the entities that a message is likely to hold (HTML, "named character references") are
 * read as what they stand for, all others stay as written. */
static char take_character(struct rest *r)
{
	static const struct {
		const char *entity;
		char is;
	} known[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&#39;", '\''}, {"&nbsp;", ' '}};

	for (size_t i = 0; *r->at == '&' && i < sizeof known / sizeof *known; i++) {
		if (begins(r, known[i].entity)) {
			r->at += strlen(known[i].entity);
			return known[i].is;
		}
	}
	return *r->at++;
}

int page_read(struct page *p, const char *html, size_t len)
{
	struct rest r = {html, html + len};

	p->len = 0;
	p->text = malloc(len + 1); /* text never grows: a mark is shorter than its tag */
	if (!p->text)
		return -1;
	while (r.at < r.end) {
		if (at_markup(&r)) {
			char mark = skip_markup(&r);

			if (mark)
				p->text[p->len++] = mark;
		} else {
			char c = take_character(&r);

			p->text[p->len++] = (char)(c >= 0 && c < 0x20 ? ' ' : c);
		}
	}
	p->text[p->len] = '\0';
	return 0;
}

char *page_find(const struct page *p, const char *phrase)
{
	struct rest r = {p->text, p->text + p->len};

	for (; r.at < r.end; r.at++)
		if (begins(&r, phrase))
			return p->text + (r.at - p->text);
	return NULL;
}

char *page_paragraph_after(const struct page *p, const char *phrase, size_t *len)
{
	char *from = page_find(p, phrase), *end = p->text + p->len, *start;

	*len = 0;
	start = from ? memchr(from, PARAGRAPH_BEGINS, (size_t)(end - from)) : NULL;
	if (!start)
		return end;
	start++;
	while (start + *len < end && start[*len] != PARAGRAPH_ENDS && start[*len] != PARAGRAPH_BEGINS)
		++*len;
	return start;
}

void page_free(struct page *p)
{
	free(p->text);
	p->text = NULL;
}
