/* SPDX-License-Identifier: ISC */
/* Steps as text, as JSON, and as a page. */
#include "flasher/guide.h"

#include <string.h>

#include "core/json.h"
#include "core/say.h"
#include "flasher/guide_text.h"

enum { SENTENCE_MAX = 400 };

enum guide_language guide_language(const char *word)
{
	int l = 0;

	while (l < GUIDE_LANGUAGES && strcmp(guide_texts[l].code, word) != 0)
		l++;
	return (enum guide_language)l;
}

static const char *sentence(char out[static SENTENCE_MAX], const struct card_step *step, enum guide_language l)
{
	const char *text = guide_texts[l].acts[step->act], *at = strchr(text, '@');

	if (at)
		snprintf(out, SENTENCE_MAX, "%.*s%s%s", (int)(at - text), text, step->arg, at + 1);
	else
		snprintf(out, SENTENCE_MAX, "%s", text);
	return out;
}

static bool waits_for_leds(const struct board *b)
{
	for (size_t i = 0; i < b->card.nsteps; i++)
		if (b->card.steps[i].act == CARD_LEDS_TOGETHER || b->card.steps[i].act == CARD_LEDS_BLINK)
			return true;
	return false;
}

/* What to mind, a line each, between BEFORE and BEHIND. */
static void warn(FILE *out, const struct board *b, const char *const *phrase, const char *before, const char *behind)
{
	static const enum guide_phrase always[] = {GUIDE_LEDS_NO_PROOF, GUIDE_NEIGHBOURS, GUIDE_SETTINGS};

	if (b->card.entry_inferred)
		fprintf(out, "%s%s%s\n", before, phrase[GUIDE_INFERRED], behind);
	if (waits_for_leds(b))
		fprintf(out, "%s%s%s\n", before, phrase[GUIDE_SILENT], behind);
	for (size_t i = 0; i < sizeof always / sizeof *always; i++)
		fprintf(out, "%s%s%s\n", before, phrase[always[i]], behind);
}

void guide_steps(FILE *out, const struct board *b, enum guide_language l)
{
	const char *const *phrase = guide_texts[l].phrases;
	char text[SENTENCE_MAX];

	say(out, "%s: %s\n", b->title, phrase[GUIDE_TITLE]);
	for (size_t i = 0; i < b->card.nsteps; i++)
		say(out, "%2zu. %s\n", i + 1, sentence(text, &b->card.steps[i], l));
	say(out, "%s:\n", phrase[GUIDE_WARNINGS]);
	warn(out, b, phrase, "  - ", "");
}

void guide_json(FILE *out, const struct board *b, enum guide_language l)
{
	char text[SENTENCE_MAX];
	struct json j;

	json_begin(&j, out);
	json_open_object(&j, NULL);
	json_put_string(&j, "board", b->id);
	json_put_string(&j, "title", b->title);
	json_put_string(&j, "label", b->card.label);
	json_put_string(&j, "boot", b->card.boot);
	json_put_bool(&j, "carries_bundle", b->card.bundle);
	json_put_bool(&j, "entry_inferred", b->card.entry_inferred);
	json_open_array(&j, "steps");
	for (size_t i = 0; i < b->card.nsteps; i++) {
		json_open_object(&j, NULL);
		json_put_string(&j, "act", card_act_word(b->card.steps[i].act));
		if (b->card.steps[i].arg[0])
			json_put_string(&j, "argument", b->card.steps[i].arg);
		json_put_string(&j, "text", sentence(text, &b->card.steps[i], l));
		json_close_object(&j);
	}
	json_close_array(&j);
	json_close_object(&j);
	json_finish(&j);
}

/* Profiles are printable ASCII, our own phrases UTF-8: this leaves what HTML takes for its own. */
static void html(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '<')
			fputs("&lt;", out);
		else if (*text == '>')
			fputs("&gt;", out);
		else if (*text == '&')
			fputs("&amp;", out);
		else if (*text == '"')
			fputs("&quot;", out);
		else
			putc(*text, out);
	}
}

static const char style[] =
	"@page{size:A4;margin:12mm}\n"
	"body{font:11pt/1.3 'DejaVu Sans',Arial,sans-serif;color:#000;max-width:186mm;margin:0 auto}\n"
	"h1{font-size:19pt;margin:0}h2{font-size:13pt;margin:4mm 0 2mm;border-bottom:1px solid #000}\n"
	".board{font-size:14pt;margin:1mm 0 0}code{font-family:'DejaVu Sans Mono',monospace;font-size:10pt}\n"
	"ol,ul{margin:0;padding-left:9mm}li{margin:0 0 1.4mm}ol li::marker{font-weight:bold}\n"
	"table{border-collapse:collapse;width:100%}td{border:1px solid #000;padding:2mm;width:50%;height:8mm;vertical-align:top;"
	"font-size:9pt}\n";

static void facts(FILE *out, const struct board *b, const char *const *phrase)
{
	fprintf(out, "<h2>%s</h2>\n<p>%s %s: <b>", phrase[GUIDE_PREPARE], phrase[GUIDE_CARD], phrase[GUIDE_LABEL]);
	html(out, b->card.label);
	fputs("</b>.", out);
	if (b->card.boot[0]) {
		fprintf(out, " %s: <b>", phrase[GUIDE_BOOT]);
		html(out, b->card.boot);
		fputs("</b>.", out);
	}
	if (b->card.bundle)
		fprintf(out, " %s.", phrase[GUIDE_BUNDLE]);
	fprintf(out, "<br>%s <code>firmflash card --verify /dev/sdX --pubkey release.pub</code></p>\n", phrase[GUIDE_CHECK]);
}

/* The fields to be filled in by hand: "a / b / c / d". */
static void fields(FILE *out, const char *names)
{
	size_t n = 0;

	fputs("<table>\n", out);
	for (const char *at = names; at; n++) {
		const char *end = strstr(at, " / ");
		int len = (int)(end ? (size_t)(end - at) : strlen(at));

		fprintf(out, "%s<td>%.*s</td>%s", n % 2 ? "" : "<tr>", len, at, n % 2 ? "</tr>\n" : "");
		at = end ? end + 3 : NULL;
	}
	fprintf(out, "%s</table>\n", n % 2 ? "</tr>\n" : "");
}

void guide_sheet(FILE *out, const struct board *b, enum guide_language l)
{
	const char *const *phrase = guide_texts[l].phrases;
	char text[SENTENCE_MAX];

	fprintf(out, "<!DOCTYPE html>\n<html lang=\"%s\">\n<head><meta charset=\"utf-8\">\n<title>%s: ", guide_texts[l].code,
		phrase[GUIDE_TITLE]);
	html(out, b->title);
	fprintf(out, "</title>\n<style>\n%s</style></head>\n<body>\n<h1>%s</h1>\n<p class=\"board\">", style, phrase[GUIDE_TITLE]);
	html(out, b->title);
	fprintf(out, " (<code>%s</code>)</p>\n", b->id);
	facts(out, b, phrase);
	fprintf(out, "<h2>%s</h2>\n<ol>\n", phrase[GUIDE_STEPS]);
	for (size_t i = 0; i < b->card.nsteps; i++) {
		fputs("<li>", out);
		html(out, sentence(text, &b->card.steps[i], l));
		fputs("</li>\n", out);
	}
	fprintf(out, "</ol>\n<h2>%s</h2>\n<ul>\n", phrase[GUIDE_WARNINGS]);
	warn(out, b, phrase, "<li>", "</li>");
	fprintf(out, "</ul>\n<h2>%s</h2>\n", phrase[GUIDE_NOTES]);
	fields(out, phrase[GUIDE_FIELDS]);
	fputs("</body>\n</html>\n", out);
}
