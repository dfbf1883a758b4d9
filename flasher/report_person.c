/* SPDX-License-Identifier: ISC */
/* What of a rollout waits for a person. */
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "core/say.h"
#include "flasher/report_fill.h"
#include "flasher/report_write.h"

/* One thing that waits, since AT_MS (since 1970; 0: not known). */
struct task {
	uint64_t at_ms;
	const char *kind;
	const struct report_device *device; /* or NULL: the whole run */
	const char *text, *next;
};

/* When an event of KIND was last noted. */
static uint64_t event_ms(const struct report *r, const char *kind)
{
	uint64_t at = 0;

	for (size_t i = 0; i < r->nevents; i++)
		if (strcmp(r->events[i].kind, kind) == 0)
			at = r->events[i].at_ms;
	return at;
}

static bool task_of(struct task *t, const struct report_device *d)
{
	*t = (struct task){.at_ms = d->ended_ms ? d->ended_ms : d->began_ms, .device = d, .text = d->message};
	if (report_needs_card(d)) {
		t->kind = "card";
		t->next = "`firmflash scan' and `retry --state needs-card --inventory FILE' find it if it has moved; else `firmflash card'";
	} else if (d->state == SESSION_UNKNOWN) {
		t->kind = "unknown";
		t->next = "look at the board, then `firmflash retry --state unknown'";
	} else if (d->state == SESSION_FAILED && d->class == CLASS_MOVED) {
		t->kind = "moved";
		t->next = "`firmflash scan', then `firmflash retry --state failed --inventory FILE'";
	}
	return t->kind != NULL;
}

static int by_time(const void *a, const void *b)
{
	const struct task *x = a, *y = b;

	if (x->at_ms != y->at_ms)
		return x->at_ms < y->at_ms ? -1 : 1;
	if (!x->device || !y->device)
		return (x->device != NULL) - (y->device != NULL);
	return strcmp(x->device->mac, y->device->mac);
}

/* Freed by the caller; NULL when memory is out. */
static struct task *find_tasks(const struct report *r, size_t *n)
{
	struct task *tasks = calloc(r->ndevices + 1, sizeof *tasks);

	*n = 0;
	if (!tasks)
		return NULL;
	if (strcmp(r->state, "halted") == 0)
		tasks[(*n)++] = (struct task){event_ms(r, "halt"), "halt", NULL, r->why, "find out why, then `firmflash resume --lift'"};
	else if (strcmp(r->state, "gate") == 0)
		tasks[(*n)++] = (struct task){event_ms(r, "gate"), "gate", NULL, "a wave waits at its gate", "`firmflash resume --open'"};
	else if (strcmp(r->state, "interrupted") == 0)
		tasks[(*n)++] = (struct task){event_ms(r, "resume"), "interrupted", NULL, r->why, "`firmflash resume'"};
	for (size_t i = 0; i < r->ndevices; i++)
		*n += task_of(&tasks[*n], &r->devices[i]);
	qsort(tasks, *n, sizeof *tasks, by_time);
	return tasks;
}

int report_person(FILE *out, const struct report *r, struct err *e)
{
	char time[WRITE_TIME_MAX], why[3 * SESSION_TEXT_MAX];
	size_t n;
	struct task *tasks = find_tasks(r, &n);

	if (!tasks)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	for (size_t i = 0; i < n; i++) {
		const struct task *t = &tasks[i];

		say(out, "%s %s", t->at_ms ? write_local_time(time, t->at_ms) : "-", t->kind);
		if (t->device)
			say(out, " %s %s %s/%s", t->device->mac, t->device->address, t->device->site[0] ? t->device->site : "-",
			    t->device->rack[0] ? t->device->rack : "-");
		say(out, ": %s; next: %s\n", err_escape(why, sizeof why, t->text, strlen(t->text)), t->next);
	}
	free(tasks);
	return 0;
}

int report_person_json(FILE *out, const struct report *r, struct err *e)
{
	char time[WRITE_TIME_MAX];
	size_t n;
	struct task *tasks = find_tasks(r, &n);

	if (!tasks)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	for (size_t i = 0; i < n; i++) {
		const struct task *t = &tasks[i];
		struct json j;

		json_begin(&j, out);
		json_open_object(&j, NULL);
		if (t->at_ms)
			json_put_string(&j, "since", write_time(time, t->at_ms));
		json_put_string(&j, "kind", t->kind);
		json_put_string(&j, "mac", t->device ? t->device->mac : "");
		json_put_string(&j, "address", t->device ? t->device->address : "");
		json_put_string(&j, "site", t->device ? t->device->site : "");
		json_put_string(&j, "rack", t->device ? t->device->rack : "");
		json_put_string(&j, "message", t->text);
		json_put_string(&j, "next", t->next);
		json_close_object(&j);
		json_finish(&j);
	}
	free(tasks);
	return 0;
}
