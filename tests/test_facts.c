/* SPDX-License-Identifier: ISC */
/* What boards say of themselves, as they really write it, and as they should not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flasher/facts.h"

static struct link_identity id;
static struct link_health health;

static int begin(void **state)
{
	(void)state;
	id = (struct link_identity){.uptime_s = 0};
	health = (struct link_health){.http = false};
	return 0;
}

static void a_status_page_names_the_board(void **state)
{
	static const char page[] = "{\"minertype\":\"Antminer S19 Pro\",\"nettype\":\"DHCP\",\"macaddr\":\"02:AA:BB:00:00:01\","
				   "\"hostname\":\"miner\\u001b[2J\",\"system_filesystem_version\":\"FR-1.12\"}\n";

	(void)state;
	assert_int_equal(facts_system_info(&id, page, sizeof page - 1), 0);
	assert_string_equal(id.mac, "02:aa:bb:00:00:01");
	assert_string_equal(id.model, "Antminer S19 Pro");
	assert_string_equal(id.version, "FR-1.12");
	assert_string_equal(id.hostname, "miner\\x1b[2J");
}

static void a_mac_that_is_none_is_not_known(void **state)
{
	static const char *const pages[] = {"{\"macaddr\":\"ff:ff:ff:ff:ff:ff\"}", "{\"macaddr\":\"00:00:00:00:00:00\"}",
					    "{\"macaddr\":17}", "{\"macaddr\":\"02:aa\"}", "{}"};

	(void)state;
	for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
		assert_int_equal(facts_system_info(&id, pages[i], strlen(pages[i])), 0);
		assert_string_equal(id.mac, "");
	}
}

static void what_is_no_object_says_nothing(void **state)
{
	static const char *const bad[] = {"", "[]", "{", "{\"a\":1", "null", "<html></html>", "{\"macaddr\":\"a\",\"macaddr\":\"b\"}",
					  "{} trailing"};
	char pools[FACTS_POOLS_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		size_t n = strlen(bad[i]);

		assert_int_equal(facts_system_info(&id, bad[i], n), -1);
		assert_int_equal(facts_miner_type(&id, bad[i], n), -1);
		assert_int_equal(facts_status(&id, bad[i], n), -1);
		assert_int_equal(facts_api_version(&id, bad[i], n), -1);
		assert_int_equal(facts_api_summary(&health, bad[i], n), -1);
		assert_int_equal(facts_api_stats(&health, bad[i], n), -1);
		assert_int_equal(facts_api_pools(pools, bad[i], n), -1);
	}
}

static void the_control_board_is_in_the_subtype(void **state)
{
	static const char page[] = "{\"miner_type\":\"Antminer S19j Pro\",\"subtype\":\"AMLCtrl_BHB42601\",\"fw_version\":\"V1\"}";

	(void)state;
	assert_int_equal(facts_miner_type(&id, page, sizeof page - 1), 0);
	assert_string_equal(id.subtype, "AMLCtrl_BHB42601");
	assert_string_equal(id.version, "V1");
}

static void firmverify_has_the_last_word_on_the_version(void **state)
{
	static const char page[] = "{\"verdict\":\"ok\",\"status\":0,\"installed\":true,\"version\":\"2026.11.0\",\"busy\":true}",
			  none[] = "{\"verdict\":\"ok\",\"status\":0,\"installed\":false,\"busy\":false}", other[] = "{\"ok\":1}";

	(void)state;
	strcpy(id.version, "old");
	assert_int_equal(facts_status(&id, other, sizeof other - 1), -1);
	assert_int_equal(facts_status(&id, none, sizeof none - 1), 0);
	assert_string_equal(id.version, "old");
	assert_int_equal(facts_status(&id, page, sizeof page - 1), 0);
	assert_string_equal(id.version, "2026.11.0");
	assert_true(id.busy);
	assert_int_equal(id.uptime_s, 0);
	assert_false(id.pending_known);
}

static void what_waits_for_the_next_boot(void **state)
{
	static const struct {
		const char *running, *side, *a, *b, *pending;
		bool known;
	} rows[] = {
		{"\"a\"", "\"b\"", "true", "true", "2.0", true},  {"\"b\"", "\"a\"", "true", "true", "1.0", true},
		{"\"a\"", "\"a\"", "true", "true", "", true},     {"\"a\"", "\"b\"", "true", "false", "", true},
		{"\"a\"", "\"c\"", "true", "true", "", true},     {"\"a\"", "7", "true", "true", "", false},
		{"null", "\"b\"", "true", "true", "", false},
	};
	char page[512];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int n = snprintf(page, sizeof page,
				 "{\"verdict\":\"ok\",\"installed\":true,\"version\":\"1.0\",\"busy\":false,\"uptime\":77,"
				 "\"running\":%s,\"side\":%s,\"sides\":[{\"side\":\"a\",\"installed\":%s,\"version\":\"1.0\"},"
				 "{\"side\":\"b\",\"installed\":%s,\"version\":\"2.0\"}]}",
				 rows[i].running, rows[i].side, rows[i].a, rows[i].b);

		id = (struct link_identity){.uptime_s = 0};
		assert_int_equal(facts_status(&id, page, (size_t)n), 0);
		assert_int_equal(id.uptime_s, 77);
		assert_int_equal(id.pending_known, rows[i].known);
		assert_string_equal(id.pending, rows[i].pending);
	}
}

static void port_4028_gives_figures(void **state)
{
	static const char summary[] = "{\"STATUS\":[{\"STATUS\":\"S\"}],\"SUMMARY\":[{\"Elapsed\":700,\"GHS 5s\":\"13674.52\","
				      "\"GHS av\":13600.1}],\"id\":1}\0";
	/* as bmminer writes it: no comma between the two objects */
	static const char stats[] = "{\"STATUS\":[{\"STATUS\":\"S\"}],\"STATS\":[{\"BMMiner\":\"2.0.0\",\"Type\":\"Antminer S9 }{\"}"
				    "{\"STATS\":0,\"Elapsed\":700,\"fan_num\":2,\"fan1\":0,\"fan3\":5880,\"fan6\":4560,"
				    "\"temp6\":62,\"temp2_6\":77,\"temp2_7\":79,\"temp_chip1\":\"60-61-83-80\","
				    "\"chain_acn6\":63,\"chain_acn7\":63,\"chain_acn8\":0,"
				    "\"chain_rate6\":\"4555.1\",\"chain_rate7\":\"\"}],\"id\":1}\0";

	(void)state;
	assert_int_equal(facts_api_summary(&health, summary, sizeof summary - 1), 0);
	assert_int_equal(health.hashrate_mhs, 13674520);
	assert_int_equal(health.uptime_s, 700);
	assert_int_equal(facts_api_stats(&health, stats, sizeof stats - 1), 0);
	assert_int_equal(health.fans, 2);
	assert_int_equal(health.chains, 1); /* chain 7 has its chips and does not hash */
	assert_int_equal(health.temp_c, 83);
}

static void the_newer_lists_count_too(void **state)
{
	static const char stats[] = "{\"STATS\":[{\"elapsed\":5,\"rate_5s\":95000.5,\"fan\":[5000,0,5100,4900],\"chain\":["
				    "{\"rate_real\":31000,\"temp_pcb\":[50,51],\"temp_chip\":[70,71]},{\"rate_real\":0}]}]}";

	(void)state;
	assert_int_equal(facts_api_stats(&health, stats, sizeof stats - 1), 0);
	assert_int_equal(health.fans, 3);
	assert_int_equal(health.chains, 1);
	assert_int_equal(health.temp_c, 71);
	assert_int_equal(health.hashrate_mhs, 95000500);
}

static void absurd_figures_are_not_known(void **state)
{
	static const char summary[] = "{\"SUMMARY\":[{\"Elapsed\":-4,\"GHS 5s\":1e300,\"MHS av\":\"nan\"}]}",
			  stats[] = "{\"STATS\":[{\"Elapsed\":1,\"temp1\":99999,\"temp2\":-5,\"fan1\":\"12x\"}]}";

	(void)state;
	assert_int_equal(facts_api_summary(&health, summary, sizeof summary - 1), 0);
	assert_int_equal(health.hashrate_mhs, 0);
	assert_int_equal(health.uptime_s, 0);
	assert_int_equal(facts_api_stats(&health, stats, sizeof stats - 1), 0);
	assert_int_equal(health.temp_c, 0);
	assert_int_equal(health.fans, 0);
}

static void pools_are_listed_in_order(void **state)
{
	static const char answer[] = "{\"POOLS\":[{\"URL\":\"stratum+tcp://a:1\",\"User\":\"u\"},{\"URL\":\"\"},"
				     "{\"URL\":\"b\\n\",\"User\":\"v\"}]}";
	char pools[FACTS_POOLS_MAX];

	(void)state;
	assert_int_equal(facts_api_pools(pools, answer, sizeof answer - 1), 0);
	assert_string_equal(pools, "stratum+tcp://a:1 u\nb\\x0a v\n");
}

static void what_is_known_already_stays(void **state)
{
	static const char answer[] = "{\"VERSION\":[{\"Type\":\"Antminer S9\",\"CompileTime\":\"Fri Nov 17\"}]}";

	(void)state;
	strcpy(id.version, "better");
	assert_int_equal(facts_api_version(&id, answer, sizeof answer - 1), 0);
	assert_string_equal(id.version, "better");
	assert_string_equal(id.model, "Antminer S9");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_status_page_names_the_board, begin),
		cmocka_unit_test_setup(a_mac_that_is_none_is_not_known, begin),
		cmocka_unit_test_setup(what_is_no_object_says_nothing, begin),
		cmocka_unit_test_setup(the_control_board_is_in_the_subtype, begin),
		cmocka_unit_test_setup(firmverify_has_the_last_word_on_the_version, begin),
		cmocka_unit_test_setup(what_waits_for_the_next_boot, begin),
		cmocka_unit_test_setup(port_4028_gives_figures, begin),
		cmocka_unit_test_setup(the_newer_lists_count_too, begin),
		cmocka_unit_test_setup(absurd_figures_are_not_known, begin),
		cmocka_unit_test_setup(pools_are_listed_in_order, begin),
		cmocka_unit_test_setup(what_is_known_already_stays, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
