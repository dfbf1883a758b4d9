/* SPDX-License-Identifier: ISC */
/* The result of an audit, said twice. */
#include "verifier/audit_output.h"

#include <inttypes.h>
#include <string.h>

#include "core/json.h"

enum { PATH_ROOM = 1024 }; /* bytes of a path in the tree, or of a target, at most */

enum status audit_status(const struct audit_result *r)
{
	return r->verdict == AUDIT_CLEAN ? STATUS_DONE : STATUS_NOT_AUTHENTIC;
}

static uint64_t differences(const struct audit_result *r)
{
	uint64_t n = 0;

	for (int kind = FINDING_MODIFIED; kind <= FINDING_UNREADABLE; kind++)
		n += findings_of(r->findings, (enum finding_kind)kind);
	return n;
}

/* --- for people --- */

/* In which order: what looks like an infection, differences, weaknesses, settings. */
enum { RANKS = 4 };
static int rank(const struct finding *f)
{
	if (f->suspect || f->kind == FINDING_SIGN)
		return 0;
	return f->kind == FINDING_SETTING ? 3 : f->kind == FINDING_WEAKNESS ? 2 : 1;
}

static void print_finding(FILE *out, const struct finding *f)
{
	char path[PATH_ROOM * 4 + 8];

	err_quote(path, sizeof path, f->path, strlen(f->path));
	fprintf(out, "  %c %-10s ", rank(f) == 0 ? '!' : ' ', finding_word(f->kind));
	if (f->slot)
		fprintf(out, "slot %s, ", f->slot);
	fprintf(out, "%s%s%s", path[0] ? path : "(the tree itself)", f->detail[0] ? ": " : "", f->detail);
	if (f->sign)
		fprintf(out, " [%s]", f->sign);
	putc('\n', out);
}

static void print_findings(FILE *out, const struct findings *f)
{
	size_t shown = 0;
	uint64_t all = findings_count(f) + findings_omitted(f);

	for (int r = 0; r < RANKS; r++)
		for (size_t i = 0; i < findings_count(f) && shown < AUDIT_LINES_MAX; i++)
			if (rank(findings_at(f, i)) == r) {
				print_finding(out, findings_at(f, i));
				shown++;
			}
	if (all > shown)
		fprintf(out, "  and %" PRIu64 " more (--json lists them)\n", all - shown);
}

static void print_skips(FILE *out, const struct audit_result *r)
{
	const struct findings *f = r->findings;
	char path[PATH_ROOM * 4 + 8];

	if (findings_skips(f) > 0 || !r->owners)
		fprintf(out, "not looked at:\n");
	if (!r->owners)
		fprintf(out, "    owners: this was not run as root\n");
	for (size_t i = 0; i < findings_skips(f) && i < AUDIT_LINES_MAX; i++) {
		struct skipped s = findings_skip_at(f, i);

		fprintf(out, "    %s: %s\n", err_quote(path, sizeof path, s.path, strlen(s.path)), s.why);
	}
	if (findings_skips(f) > AUDIT_LINES_MAX)
		fprintf(out, "    and %zu more (--json lists them)\n", findings_skips(f) - AUDIT_LINES_MAX);
}

void audit_print(FILE *out, const struct audit_result *r, const struct reference *ref)
{
	const struct manifest_head *head = manifest_head(ref->m);
	char id[KEYID_HEX + 1];

	fprintf(out, "%s: %" PRIu64 " differences from %s %s, counter %" PRIu64 ", signed by", audit_word(r->verdict), differences(r),
		head->product, head->version, head->counter);
	for (size_t i = 0; i < ref->signers.n; i++) {
		keyid_print(id, ref->signers.ids[i]);
		fprintf(out, " %s", id);
	}
	fprintf(out, "; %" PRIu64 " signs of infection\n", findings_suspect(r->findings));
	fprintf(out, "%s: %s\n", r->strong ? "strong" : "weak", r->why);
	fprintf(out, "compared: %" PRIu64 " entries, %" PRIu64 " raw copies, %" PRIu64 " bytes\n", r->entries, r->copies, r->bytes);
	print_findings(out, r->findings);
	print_skips(out, r);
}

/* --- for programs --- */

static void json_path(struct json *j, const char *path)
{
	char escaped[PATH_ROOM * 3 + 1];

	text_escape(escaped, path, strnlen(path, PATH_ROOM));
	json_put_string(j, "path", escaped);
}

static void json_finding(struct json *j, const struct finding *f)
{
	json_open_object(j, NULL);
	json_put_string(j, "kind", finding_word(f->kind));
	json_put_bool(j, "suspect", rank(f) == 0);
	if (f->slot) {
		json_put_string(j, "slot", f->slot);
		json_put_string(j, "target", f->path);
	} else {
		json_path(j, f->path);
	}
	if (f->sign)
		json_put_string(j, "sign", f->sign);
	json_put_string(j, "detail", f->detail);
	json_close_object(j);
}

static void json_reference(struct json *j, const struct reference *ref)
{
	const struct manifest_head *head = manifest_head(ref->m);
	char id[KEYID_HEX + 1];

	json_put_string(j, "manifest", ref->kept ? "state" : "bundle");
	json_put_string(j, "product", head->product);
	json_put_string(j, "version", head->version);
	json_put_number(j, "counter", head->counter);
	json_open_array(j, "signers");
	for (size_t i = 0; i < ref->signers.n; i++) {
		keyid_print(id, ref->signers.ids[i]);
		json_put_string(j, NULL, id);
	}
	json_close_array(j);
}

static void json_findings(struct json *j, const struct findings *f)
{
	json_open_object(j, "counts");
	for (int kind = 0; kind < FINDING_KINDS; kind++)
		json_put_number(j, finding_word((enum finding_kind)kind), findings_of(f, (enum finding_kind)kind));
	json_close_object(j);
	json_put_number(j, "suspect", findings_suspect(f));
	json_put_number(j, "omitted", findings_omitted(f));
	json_open_array(j, "findings");
	for (size_t i = 0; i < findings_count(f); i++)
		json_finding(j, findings_at(f, i));
	json_close_array(j);
	json_open_array(j, "not_compared");
	for (size_t i = 0; i < findings_skips(f); i++) {
		struct skipped s = findings_skip_at(f, i);

		json_open_object(j, NULL);
		json_path(j, s.path);
		json_put_string(j, "why", s.why);
		json_close_object(j);
	}
	json_close_array(j);
}

void audit_print_json(FILE *out, const struct audit_result *r, const struct reference *ref)
{
	struct json j;

	json_begin(&j, out);
	json_open_object(&j, NULL);
	json_put_string(&j, "verdict", audit_word(r->verdict));
	json_put_number(&j, "status", (uint64_t)audit_status(r));
	json_put_string(&j, "strength", r->strong ? "strong" : "weak");
	json_put_string(&j, "why", r->why);
	json_reference(&j, ref);
	json_put_number(&j, "differences", differences(r));
	json_put_number(&j, "entries", r->entries);
	json_put_number(&j, "bytes", r->bytes);
	json_put_number(&j, "copies", r->copies);
	json_put_bool(&j, "owners", r->owners);
	json_findings(&j, r->findings);
	json_close_object(&j);
	json_finish(&j);
}
