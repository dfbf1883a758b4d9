/* SPDX-License-Identifier: ISC */
/* Takes known members out of JSON objects; what is missing, of another type, or out of bounds is not known. */
#include "flasher/facts.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_BYTES = 32, NUMBERED_MAX = 16 };

/* --- JSON, and what is nearly JSON --- */

/* bmminer writes "}{" where a comma belongs. Outside of strings that can mean nothing else. Returns a copy, or NULL. */
static char *with_commas(const char *text, size_t len, size_t *out_len)
{
	char *out = malloc(2 * len + 1);
	bool quoted = false;
	size_t n = 0;

	if (!out)
		return NULL;
	for (size_t i = 0; i < len; i++) {
		out[n++] = text[i];
		if (quoted && text[i] == '\\' && i + 1 < len)
			out[n++] = text[++i];
		else if (text[i] == '"')
			quoted = !quoted;
		else if (!quoted && text[i] == '}' && i + 1 < len && text[i + 1] == '{')
			out[n++] = ',';
	}
	*out_len = n;
	return out;
}

/* The object in TEXT; behind it there may be a NUL, as on port 4028. */
static json_t *parse(const char *text, size_t len)
{
	json_t *root;
	size_t n;
	char *fixed;

	while (len && (text[len - 1] == '\0' || text[len - 1] == '\n' || text[len - 1] == '\r'))
		len--;
	if (len == 0 || len > FACTS_MAX)
		return NULL;
	root = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	if (!root && (fixed = with_commas(text, len, &n))) {
		root = json_loadb(fixed, n, JSON_REJECT_DUPLICATES, NULL);
		free(fixed);
	}
	if (json_is_object(root))
		return root;
	json_decref(root);
	return NULL;
}

/* A text member, made printable. Leaves OUT alone when it is missing or empty. Returns whether it was there. */
static bool take_text(char *out, size_t size, const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	if (!json_is_string(value) || json_string_length(value) == 0)
		return false;
	err_quote(out, size, json_string_value(value), json_string_length(value));
	return true;
}

/* A number, or one written as text ("13674.52", as old boards do); at least 0. Returns whether there is one. */
static bool take_number(double *out, const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);
	const char *text = json_string_value(value);
	char *end;
	double n;

	if (json_is_number(value)) {
		n = json_number_value(value);
	} else if (text && text[0] >= '0' && text[0] <= '9') {
		n = strtod(text, &end);
		if (*end)
			return false;
	} else {
		return false;
	}
	if (!isfinite(n) || n < 0 || n > 1e15)
		return false;
	*out = n;
	return true;
}

static const json_t *numbered(const json_t *object, const char *prefix, unsigned i)
{
	char name[NAME_MAX_BYTES];

	snprintf(name, sizeof name, "%s%u", prefix, i);
	return json_object_get(object, name);
}

static bool take_numbered(double *out, const json_t *object, const char *prefix, unsigned i)
{
	char name[NAME_MAX_BYTES];

	snprintf(name, sizeof name, "%s%u", prefix, i);
	return take_number(out, object, name);
}

/* --- pages --- */

int facts_system_info(struct link_identity *id, const char *text, size_t len)
{
	json_t *root = parse(text, len);
	const char *mac = json_string_value(json_object_get(root, "macaddr"));
	char parsed[MAC_TEXT_MAX + 1];

	if (!root)
		return -1;
	if (mac && mac_parse(parsed, mac, strlen(mac)) == 0)
		memcpy(id->mac, parsed, sizeof parsed);
	take_text(id->model, sizeof id->model, root, "minertype");
	take_text(id->hostname, sizeof id->hostname, root, "hostname");
	take_text(id->version, sizeof id->version, root, "system_filesystem_version");
	json_decref(root);
	return 0;
}

int facts_miner_type(struct link_identity *id, const char *text, size_t len)
{
	json_t *root = parse(text, len);

	if (!root)
		return -1;
	take_text(id->model, sizeof id->model, root, "miner_type");
	take_text(id->subtype, sizeof id->subtype, root, "subtype");
	if (!id->version[0])
		take_text(id->version, sizeof id->version, root, "fw_version");
	json_decref(root);
	return 0;
}

/* Boards with two sides: the image of the side that starts next waits when that is not the one that runs. */
static void take_pending(struct link_identity *id, const json_t *root)
{
	const char *running = json_string_value(json_object_get(root, "running"));
	const char *next = json_string_value(json_object_get(root, "side"));
	const json_t *side;
	size_t i;

	if (!running || !next)
		return;
	id->pending_known = true;
	for (i = 0; strcmp(running, next) != 0 && (side = json_array_get(json_object_get(root, "sides"), i)); i++) {
		const char *name = json_string_value(json_object_get(side, "side"));

		if (name && strcmp(name, next) == 0 && json_is_true(json_object_get(side, "installed")))
			take_text(id->pending, sizeof id->pending, side, "version");
	}
}

int facts_status(struct link_identity *id, const char *text, size_t len)
{
	json_t *root = parse(text, len);
	double uptime;
	int rc = -1;

	if (json_is_string(json_object_get(root, "verdict")) && json_is_boolean(json_object_get(root, "installed"))) {
		if (json_is_true(json_object_get(root, "installed")))
			take_text(id->version, sizeof id->version, root, "version");
		id->busy = json_is_true(json_object_get(root, "busy"));
		if (take_number(&uptime, root, "uptime"))
			id->uptime_s = (uint64_t)uptime;
		take_pending(id, root);
		rc = 0;
	}
	json_decref(root);
	return rc;
}

/* --- port 4028 --- */

/* The first object in the array NAME of ROOT, or NULL. */
static const json_t *first_of(const json_t *root, const char *name)
{
	return json_array_get(json_object_get(root, name), 0);
}

int facts_api_version(struct link_identity *id, const char *text, size_t len)
{
	json_t *root = parse(text, len);
	const json_t *version = first_of(root, "VERSION");
	int rc = json_is_object(version) ? 0 : -1;

	if (!id->model[0])
		take_text(id->model, sizeof id->model, version, "Type");
	if (!id->version[0])
		take_text(id->version, sizeof id->version, version, "CompileTime");
	json_decref(root);
	return rc;
}

/* The rate of the last seconds, in whichever unit the board gives it. */
static void take_rate(struct link_health *health, const json_t *object)
{
	static const struct {
		const char *name;
		double mhs; /* million hashes a second in one of the unit */
	} names[] = {{"GHS 5s", 1e3}, {"MHS 5s", 1}, {"rate_5s", 1e3}, {"GHS 30m", 1e3}, {"GHS av", 1e3}, {"MHS av", 1}};
	double n;

	for (size_t i = 0; i < sizeof names / sizeof *names && !health->hashrate_mhs; i++)
		if (take_number(&n, object, names[i].name))
			health->hashrate_mhs = (uint64_t)(n * names[i].mhs);
}

static void take_uptime(struct link_health *health, const json_t *object)
{
	double n;

	if (take_number(&n, object, "Elapsed"))
		health->uptime_s = (uint64_t)n;
}

int facts_api_summary(struct link_health *health, const char *text, size_t len)
{
	json_t *root = parse(text, len);
	const json_t *summary = first_of(root, "SUMMARY");
	int rc = json_is_object(summary) ? 0 : -1;

	take_rate(health, summary);
	take_uptime(health, summary);
	json_decref(root);
	return rc;
}

/* A sensor says one number, or several in a text ("62-58-71-70"). Raises *MAX to the hottest; 0 is "no sensor". */
static void take_heat(uint32_t *max, const json_t *value)
{
	const char *text = json_string_value(value);
	double n = json_number_value(value);
	char *end;

	if (n > *max && n < 1000)
		*max = (uint32_t)n;
	for (; text && *text; text = *end ? end + 1 : end) {
		unsigned long part = strtoul(text, &end, 10);

		if (end == text)
			return;
		if (part > *max && part < 1000)
			*max = (uint32_t)part;
	}
}

static void take_stats(struct link_health *health, const json_t *stats)
{
	static const char *const heats[] = {"temp", "temp2_", "temp3_", "temp_chip", "temp_pcb"};
	uint32_t fans = 0, chains = 0;
	double n;

	for (unsigned i = 0; i <= NUMBERED_MAX; i++) {
		fans += take_numbered(&n, stats, "fan", i) && n > 0;
		if (take_numbered(&n, stats, "chain_acn", i) && n > 0) {
			/* one whose chips are there and that does not hash does not work */
			if (!numbered(stats, "chain_rate", i) || (take_numbered(&n, stats, "chain_rate", i) && n > 0))
				chains++;
		}
		for (size_t k = 0; k < sizeof heats / sizeof *heats; k++)
			take_heat(&health->temp_c, numbered(stats, heats[k], i));
	}
	health->fans = fans;
	health->chains = chains;
	take_heat(&health->temp_c, json_object_get(stats, "temp_max"));
	take_rate(health, stats);
	take_uptime(health, stats);
}

/* The newer form (stats.cgi of the 19 series and later): a list of fans and one of chains. */
static void take_lists(struct link_health *health, const json_t *stats)
{
	const json_t *fans = json_object_get(stats, "fan"), *chains = json_object_get(stats, "chain"), *item;
	double n;
	size_t i, k;

	if (json_is_array(fans)) {
		health->fans = 0;
		for (i = 0; (item = json_array_get(fans, i)); i++)
			health->fans += json_number_value(item) > 0;
	}
	if (!json_is_array(chains))
		return;
	health->chains = 0;
	for (i = 0; (item = json_array_get(chains, i)); i++) {
		static const char *const heats[] = {"temp_chip", "temp_pcb", "temp_pic"};

		health->chains += take_number(&n, item, "rate_real") && n > 0;
		for (k = 0; k < sizeof heats / sizeof *heats; k++) {
			const json_t *heat, *list = json_object_get(item, heats[k]);
			size_t m;

			for (m = 0; (heat = json_array_get(list, m)); m++)
				take_heat(&health->temp_c, heat);
		}
	}
}

int facts_api_stats(struct link_health *health, const char *text, size_t len)
{
	json_t *root = parse(text, len);
	const json_t *list = json_object_get(root, "STATS"), *stats;
	size_t i;
	int rc = -1;

	for (i = 0; (stats = json_array_get(list, i)); i++) {
		/* the object with figures, not the one that only names the program */
		if (json_object_get(stats, "Elapsed") || json_object_get(stats, "elapsed") ||
		    json_object_get(stats, "fan_num")) {
			take_stats(health, stats);
			take_lists(health, stats);
			rc = 0;
			break;
		}
	}
	json_decref(root);
	return rc;
}

/* "URL USER\n" for each object of LIST that names a pool. Returns 0, or -1 when that is no array. */
static int put_pools(char out[static FACTS_POOLS_MAX], const json_t *list, const char *url_name, const char *user_name)
{
	const json_t *pool;
	size_t i, n = 0;

	if (!json_is_array(list))
		return -1;
	out[0] = '\0';
	for (i = 0; (pool = json_array_get(list, i)); i++) {
		char url[160] = "", user[160] = "";
		int more;

		take_text(url, sizeof url, pool, url_name);
		take_text(user, sizeof user, pool, user_name);
		if (!url[0])
			continue; /* a place for a pool, and none in it */
		more = snprintf(out + n, FACTS_POOLS_MAX - n, "%s %s\n", url, user);
		if (more < 0 || (size_t)more >= FACTS_POOLS_MAX - n) {
			out[n] = '\0';
			break;
		}
		n += (size_t)more;
	}
	return 0;
}

int facts_api_pools(char out[static FACTS_POOLS_MAX], const char *text, size_t len)
{
	json_t *root = parse(text, len);
	int rc = put_pools(out, json_object_get(root, "POOLS"), "URL", "User");

	json_decref(root);
	return rc;
}

int facts_token_info(struct link_identity *id, const char *text, size_t len)
{
	json_t *root = parse(text, len);
	const json_t *network = json_object_get(json_object_get(root, "system"), "network_status");
	const char *mac = json_string_value(json_object_get(network, "mac"));
	char parsed[MAC_TEXT_MAX + 1];

	if (!root)
		return -1;
	if (mac && mac_parse(parsed, mac, strlen(mac)) == 0)
		memcpy(id->mac, parsed, sizeof parsed);
	if (network)
		take_text(id->hostname, sizeof id->hostname, network, "hostname");
	take_text(id->model, sizeof id->model, root, "miner");
	take_text(id->version, sizeof id->version, root, "fw_version");
	json_decref(root);
	return 0;
}

int facts_conf_pools(char out[static FACTS_POOLS_MAX], const char *text, size_t len)
{
	json_t *root = parse(text, len);
	int rc = put_pools(out, json_object_get(root, "pools"), "url", "user");

	json_decref(root);
	return rc;
}

int facts_board(char id[static TEXT_NAME_MAX + 1], uint64_t *revision, const char *text, size_t len)
{
	json_t *root = parse(text, len);
	const char *board = json_string_value(json_object_get(root, "board"));
	const json_t *number = json_object_get(root, "revision");
	int rc = -1;

	if (board && text_is_name((struct span){board, strlen(board)}) && json_is_integer(number) && json_integer_value(number) >= 0) {
		memcpy(id, board, strlen(board) + 1);
		*revision = (uint64_t)json_integer_value(number);
		rc = 0;
	}
	json_decref(root);
	return rc;
}
