/* SPDX-License-Identifier: ISC */
/* The audit as a whole: what there is to do, on all threads, and the verdict. */
#include "verifier/audit.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/io.h"
#include "core/thread.h"
#include "verifier/audit_parts.h"

enum { RUN = 16 }; /* entries taken at a time: neighbours share directories */

/* --- what the parts share --- */

static bool lies_in(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return strncmp(path, dir, n) == 0 && (path[n] == '\0' || path[n] == '/');
}

bool audit_is_setting(const struct audit *a, const char *path)
{
	for (size_t i = 0; i < a->o->nsettings; i++)
		if (lies_in(path, a->o->settings[i]))
			return true;
	return false;
}

/* What a board's owner may change in a setting: that it is there, what it says, and who may read it. */
static bool may_differ(enum finding_kind kind)
{
	return kind == FINDING_MODIFIED || kind == FINDING_MISSING || kind == FINDING_ADDED || kind == FINDING_MODE ||
	       kind == FINDING_OWNER;
}

void audit_report(struct audit *a, enum finding_kind kind, bool suspect, const char *path, const char *format, ...)
{
	char detail[512];
	struct finding finding = {.kind = kind, .suspect = suspect, .path = path, .detail = detail};
	int used = 0;
	va_list args;

	if (!suspect && may_differ(kind) && audit_is_setting(a, path)) {
		finding.kind = FINDING_SETTING;
		used = snprintf(detail, sizeof detail, "%s%s", finding_word(kind), format[0] ? ": " : "");
	}
	va_start(args, format);
	vsnprintf(detail + used, sizeof detail - (size_t)used, format, args);
	va_end(args);
	findings_add(a->findings, &finding);
}

int audit_read(struct audit_worker *w, int fd, uint64_t limit, struct look *look, uint64_t *size,
	       unsigned char hash[static HASH_SIZE])
{
	struct hash state;
	uint64_t done = 0;
	size_t want = 0;
	ssize_t n = 0;

	hash_init(&state, HASH_SIZE);
	while ((size_t)n == want && done < limit) {
		want = limit - done < AUDIT_BUFFER ? (size_t)(limit - done) : AUDIT_BUFFER;
		n = io_read_full(fd, w->buf, want);
		if (n < 0)
			return -1;
		hash_update(&state, w->buf, (size_t)n);
		if (look)
			look_feed(look, w->buf, (size_t)n);
		done += (uint64_t)n;
	}
	if (look)
		look_content_ends(look);
	hash_final(&state, hash, HASH_SIZE);
	atomic_fetch_add(&w->a->bytes, done);
	*size = done;
	return 0;
}

/* --- the threads --- */

/* Jobs: first the raw copies, which are large; then the paths of the signs; then runs of entries. */
static void do_job(struct audit_worker *w, uint64_t writes, uint64_t paths, uint64_t job)
{
	const struct audit_options *o = w->a->o;
	uint32_t n = manifest_head(o->m)->nentries;

	if (job < writes) {
		audit_write(w, (uint32_t)job);
	} else if (job - writes < paths) {
		audit_unsigned_path(w, (size_t)(job - writes));
	} else {
		uint64_t first = (job - writes - paths) * RUN;

		for (uint64_t i = first; i < n && i < first + RUN; i++)
			audit_entry(w, (uint32_t)i);
	}
}

static void stop(struct audit *a, const struct err *e)
{
	pthread_mutex_lock(&a->lock);
	if (!a->failed)
		a->failure = *e;
	a->failed = true;
	pthread_mutex_unlock(&a->lock);
}

static void *work(void *arg)
{
	struct audit *a = arg;
	struct audit_worker w = {.a = a, .buf = malloc(AUDIT_BUFFER)};
	const struct manifest_head *head = manifest_head(a->o->m);
	uint64_t writes = a->o->device ? head->nwrites : 0, paths = 0, runs = 0, jobs, job;
	struct err e = {.verdict = VERDICT_SYSTEM};
	int rc = -1;

	if (!w.buf) {
		err_set(&e, VERDICT_SYSTEM, "out of memory");
	} else if (a->root < 0 || beneath_open(&w.tree, a->root, &e) == 0) {
		rc = 0;
		if (w.tree) {
			paths = a->o->signs ? known_bad_paths(a->o->signs) : 0;
			runs = ((uint64_t)head->nentries + RUN - 1) / RUN;
		}
		jobs = writes + paths + runs;
		while ((job = atomic_fetch_add(&a->next, 1)) < jobs)
			do_job(&w, writes, paths, job);
	}
	if (rc != 0)
		stop(a, &e);
	beneath_close(&w.tree);
	free(w.buf);
	return NULL;
}

/* This thread looks for what was added, and then helps the others. */
static int work_on_all(struct audit *a, struct err *e)
{
	unsigned n = a->o->threads > 1 ? a->o->threads - 1 : 0, started = 0;
	pthread_t *threads = calloc(n + 1, sizeof *threads);
	int rc;

	if (!threads)
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	while (started < n && thread_start(&threads[started], work, a) == 0)
		started++; /* with fewer it takes longer */
	rc = a->root >= 0 ? audit_walk(a, e) : 0;
	work(a);
	for (unsigned i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	free(threads);
	if (rc == 0 && a->failed) {
		*e = a->failure;
		rc = -1;
	}
	return rc;
}

/* --- the whole --- */

static int open_root(struct audit *a, struct err *e)
{
	const struct audit_options *o = a->o;
	struct stat st;

	a->root_path = o->root ? o->root : o->device ? audit_tree_slot(o->device, o->side) : NULL;
	if (!a->root_path)
		return 0;
	/* A link is followed where a person named it, not where the tree of the slot should be. */
	a->root = open(a->root_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | (o->root ? 0 : O_NOFOLLOW));
	if (a->root < 0)
		return err_errno(e, "cannot open the tree %s", a->root_path);
	if (fstat(a->root, &st) != 0)
		return err_errno(e, "cannot look at the tree %s", a->root_path);
	a->dev = st.st_dev;
	return 0;
}

/* How much the result is worth. What cannot be seen from here, whether the system that runs this is sound, is said, not guessed. */
static void grade(const struct audit *a, struct audit_result *out)
{
	const char *slot = a->o->device ? audit_tree_slot(a->o->device, a->o->side) : NULL;
	struct stat here, running, installed;

	out->why = "the running system was asked about itself, and a rooted one lies: only an audit from another system settles it";
	if (!a->o->root || fstat(a->root, &here) != 0 || stat("/", &running) != 0 || here.st_dev == running.st_dev)
		return;
	if (slot && stat(slot, &installed) == 0 && installed.st_dev == here.st_dev && installed.st_ino == here.st_ino)
		return;
	out->strong = true;
	out->why = "the tree is on another file system than the running one: as strong as the system that ran this audit is sound";
}

static void judge(struct audit_result *out)
{
	uint64_t differences = 0;

	for (int kind = FINDING_MODIFIED; kind <= FINDING_UNREADABLE; kind++)
		differences += findings_of(out->findings, (enum finding_kind)kind);
	if (findings_suspect(out->findings) > 0)
		out->verdict = AUDIT_SUSPECT;
	else
		out->verdict = differences > 0 ? AUDIT_MODIFIED : AUDIT_CLEAN;
}

static int run(struct audit *a, struct err *e)
{
	if (open_root(a, e) != 0)
		return -1;
	if (a->root < 0 && a->o->signs)
		return err_set(e, VERDICT_USAGE, "signs are looked for in a tree, and there is none: name one (--root)");
	if (a->o->device) {
		audit_beside(a);
		audit_other_slots(a);
	}
	return work_on_all(a, e);
}

int audit_run(struct audit_result *out, const struct audit_options *o, struct err *e)
{
	struct audit a = {.o = o, .root = -1, .owners = geteuid() == 0, .findings = findings_new()};
	int rc = -1;

	*out = (struct audit_result){.verdict = AUDIT_SUSPECT, .findings = a.findings, .owners = a.owners};
	a.linked = calloc(AUDIT_LINKED_MAX, sizeof *a.linked);
	if (!a.findings || !a.linked || pthread_mutex_init(&a.lock, NULL) != 0) {
		free(a.linked);
		return err_set(e, VERDICT_SYSTEM, "out of memory");
	}
	rc = run(&a, e);
	if (rc == 0) {
		findings_sort(out->findings);
		grade(&a, out);
		judge(out);
	}
	out->entries = atomic_load(&a.entries);
	out->bytes = atomic_load(&a.bytes);
	out->copies = atomic_load(&a.copies);
	if (a.root >= 0)
		close(a.root);
	pthread_mutex_destroy(&a.lock);
	free(a.linked);
	return rc;
}

const char *audit_word(enum audit_verdict verdict)
{
	return verdict == AUDIT_CLEAN ? "clean" : verdict == AUDIT_MODIFIED ? "modified" : "suspect";
}
