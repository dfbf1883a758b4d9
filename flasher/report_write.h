/* SPDX-License-Identifier: ISC */
/* What the forms of a report share: sums, and text that cannot break out of where it stands. Bytes that are not printable
 * ASCII come out as \xHH: no form of a report obeys them, and nobody is fooled by a look-alike. */
#ifndef FLASHER_REPORT_WRITE_H
#define FLASHER_REPORT_WRITE_H

#include "flasher/report.h"

enum { WRITE_TIME_MAX = 32, WRITE_SPAN_MAX = 32, WRITE_DOING_MAX = 256 };

/* States, put together: each board is in one of the first six. */
struct report_sums {
	size_t good, bad, unknown, skipped, going, waiting;
	size_t all, ended;
};

void report_sum(struct report_sums *s, const size_t count[static SESSION_STATES]);

/* A class of failure. */
struct report_fault {
	enum session_class class;
	size_t n;
	const struct report_device *example;
};

/* The classes of all boards that ended badly, the largest first. Returns their number. */
size_t report_faults(const struct report *r, struct report_fault faults[static SESSION_CLASSES]);

/* The class of D's failure as a word; "" for none. */
const char *report_fault_word(const struct report_device *d);

/* True for a board that somebody must look at: it ended badly, or nobody knows whether it has the image. */
bool report_trouble(const struct report_device *d);

/* "3 uploading, 2 rebooting, 5 soaking": boards that are under way, of COUNT; "" for none. Returns OUT. */
const char *write_doing(char out[static WRITE_DOING_MAX], const size_t count[static SESSION_STATES]);

/* The part of the HTML report that shows when boards ended, and what happened meanwhile; nothing before a run began. */
void report_timeline(FILE *out, const struct report *r);

/* TEXT in HTML or XML, within quotes or without. */
void write_markup(FILE *out, const char *text);

/* TEXT as a field of CSV, quoted. What a spreadsheet would take for a formula gets an apostrophe before it. */
void write_csv(FILE *out, const char *text);

/* The same of the name of a site or a rack, which people gave: printable UTF-8 stands for itself. */
void write_markup_place(FILE *out, const char *text);
void write_csv_place(FILE *out, const char *text);

/* TEXT within the quotes of a Prometheus label. */
void write_label(FILE *out, const char *text);

/* "2026-11-24T21:30:05Z"; "" for 0. Returns OUT. For programs. */
const char *write_time(char out[static WRITE_TIME_MAX], uint64_t ms);

/* The same moment where this program runs, "2026-11-25T02:30:05+05:00" (ISO 8601). For people. */
const char *write_local_time(char out[static WRITE_TIME_MAX], uint64_t ms);

/* "41.2 MB/s", "830 kB/s", "12 B/s"; "" for 0: a rate that is not known, or of nothing, is not shown. Returns OUT. */
const char *write_rate(char out[static WRITE_SPAN_MAX], uint64_t bytes);

/* "45 s", "12 min", "3 h 05 min", "unknown" for UINT64_MAX. Returns OUT. */
const char *write_span(char out[static WRITE_SPAN_MAX], uint64_t seconds);

#endif
