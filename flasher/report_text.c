/* SPDX-License-Identifier: ISC */
/* A report in a few lines for a terminal; and the list of boards that somebody must walk to. */
#include <string.h>

#include "core/say.h"
#include "flasher/report_fill.h"
#include "flasher/report_write.h"

/* Boards that the plan leaves out, by reason: the HTML and CSV forms name each. */
static void say_left_out(FILE *out, const struct report *r)
{
	enum { REASONS_MAX = 12 };
	const char *reasons[REASONS_MAX];
	size_t count[REASONS_MAX] = {0}, n = 0, others = 0;
	char why[3 * SESSION_TEXT_MAX];

	for (size_t i = 0; i < r->ndevices; i++) {
		const struct report_device *d = &r->devices[i];
		size_t k = 0;

		if (d->state != SESSION_SKIPPED)
			continue;
		while (k < n && strcmp(reasons[k], d->message) != 0)
			k++;
		if (k == REASONS_MAX) {
			others++;
			continue;
		}
		if (k == n)
			reasons[n++] = d->message;
		count[k]++;
	}
	for (size_t k = 0; k < n; k++)
		say(out, "%zu left out: %s\n", count[k], err_escape(why, sizeof why, reasons[k], strlen(reasons[k])));
	if (others)
		say(out, "%zu left out for other reasons\n", others);
}

int report_text(FILE *out, const struct report *r, struct err *e)
{
	size_t count[SESSION_STATES];
	char why[3 * SESSION_TEXT_MAX], version[200], halted[3 * SESSION_TEXT_MAX], doing[WRITE_DOING_MAX];
	struct report_fault found[SESSION_CLASSES];
	size_t nfound = report_faults(r, found);

	(void)e;
	report_count(r, 0, count);
	say(out, "%s %s: %s%s%s\n", err_quote(why, sizeof why, r->product, strlen(r->product)),
		err_quote(version, sizeof version, r->version, strlen(r->version)), r->state, r->why[0] ? ": " : "",
		err_escape(halted, sizeof halted, r->why, strlen(r->why)));
	for (size_t w = 0; w < r->nwaves; w++) {
		size_t in[SESSION_STATES];

		report_count(r, (unsigned)w + 1, in);
		say(out, "  wave %zu%s%s: %s, %zu %s, %zu success\n", w + 1, r->waves[w].name[0] ? ", " : "", r->waves[w].name,
			r->waves[w].state, r->waves[w].total, r->waves[w].total == 1 ? "board" : "boards", in[SESSION_SUCCESS]);
	}
	for (int s = 0; s < SESSION_STATES; s++)
		if (count[s])
			say(out, "%8zu %s\n", count[s], session_state_word((enum session_state)s));
	if (*write_doing(doing, count))
		say(out, "in progress: %s\n", doing);
	for (size_t i = 0; i < nfound; i++)
		say(out, "%s: %s\n", session_class_word(found[i].class), session_class_means(found[i].class));
	for (size_t i = 0; i < r->ndevices; i++) {
		const struct report_device *d = &r->devices[i];

		if (!report_trouble(d))
			continue;
		err_escape(why, sizeof why, d->message, strlen(d->message));
		say(out, "%s %s %s/%s: %s, %s: %s\n", d->mac, d->address, d->site[0] ? d->site : "-", d->rack[0] ? d->rack : "-",
			session_state_word(d->state), report_fault_word(d), why);
	}
	say_left_out(out, r);
	return 0;
}

int report_cards(FILE *out, const struct report *r, struct err *e)
{
	char since[WRITE_TIME_MAX];

	(void)e;
	say(out, "mac,address,site,rack,board,since\n");
	for (size_t i = 0; i < r->ndevices; i++) {
		const struct report_device *d = &r->devices[i];

		if (report_needs_card(d)) {
			const char *const fields[] = {d->address, d->site, d->rack, d->board};

			fputs(d->mac, out);
			for (size_t k = 0; k < sizeof fields / sizeof *fields; k++) {
				putc(',', out);
				write_csv_place(out, fields[k]);
			}
			say(out, ",%s\n", write_local_time(since, d->ended_ms));
		}
	}
	return 0;
}
